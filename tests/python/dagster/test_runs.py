"""Whole runs in this process: what they record, what they publish, and what stops them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from queue import Queue

import duckdb
import pandas as pd
import pytest
import sqlalchemy
from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    EventLogEntry,
    ExecuteInProcessResult,
    RunRequest,
    SkipReason,
    build_sensor_context,
)  # fmt: skip
from dbt_common.exceptions import DbtRuntimeError
from harness import Built, Warehouse, ask, checks_of, copied_to, differing_rows, filters_of, of_sample, warehouse_in
from stories import account_row, at, of_account, row, sent

from orchestration import steps
from orchestration.dbt.assets import MANIFEST
from orchestration.definitions import defs
from orchestration.instance import own_instance, prepare_home
from outreach.landing.streams import EVENT_STREAMS, LANDING_RULES
from outreach.settings import FILES_PORT, PROJECT, Settings
from outreach.warehouse.dbt_plugin import memory_limit
from outreach.warehouse.publication import publish

START, END = date(2026, 10, 25), date(2026, 11, 23)

REPORTS = sorted(file.stem for file in (PROJECT / "models/reports").glob("*.sql"))
CHOSEN = {"campaign": "cmp_1_2", "template": "tpl_1_2_1", "template_a": "tpl_1_2_1", "template_b": "tpl_1_2_2"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, ExecuteInProcessResult]:
    """The warehouse of the sample, and the run that built and published it."""
    warehouse = of_sample(tmp_path_factory.mktemp("sample"))
    run = warehouse.run("build", tags={"dagster/run_from": "test"})
    assert run.success
    return warehouse, run


def test_a_run_checks_builds_checks_and_publishes(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    _, run = built
    steps = [event.step_key for event in run.all_events if event.is_step_success]
    assert steps == ["landing_checks", "dbt_build", "mart_checks", "published_file"]
    assert [check.check_name for check in run.get_asset_check_evaluations() if not check.passed and check.severity.value == "ERROR"] == []


def test_a_test_of_dbt_that_does_not_hold_says_which_rule_is_broken_how_often_and_an_example(
    built: tuple[Warehouse, ExecuteInProcessResult],
) -> None:
    warehouse, run = built
    words = {name: check.description for (_, name), check in checks_of(run).items() if not check.passed and check.severity.value == "WARN"}
    with warehouse.connect() as db:
        unknown = """
            select count(*), min(concat_ws(', ', account_id, label_id)) from marts.fct_label_additions
            where (account_id, label_id) not in (select (account_id, label_id) from marts.dim_labels)
        """
        rows, example = db.execute(unknown).fetchone()
        zones = "select account_id, given_timezone from staging.stg_accounts where given_timezone is distinct from timezone order by 1"
        accounts = db.execute(zones).fetchall()
    assert words["ids_of_fct_label_additions_are_known"] == f"label_id is in dim_labels: {rows} do not, such as {example}"
    assert len(accounts) == 2
    assert all(f"account_id {account}, given_timezone {zone}" in words["given_timezones_are_known"] for account, zone in accounts)


def test_every_asset_records_its_rows(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, run = built
    counted = {}
    for event in run.all_events:
        data = event.event_specific_data
        for happening in (getattr(data, "materialization", None), getattr(data, "asset_observation", None)):
            if happening and "dagster/row_count" in happening.metadata:
                counted[happening.asset_key] = happening.metadata["dagster/row_count"].value
    without = defs.resolve_asset_graph().get_all_asset_keys() - counted.keys()
    # Views of what has rows elsewhere.
    views = {"messaging_activity", "contact_activity", "account_activity", "messaging_metric_rows", "response_choices"}
    views |= {"calling_metric_rows", "contact_cohorts"}
    views |= {f"landed_{stream}" for stream in EVENT_STREAMS}
    assert {key.path[-1] for key in without if key.path[0] not in ("readers", "reports", "documentation")} == views
    with warehouse.connect() as db:
        for table in ("marts.fct_messages", "staging.base_message_events", "marts.messaging_kpis_daily", "seeds.opt_out_phrases"):
            (rows,) = db.execute(f"select count(*) from {table}").fetchone()
            assert counted[AssetKey(table.split("."))] == rows > 0


def test_landing_streams_are_observed_as_a_whole_and_by_ingest_day(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, run = built
    files = list((warehouse.landing.path / "message_events").rglob("*.jsonl*"))
    observed = {
        event.asset_key.path[-1]: {name: value.value for name, value in event.event_specific_data.asset_observation.metadata.items()}
        for event in run.all_events
        if event.event_type_value == "ASSET_OBSERVATION" and event.asset_key.path[0] == "landing"
    }
    assert observed.keys() == LANDING_RULES.keys()
    messages = observed["message_events"]
    with warehouse.connect() as db:
        accounting = "select landed_rows, rejected_rows from marts.landing_accounting where stream = 'message_events'"
        assert (messages["dagster/row_count"], messages["new rows to be rejected"]) == db.execute(accounting).fetchone()
        reasons = "select reason, count(*) from marts.rejected_events where stream = 'message_events' group by 1"
        assert messages["reject reasons"] == dict(db.execute(reasons).fetchall())
    assert (messages["files"], messages["bytes"]) == (len(files), sum(file.stat().st_size for file in files))
    assert messages["latest ingest day"] == "2026-11-20"
    of_messages = [event for event in run.all_events if event.asset_key == AssetKey(["landing", "message_events"])]
    landed_days = {event.partition for event in of_messages if event.is_step_materialization}
    assert landed_days == {file.parent.name.removeprefix("ingest_date=") for file in files}


def test_each_check_links_to_its_page_in_data_docs(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, run = built
    check = checks_of(run)["messaging_kpis_daily", "agrees_with_its_facts"]
    page = Path(check.metadata["page"].value)
    assert "Expectation Validation Result" in page.read_text()
    pages = warehouse.path.with_name("dagster") / "pages"
    assert check.metadata["Data Docs"].value == f"http://127.0.0.1:{FILES_PORT}/{page.relative_to(pages)}"


@pytest.mark.parametrize("function", REPORTS)
def test_the_published_report_answers_as_the_warehouse_does(built: tuple[Warehouse, ExecuteInProcessResult], function: str) -> None:
    warehouse, _ = built
    known = {name: CHOSEN[name] for name in filters_of(function)}
    filters = [{}, *({name: value} for name, value in known.items()), known]
    with warehouse.connect() as inside, duckdb.connect(str(warehouse.published), read_only=True) as outside:
        for account in ("acc_1", "acc_2", "nobody"):
            for chosen in filters:
                answers = [ask(db, function, account, START, END, **chosen) for db in (inside, outside)]
                assert answers[0] == answers[1]
        assert any(ask(outside, function, "acc_1", START, END, **chosen) for chosen in filters)


def test_the_published_file_holds_marts_and_reports_and_nothing_rejected(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, run = built
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        assert {s for (s,) in db.execute("select distinct table_schema from information_schema.tables").fetchall()} == {"marts"}
        tables = {name for (name,) in db.execute("select table_name from information_schema.tables").fetchall()}
        assert "rejected_events" not in tables and {"dim_users", "account_access", "fct_messages", "messaging_kpis_daily"} <= tables
        published_at, run_id, newest, row_counts, _, _ = db.execute("from marts.publication").fetchone()
        assert run_id == run.run_id and published_at > newest.replace(year=2026, month=11, day=1)
        for table, rows in row_counts.items():
            assert db.execute(f"select count(*) from marts.{table}").fetchone() == (rows,)
    with warehouse.connect() as db:
        assert newest == db.execute("select max(occurred_at) from staging.stg_message_events").fetchone()[0]


def test_the_published_tables_are_those_of_the_warehouse(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, _ = built
    assert differing_rows(warehouse.published, warehouse.path, besides=["publication"]) == {}


def test_every_published_table_and_column_carries_its_description(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, _ = built
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        silent = db.execute("""
            select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null
            union all
            select table_name, null from duckdb_tables() where schema_name = 'marts' and comment is null
            union all
            select view_name, null from duckdb_views() where schema_name = 'marts' and comment is null
        """).fetchall()  # fmt: skip
    assert silent == []


def test_the_published_facts_are_sorted_by_account_and_day(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, _ = built
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        rows = db.execute("select account_id, date_day from marts.fct_messages order by rowid").fetchall()
    assert rows == sorted(rows) and len(rows) > 1000


def test_a_bi_tool_asks_the_published_file_through_sqlalchemy(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, _ = built
    engine = sqlalchemy.create_engine(f"duckdb:///{warehouse.published}", connect_args={"read_only": True})
    try:
        report = pd.read_sql("select * from reports.messaging_by_day('acc_1', '2026-11-01', '2026-11-07')", engine)
        assert list(report["date_day"].astype(str)) == [f"2026-11-0{day}" for day in range(1, 8)]
        assert report["sms_sent"].sum() > 0
        tables = sqlalchemy.inspect(engine).get_table_names(schema="marts")
        assert "messaging_kpis_daily" in tables
        with engine.connect() as db, pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
            db.execute(sqlalchemy.text("delete from marts.dim_accounts"))
    finally:
        engine.dispose()


def published_messages(warehouse: Warehouse) -> int:
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        return ask(db, "messaging_report", "a", date(2026, 11, 1), date(2026, 11, 30))[0]["sms_sent"]


READER = """
import sys, duckdb
count = "select sms_sent from reports.messaging_report('a', '2026-11-01', '2026-11-30')"
with duckdb.connect(sys.argv[1], read_only=True) as db:
    print(db.execute(count).fetchone()[0], flush=True)
    sys.stdin.readline()
    print(db.execute(count).fetchone()[0], flush=True)
"""


HOLDER = "import sys, duckdb; db = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"


def test_a_run_waits_for_who_holds_the_warehouse_and_readers_go_on_with_what_they_have_open(
    small: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = copied_to(tmp_path / "copied", small.warehouse)
    reading = [sys.executable, "-c", READER, str(warehouse.published)]
    with subprocess.Popen(reading, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "2\n"
        warehouse.landing.deliver(of_account("a", sent("m3", "11-11 10:00")))
        holding = [sys.executable, "-c", HOLDER, str(warehouse.path)]
        with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout.readline() == "held\n"
            # It lets go as soon as the run has met it.
            met = steps._try_again
            monkeypatch.setattr(steps, "_try_again", lambda *arguments: holder.stdin.close() or met(*arguments))
            run = warehouse.run("build")
        assert run.success
        assert {event.step_key for event in run.all_events if event.is_step_up_for_retry} == {"landing_checks"}
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "2\n"
    assert published_messages(warehouse) == 3
    assert [file.name for file in warehouse.path.parent.glob(".*unfinished*")] == []


@pytest.mark.nightly
def test_days_that_are_taken_in_again_give_the_same_however_often_and_leave_other_days_alone(small: Built, tmp_path: Path) -> None:
    copied = copied_to(tmp_path / "copied", small.warehouse)
    # Every run inspects the open day, so it differs from the messages' days.
    copied.landing.deliver(of_account("a", row("labels", landed_on="11-22", label_id="l", updated_at=at("11-22 10:00"))))
    assert copied.run("build").success
    before = Path(shutil.copyfile(copied.path, tmp_path / "before.duckdb"))
    first, second = {"2026-11-18": 1}, {"2026-11-19": 2}
    for first_day, last_day, read_again in (("11-17", "11-18", first), ("11-18", "11-20", first | second)):
        held = file_ids(copied)
        run = copied.run("rebuild_days", tags={
            "dagster/asset_partition_range_start": f"2026-{first_day}", "dagster/asset_partition_range_end": f"2026-{last_day}",
        })  # fmt: skip
        assert run.success
        rows = {
            event.partition: event.step_materialization_data.materialization.metadata.get("dagster/partition_row_count")
            for event in run.all_events
            if event.is_step_materialization and event.step_key == "landing_days" and event.asset_key.path[-1] == "message_events"
        }
        assert (min(rows), max(rows)) == (f"2026-{first_day}", f"2026-{last_day}")
        assert {day: count.value for day, count in rows.items() if count} == read_again
        assert {path.split("=")[1][:10] for path, file_id in file_ids(copied).items() if file_id > held[path]} == read_again.keys()
        assert differing_rows(copied.path, before) == {}


def file_ids(warehouse: Warehouse) -> dict[str, int]:
    """Which version of each landing file the warehouse holds."""
    with warehouse.connect() as db:
        return dict(db.execute("select path, file_id from staging.landing_files").fetchall())


def test_the_sensor_fires_for_new_files_never_beside_a_run_and_again_after_one_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_LANDING", str(tmp_path / "landing"))
    monkeypatch.delenv("OUTREACH_LANDING_FORMAT", raising=False)
    job = defs.resolve_job_def("build")
    with DagsterInstance.ephemeral() as instance:

        def look() -> RunRequest | SkipReason:
            return defs.get_sensor_def("new_landing_files")(build_sensor_context(instance=instance))

        def start(request: RunRequest) -> DagsterRun:
            return instance.create_run_for_job(job, tags=dict(request.tags))

        def succeed(run: DagsterRun) -> None:
            instance.handle_new_event(_event(run, DagsterEventType.RUN_SUCCESS))

        assert "there is no such folder" in look().skip_message or "cannot be listed" in look().skip_message
        (tmp_path / "landing").mkdir()
        assert isinstance(look(), SkipReason)

        warehouse = warehouse_in(tmp_path)
        warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 10:00")))
        first = look()
        run = start(first)
        assert f"waiting for run {run.run_id}" in look().skip_message
        succeed(run)
        assert "Nothing has landed" in look().skip_message

        warehouse.landing.deliver(of_account("a", sent("m2", "11-11 10:00")))
        instance.report_run_canceled(start(look()))
        # The next tick, half a minute later, retries; then every second tick, and so on.
        again = look()
        assert isinstance(again, RunRequest) and again.run_key != first.run_key
        instance.report_run_failed(start(again))
        assert "is tried again after" in look().skip_message
        later = time.time() + 31
        monkeypatch.setattr(time, "time", lambda: later)
        succeed(start(look()))
        assert "Nothing has landed" in look().skip_message

        # A closed file that grows counts as landed, too.
        warehouse.landing.deliver(of_account("a", sent("m3", "11-11 10:00")), appending=True)
        assert isinstance(look(), RunRequest)


def _event(run: DagsterRun, kind: DagsterEventType) -> EventLogEntry:
    event = DagsterEvent(event_type_value=kind.value, job_name=run.job_name)
    return EventLogEntry(None, "debug", "", run.run_id, time.time(), job_name=run.job_name, dagster_event=event)


def test_dagsters_own_event_log_is_told_of_each_event_while_a_build_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    prepare_home(settings := Settings.from_environment())
    run = DagsterRun("build")
    seen: Queue[str] = Queue()
    with own_instance(settings) as building, DagsterInstance.get() as watching:
        assert type(building.event_log_storage) is not type(watching.event_log_storage)
        building.event_log_storage.store_event(_event(run, DagsterEventType.RUN_START))
        watching.watch_event_logs(run.run_id, None, lambda entry, _: seen.put(entry.dagster_event_type.value))
        for kind in (DagsterEventType.STEP_START, DagsterEventType.STEP_RESTARTED):
            building.event_log_storage.store_event(_event(run, kind))
        assert [seen.get(timeout=10) for _ in range(3)] == ["PIPELINE_START", "STEP_START", "STEP_RESTARTED"]


OPENER = """
import sys
from dagster import DagsterInstance
from orchestration.instance import own_instance
from outreach.settings import Settings
print("ready", flush=True)
sys.stdin.readline()
own_instance(Settings.from_environment()).dispose()
"""


def test_processes_that_open_a_new_dagster_at_once_leave_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    prepare_home(Settings.from_environment())
    openers = [
        subprocess.Popen([sys.executable, "-c", OPENER], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [opener.stdout.readline() for opener in openers] == ["ready\n"] * 4
    for opener in openers:
        opener.stdin.write("\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
    assert [opener.returncode for opener in openers] == [0] * 4
    databases = list(tmp_path.rglob("*.db"))
    assert {path.name for path in databases} == {"index.db", "runs.db", "schedules.db"}
    for path in databases:
        with closing(sqlite3.connect(path)) as db:
            assert len(db.execute("select version_num from alembic_version").fetchall()) == 1


def test_a_failed_publication_leaves_the_last_one(built: tuple[Warehouse, ExecuteInProcessResult], tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", built[0].landing)
    warehouse.path.write_bytes(built[0].path.read_bytes())
    warehouse.published.write_bytes(built[0].published.read_bytes())
    with duckdb.connect(str(warehouse.path)) as db:
        db.execute("drop macro table reports.calling_report")
    run = warehouse.run("build", op_selection=["published_file"])
    (failure,) = [event.step_failure_data.error.cause.message for event in run.all_events if event.is_step_failure]
    assert "reports.calling_report is not in the warehouse" in failure
    assert warehouse.published.read_bytes() == built[0].published.read_bytes()
    assert list(tmp_path.glob(".*unfinished*")) == []


def test_the_documentation_is_one_page(built: tuple[Warehouse, ExecuteInProcessResult]) -> None:
    warehouse, _ = built
    assert warehouse.run("document").success
    page = (warehouse.path.with_name("dagster") / "pages/documentation/index.html").read_text()
    assert "One row per outbound message" in page and "http" + "s://cdn" not in page


@pytest.mark.parametrize(("asked", "limit"), [("4GB", "3.000GB"), ("512 MiB", "384.000MiB"), (None, "7.500GiB"), ("", "7.500GiB")])
def test_a_build_takes_the_memory_that_is_asked_for_or_half_of_the_machines(asked: str | None, limit: str) -> None:
    assert memory_limit(asked, of_duckdb="16.0 GiB") == limit


@pytest.mark.parametrize("asked", ["4", "much", "-1GB", "80%"])
def test_a_memory_limit_that_is_none_is_named(asked: str) -> None:
    with pytest.raises(DbtRuntimeError, match=f"OUTREACH_MEMORY_LIMIT is '{asked}': expected a number and a unit"):
        memory_limit(asked, of_duckdb="16.0 GiB")


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="priorities of threads are Linux's")
def test_a_build_gives_way_to_readers() -> None:
    code = """
import os, threading
from outreach.warehouse.dbt_plugin import BUILD_NICENESS, yield_to_readers
gate = threading.Event()
threading.Thread(target=gate.wait).start()
yield_to_readers()
import duckdb
db = duckdb.connect()
print({os.getpriority(os.PRIO_PROCESS, int(thread)) for thread in os.listdir("/proc/self/task")} == {BUILD_NICENESS})
gate.set()
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True).stdout == "True\n"


def test_a_report_answers_from_its_own_file_or_says_what_to_do(built: tuple[Warehouse, ExecuteInProcessResult], tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.duckdb" for name in ("marts", "reports")}
    for name, file in files.items():
        publish(built[0].path, file, MANIFEST, name)
    with duckdb.connect() as db:
        for name, file in files.items():
            db.execute(f"attach '{file}' as agency_{name} (read_only)")
        report = "select sms_sent from agency_{}.reports.messaging_report('acc_1', '2026-11-01', '2026-11-30')"
        for name, other in (("marts", "reports"), ("reports", "marts")):
            db.execute(f"use agency_{name}")
            assert db.execute(report.format(name)).fetchone()[0] > 0
            with pytest.raises(duckdb.InvalidInputException, match="run USE with the name of its file"):
                db.execute(report.format(other)).fetchone()
        db.execute("use memory")
        with pytest.raises(duckdb.CatalogException):
            db.execute(report.format("marts"))


def test_a_published_file_can_be_exported_and_imported_elsewhere(built: tuple[Warehouse, ExecuteInProcessResult], tmp_path: Path) -> None:
    publish(built[0].path, tmp_path / "published.duckdb", MANIFEST, "export")
    report = "from reports.messaging_by_template('acc_1', '2026-11-01', '2026-11-30') order by all"
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as one, duckdb.connect() as other:
        one.execute(f"export database '{tmp_path / 'export'}'")
        other.execute(f"import database '{tmp_path / 'export'}'")
        assert one.execute(report).fetchall() == other.execute(report).fetchall() != []
        views = "select view_name from duckdb_views() where not internal order by 1"
        for (view,) in one.execute(views).fetchall():
            count = f"select count(*) from marts.{view}"
            assert one.execute(count).fetchone() == other.execute(count).fetchone()
