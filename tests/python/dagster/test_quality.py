"""Each rule of the checks, seen to fail, and what a failure stops."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dagster import AssetCheckSeverity
from harness import WORKBENCH, Built, Warehouse, checks_of, warehouse_in
from oracle import LandedRow
from stories import account_row, at, of_account, sent

from orchestration.dbt.assets import MANIFEST
from outreach.landing.profiling import profiled
from outreach.quality.expectations import Verdict, keep_newest, validate
from outreach.quality.rules import MART_SUITES, Limits, Rule, landing_suites
from outreach.settings import Settings

ERROR, WARN = AssetCheckSeverity.ERROR, AssetCheckSeverity.WARN


@pytest.fixture(scope="module")
def built(sample: Built) -> Warehouse:
    """The sample's warehouse. Its last landing day is the one before those of the deliveries below."""
    return sample.warehouse


def copy_of(built: Warehouse, folder: Path) -> Warehouse:
    """A test's own copy of a warehouse and landing zone. Files keep their age."""
    shutil.copytree(built.landing.path, folder / "landing")
    shutil.copyfile(built.path, folder / "warehouse.duckdb")
    return warehouse_in(folder)


def messages(count: int, landed_on: str = "11-20", **values: object) -> list[LandedRow]:
    return [sent(f"m{landed_on}{n}", "11-18 10:00", landed_on=landed_on, **values) for n in range(count)]


def broken_lines(count: int) -> str:
    return '{"event_id": "e\n' * count


# A zipped file that ends early.
CUT_OFF = gzip.compress(b"{}\n" * 99)[:-9]

# Deliveries on the day after the first one: rows, further text, and the checks that fail, with their severity. Each limit is approached
# from both sides.
DELIVERIES = {
    "clean": (messages(40, "11-21"), "", {}),
    "one reject of 40 is a warning": (messages(39, "11-21") + messages(1, "11-21", contact=None), "", {"rejects_are_few": WARN}),
    "19 rejects of 40 are too few to stop anything": (
        messages(21, "11-21") + messages(19, "11-21", contact=" "), "", {"rejects_are_few": WARN},
    ),
    "20 rejects of 100 are 20 %": (messages(80, "11-21") + messages(20, "11-21", contact=""), "", {"rejects_are_few": WARN}),
    "21 rejects of 101 are more": (messages(80, "11-21") + messages(21, "11-21", contact=""), "", {"rejects_are_few": ERROR}),
    "unknown accounts are rejects": (messages(30, "11-21", account_id="nobody"), "", {"rejects_are_few": ERROR}),
    "types that nobody knows are rejects": (messages(30, "11-21", event_type="opened"), "", {"rejects_are_few": ERROR}),
    "times that are none are rejects": (messages(30, "11-21", occurred_at="yesterday"), "", {"rejects_are_few": ERROR}),
    "one broken line of 41 is a warning": (messages(40, "11-21"), broken_lines(1), {"broken_lines_are_few": WARN}),
    "25 broken lines of 65": (messages(40, "11-21"), broken_lines(25), {"broken_lines_are_few": ERROR}),
    "a file without contact_id": (
        [LandedRow("message_events", date(2026, 11, 21), {"event_id": "e", "message_id": "m", "event_type": "sent"})], "",
        {"required_columns_are_there": ERROR, "rejects_are_few": WARN},
    ),
    "one new file of two is cut off": (messages(1, "11-21"), CUT_OFF, {"new_files_can_be_read": WARN}),
    "all new files are cut off": ([], CUT_OFF, {"new_files_can_be_read": ERROR}),
    "an event of the day after is within the clocks' day": (messages(1, "11-21", occurred_at=at("11-22 23:59")), "", {}),
    "one event of later is a warning": (messages(1, "11-21", occurred_at=at("11-23 00:00")), "", {"events_are_not_in_the_future": WARN}),
    "30 events of later": (messages(30, "11-21", occurred_at=at("11-23 00:00")), "", {"events_are_not_in_the_future": ERROR}),
    "one event of three years before is a warning": (
        messages(1, "11-21", occurred_at="2023-11-01T00:00:00Z"), "", {"events_are_not_too_old": WARN},
    ),
    "30 events of three years before": (messages(30, "11-21", occurred_at="2023-11-01T00:00:00Z"), "", {"events_are_not_too_old": ERROR}),
}  # fmt: skip


def delivered(built: Warehouse, folder: Path, delivery: str) -> Warehouse:
    """A copy with a delivery."""
    rows, text, _ = DELIVERIES[delivery]
    warehouse = copy_of(built, folder)
    warehouse.landing.deliver(of_account("acc_1", *rows))
    folder = warehouse.landing.path / "message_events/ingest_date=2026-11-21"
    folder.mkdir(exist_ok=True)
    if isinstance(text, bytes):
        (folder / "cut off.jsonl.gz").write_bytes(text)
    elif text:
        (folder / "text.jsonl").write_text(text)
    return warehouse


def verdicts_on_messages(zones: Mapping[object, Warehouse], folder: Path) -> dict[object, dict[str, Verdict]]:
    """The landing rules' verdicts on each landing zone's messages. Judged in one go, since Great Expectations starts slowly."""
    rules = landing_suites(Limits())["message_events"]
    file = folder / "profiles.duckdb"
    with duckdb.connect(str(file)) as db:
        for n, warehouse in enumerate(zones.values()):
            with profiled(Settings(str(warehouse.landing.path), "jsonl", warehouse.path, warehouse.published, folder, folder)) as found:
                db.execute(f"attach '{found.database}' as profile (read_only)")
                db.execute(f"create table zone_{n} as from profile.main.message_events; detach profile")
    verdicts = validate(file, "main", {f"zone_{n}": rules for n in range(len(zones))}, folder / "docs", "run", title="landing")
    return {zone: {rule.name: verdicts[f"zone_{n}", rule.name] for rule in rules} for n, zone in enumerate(zones)}


@pytest.fixture(scope="module")
def judged(built: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[object, dict[str, Verdict]]:
    """The verdicts on each delivery."""
    zones = {delivery: delivered(built, tmp_path_factory.mktemp("delivered"), delivery) for delivery in DELIVERIES}
    return verdicts_on_messages(zones, tmp_path_factory.mktemp("judged"))


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_delivery_is_an_error_or_a_warning_of_its_check(judged: dict[object, dict[str, Verdict]], delivery: str) -> None:
    failed = {name: verdict for name, verdict in judged[delivery].items() if not verdict.holds}
    for name in ("landing_is_fresh", "volume_is_as_usual"):
        # These depend on today and on the day before.
        failed.pop(name, None)
    assert {name: WARN if verdict.is_warning else ERROR for name, verdict in failed.items()} == DELIVERIES[delivery][2]
    assert all(verdict.rule.blocking for verdict in failed.values())


@pytest.mark.parametrize("delivery", ["one reject of 40 is a warning", "30 events of later"])
def test_an_error_of_a_landing_check_stops_the_run_before_anything_is_built_and_a_warning_does_not(
    built: Warehouse, tmp_path: Path, delivery: str
) -> None:
    warehouse = delivered(built, tmp_path, delivery)
    warehouse.published.write_bytes(b"the last good one")
    expected = DELIVERIES[delivery][2]
    blocked = ERROR in expected.values()
    run = warehouse.run("build", **({} if blocked else {"op_selection": ["landing_checks"]}))
    found = {name: check.severity for (stream, name), check in checks_of(run).items() if stream == "message_events" and not check.passed}
    assert found.items() >= expected.items()
    assert run.success is not blocked
    if blocked:
        assert [event.step_key for event in run.all_events if event.event_type_value == "STEP_START"] == ["landing_checks"]
        assert warehouse.published.read_bytes() == b"the last good one"
        assert warehouse.path.read_bytes() == built.path.read_bytes()


def test_a_failing_check_says_what_was_expected_and_what_was_found(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    statuses = [*messages(10, "11-21", event_type="sending"), *messages(9, "11-21", event_type="failed")]
    warehouse.landing.deliver(of_account("acc_1", LandedRow("labels", date(2026, 11, 21), {"label_name": "x"}), *statuses))
    checks = checks_of(warehouse.run("build", op_selection=["landing_checks"]))
    file = "labels/ingest_date=2026-11-21/part 1's [file].jsonl"
    assert checks["labels", "required_columns_are_there"].description == f"New files lack no required column: found {file} lacks label_id"
    rejects = "Share of rows that will be rejected, at most 1%: found 100.0%. missing_label_id 1"
    assert checks["labels", "rejects_are_few"].description == rejects
    # A provider's statuses, where event types are expected.
    types = "Of event_type: sending 10 (here: not sent yet: no event); failed 9 (here: undelivered)"
    assert types in checks["message_events", "rejects_are_few"].description


def test_a_landing_zone_that_has_lost_most_of_a_stream_stops_a_full_refresh_too(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    # The share is mounted, but the folder is empty.
    shutil.rmtree(warehouse.landing.path / "message_events")
    (warehouse.landing.path / "message_events").mkdir()
    run = warehouse.run("full_refresh")
    assert [event.step_key for event in run.all_events if event.event_type_value == "STEP_START"] == ["landing_checks"]
    (lost,) = (check for (_, name), check in checks_of(run).items() if name == "nothing_is_lost" and not check.passed)
    assert lost.asset_key.path[-1] == "message_events" and lost.severity == ERROR
    assert "found 0.0%. Gone (" in lost.description and "--limit least_left=0" in lost.description
    assert warehouse.path.read_bytes() == built.path.read_bytes()
    meant = {"ops": {"landing_checks": {"config": {"least_left": 0.0, "full_refresh": True}}}}
    assert warehouse.run("build", op_selection=["landing_checks"], run_config=meant).success


def test_limits_can_be_set_for_one_run(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    warehouse.landing.deliver(of_account("acc_1", *messages(30, "11-21", event_type="opened")))
    limits = {"ops": {"landing_checks": {"config": {"block_share": 1.0}}}}
    run = warehouse.run("build", op_selection=["landing_checks"], run_config=limits)
    assert run.success and checks_of(run)["message_events", "rejects_are_few"].severity == WARN


# Messages on a day, after 10, 20, 30 and 20 on the same weekday of the previous four weeks, and whether that is as usual.
VOLUMES = {7: False, 8: True, 20: True, 50: True, 51: False}


def test_the_newest_closed_day_is_compared_with_the_same_weekday_of_four_weeks(tmp_path: Path) -> None:
    zones: dict[object, Warehouse] = {}
    for rows in VOLUMES:
        zones[rows] = warehouse_in(tmp_path / f"{rows}")
        usual = {"10-13": 10, "10-20": 20, "10-27": 30, "11-03": 20, "11-09": 999}
        zones[rows].landing.deliver(of_account("a", account_row()))
        for day, count in (usual | {"11-10": rows, "11-11": 1}).items():
            zones[rows].landing.deliver(of_account("a", *messages(count, day)))
    verdicts = {rows: found["volume_is_as_usual"] for rows, found in verdicts_on_messages(zones, tmp_path).items()}
    assert {rows: verdict.holds for rows, verdict in verdicts.items()} == VOLUMES
    assert all(verdict.is_warning for verdict in verdicts.values() if not verdict.holds)


def test_the_first_delivery_of_a_stream_may_be_years_of_history(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    warehouse.landing.deliver(of_account("a", account_row(), *messages(50, occurred_at="2021-03-01T00:00:00Z")))
    verdict = verdicts_on_messages({"first": warehouse}, tmp_path)["first"]["events_are_not_too_old"]
    assert not verdict.holds and verdict.is_warning


# Hours since the newest file, and whether the landing zone is fresh.
AGES = {25: True, 27: False}


def test_a_landing_zone_without_a_new_file_for_26_hours_is_stale(tmp_path: Path) -> None:
    zones: dict[object, Warehouse] = {}
    for hours in AGES:
        zones[hours] = warehouse_in(tmp_path / f"{hours}")
        zones[hours].landing.deliver(of_account("a", account_row(), *messages(1)))
        for file in zones[hours].landing.path.rglob("*.jsonl"):
            os.utime(file, (time.time() - hours * 3600,) * 2)
    verdicts = {hours: found["landing_is_fresh"] for hours, found in verdicts_on_messages(zones, tmp_path).items()}
    assert {hours: verdict.holds for hours, verdict in verdicts.items()} == AGES
    assert all(verdict.is_warning for verdict in verdicts.values() if not verdict.holds)


def test_files_that_cannot_be_read_are_named_and_stop_nothing(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    folder = warehouse.landing.path / "message_events/ingest_date=2026-11-21"
    folder.mkdir()
    (folder / "corrupt.jsonl.gz").write_bytes(b"no gzip")
    (folder / "folder.jsonl").mkdir()
    for number in range(2):
        row = {"event_id": f"e{number}", "account_id": "acc_1", "contact_id": "p", "message_id": "m", "event_type": "sent"}
        (folder / f"good {number}.jsonl").write_text(json.dumps(row | {"occurred_at": "2026-11-20"}) + "\n")
    run = warehouse.run("build", op_selection=["landing_checks"])
    observed = [e for e in run.all_events if e.event_type_value == "ASSET_OBSERVATION" and e.asset_key.path[-1] == "message_events"]
    named = observed[0].event_specific_data.asset_observation.metadata["unreadable files"].value
    assert [problem.split(" ")[0].split("/")[-1] for problem in named] == ["corrupt.jsonl.gz", "folder.jsonl"]
    assert run.success


# The rules on marts.


@pytest.fixture
def marts(built: Warehouse, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A copy of the sample's warehouse with every mart as a table, so that tests can spoil it."""
    file = tmp_path / "spoiled.duckdb"
    shutil.copyfile(built.path, file)
    with duckdb.connect(str(file)) as db:
        views = db.execute("select view_name from duckdb_views() where schema_name = 'marts'").fetchall()
        for (view,) in views:
            if view in MART_SUITES:
                db.execute(f"create table marts.spoiled as from marts.{view}; drop view marts.{view}")
                db.execute(f"alter table marts.spoiled rename to {view}")
        yield db


def test_all_rules_hold_on_the_sample(built: Warehouse, tmp_path: Path) -> None:
    verdicts = validate(built.path, "marts", MART_SUITES, tmp_path / "docs", "run", title="marts")
    assert {key: verdict.failed for key, verdict in verdicts.items() if not verdict.holds} == {}
    assert len(verdicts) == sum(map(len, MART_SUITES.values()))


def columns_of(rule: Rule) -> list[str]:
    """The first column that the description of each expectation names."""
    return [expectation.description.split()[0] for expectation in rule.expectations]


# For each rule, the statements that spoil one row per expectation.
SPOILED = {
    "rows_are_accounted_for": lambda table, rule: [f"update {table} set landed_rows = landed_rows + 1"],
    "parts_of_a_whole_are_between_0_and_1": lambda table, rule: [
        f"update {table} set {column} = {1.001 if n else -0.001} where rowid = {n}" for n, column in enumerate(columns_of(rule))
    ],
    "nothing_is_negative": lambda table, rule: [f"update {table} set {column} = -1 where rowid = 0" for column in columns_of(rule)],
    "parts_are_no_more_than_their_whole": lambda table, rule: [
        f"update {table} set {part} = {whole} + 1 where rowid = {n}"
        for n, (part, whole) in enumerate(e.description.split(" ≤ ") for e in rule.expectations)
    ],
    "agrees_with_its_facts": lambda table, rule: [f"delete from {table} where rowid = 0"],
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_mart_breaks_its_rule(marts: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    suites = {table: [rule for rule in rules if rule.name == name] for table, rules in MART_SUITES.items()}
    suites = {table: rules for table, rules in suites.items() if rules}
    for table, (rule,) in suites.items():
        for statement in SPOILED[name](f"marts.{table}", rule):
            marts.execute(statement)
    marts.close()
    verdicts = validate(tmp_path / "spoiled.duckdb", "marts", suites, tmp_path / "docs", "run", title="marts")
    for (table, _), verdict in verdicts.items():
        assert len(verdict.failed) == len(verdict.rule.expectations), table
        assert not verdict.is_warning and verdict.rule.blocking and verdict.unexpected_rows > 0


def column_tests() -> dict[str, dict]:
    """dbt's test of each model's columns, by name."""
    tests = [node for node in MANIFEST["nodes"].values() if node.get("test_metadata", {}).get("name") == "columns_hold"]
    return {test["name"]: test for test in tests}


def spoiled_columns(relation: str, test: dict) -> Iterator[tuple[str, str]]:
    """Each rule of a test on columns, as its rows name it, and a statement that breaks it."""
    asked = test["test_metadata"]["kwargs"]
    spoil = f"update {relation} set {{}} where rowid = (select min(rowid) from {relation})"
    for column in asked.get("required", []):
        yield f"{column} is never null", spoil.format(f"{column} = null")
    for column, values in asked.get("values", {}).items():
        yield f"{column} is one of {', '.join(values)}", spoil.format(f"{column} = 'another'")
    for parent in asked.get("parents", []):
        model = re.fullmatch(r"ref\('(\w+)'\)", parent["parent"])[1]
        yield f"{parent['columns'][-1]} is in {model}", spoil.format(", ".join(f"{column} = 'nobody'" for column in parent["columns"]))
    if key := asked.get("key"):
        yield f"one row per {', '.join(key)}", f"insert into {relation} from {relation} limit 1"


def test_every_rule_on_the_columns_of_a_model_is_seen_to_fail(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    warehouse.dbt("compile", "--select", "test_type:generic")
    seen = 0
    with duckdb.connect(str(warehouse.path)) as db:
        for name, test in column_tests().items():
            node = MANIFEST["nodes"][test["attached_node"]]
            relation = f"{node['schema']}.{node['name']}"
            (query,) = (path.read_text() for path in (WORKBENCH / "target/compiled").rglob(f"{name}.sql"))
            # As a table of the same name, so that it can be spoiled.
            db.execute(f"begin; create table spoiled as from {relation}; drop {kind_of(db, relation)} {relation}")
            db.execute(f"create table {relation} as from spoiled")
            db.execute(f"insert into {relation} select null from range(2) where (select count(*) from spoiled) = 0".replace(
                "select null", f"select {', '.join(['null'] * len(db.execute(f'describe {relation}').fetchall()))}"
            ))  # fmt: skip
            before = {rule for rule, *_ in db.execute(query).fetchall()}
            for rule, statement in spoiled_columns(relation, test):
                db.execute("create or replace temp table kept as from " + relation)
                db.execute(statement)
                broken = {found: count for found, count, _ in db.execute(query).fetchall()}
                assert broken.get(rule, 0) > 0, (name, rule)
                assert broken.keys() >= before, (name, rule)
                db.execute(f"delete from {relation}; insert into {relation} from kept")
                seen += 1
            db.execute("rollback")
    assert seen > 180


def kind_of(db: duckdb.DuckDBPyConnection, relation: str) -> str:
    schema, name = relation.split(".")
    (views,) = db.execute("select count(*) from duckdb_views() where schema_name = $1 and view_name = $2", [schema, name]).fetchone()
    return "view" if views else "table"


def test_every_rule_on_marts_was_seen_to_fail() -> None:
    assert {rule.name for rules in MART_SUITES.values() for rule in rules} == SPOILED.keys()


@pytest.mark.parametrize("table", [table for table, rules in MART_SUITES.items() if any(r.name == "agrees_with_its_facts" for r in rules)])
def test_every_measure_of_a_table_by_day_is_compared_with_its_facts(marts: duckdb.DuckDBPyConnection, table: str) -> None:
    (rule,) = [rule for rule in MART_SUITES[table] if rule.name == "agrees_with_its_facts"]
    query = rule.expectations[0].query.format(batch=f"marts.{table}")
    measures = rule.description.split(":")[0].split(", ")
    for measure in measures:
        marts.execute("begin")
        marts.execute(f"update marts.{table} set {measure} = coalesce({measure}, 0) + 1 where rowid = 0")
        assert len(marts.execute(query).fetchall()) == 1, measure
        marts.execute("rollback")
    assert marts.execute(query).fetchall() == []


def test_a_spoiled_mart_is_not_published(built: Warehouse, tmp_path: Path) -> None:
    warehouse = copy_of(built, tmp_path)
    warehouse.published.write_bytes(b"the last good one")
    with duckdb.connect(str(warehouse.path)) as db:
        db.execute("insert into marts.fct_attributed_events from marts.fct_attributed_events where activity = 'reply' limit 1")
    run = warehouse.run("build", op_selection=["mart_checks", "published_file"])
    failed = {key: check for key, check in checks_of(run).items() if not check.passed and check.severity == AssetCheckSeverity.ERROR}
    assert failed.keys() == {("messaging_kpis_daily", "agrees_with_its_facts")}
    found = failed["messaging_kpis_daily", "agrees_with_its_facts"].description
    assert found.startswith("No key differs from its facts: 1 row does not, such as account_id acc_")
    assert [event.step_key for event in run.all_events if event.event_type_value == "STEP_START"] == ["mart_checks"]
    assert warehouse.published.read_bytes() == b"the last good one"


def test_a_rule_that_cannot_be_evaluated_is_an_error_and_no_verdict(built: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="nowhere"):
        validate(built.path, "marts", {"nowhere": MART_SUITES["fct_calls"]}, tmp_path / "docs", "run", title="marts")


def test_pages_of_the_newest_runs_are_kept(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"run{n}").mkdir()
        os.utime(tmp_path / f"run{n}", (n, n))
    keep_newest(tmp_path, 2)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["run3", "run4"]
