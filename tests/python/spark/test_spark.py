"""Spark against DuckDB: the same models over the same landing zone give the same numbers, even if the cluster loses a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest
import test_calling_rulings
import test_landing_rulings
import test_messaging_rulings
from comparison import REPORTS, same
from harness import BUILD, SEEDS, LandingZone, Warehouse, contract, differing_rows, filters_of, rows_of
from odd_files import VALUES_BY_TYPE, write_parquet_of_other_writers, write_random_parquet
from oracle import PROJECT
from random_landing import DAYS, FIRST_DAY, random_landing
from stories import account_row, of_account, sent

from orchestration.dbt.assets import MANIFEST
from outreach.landing.sample import write_sample
from outreach.spark.export import ExportError, publish_accounts
from outreach.spark.session import files_read, spark_session
from outreach.warehouse.manifest import DBT
from outreach.warehouse.publication import publish

RANDOM_ACCOUNTS = 5 * SEEDS
RULINGS = (test_calling_rulings, test_landing_rulings, test_messaging_rulings)
OF_SAMPLE = ["acc_1", "acc_2", "acc_10"]

# With little data, most of the time is compilation.
QUICK = """
spark.driver.extraJavaOptions   -XX:TieredStopAtLevel=1
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1
spark.sql.codegen.wholeStage    false
spark.sql.codegen.factoryMode   NO_CODEGEN
"""


@dataclass(frozen=True)
class Builds:
    """The same landing zone, built on both engines.

    Args:
        warehouse: DuckDB's.
        spark: Spark's folder.
        output: what `make spark-build` printed.
        killed: whether a worker was killed while it built.
    """

    warehouse: Warehouse
    spark: Path
    output: str
    killed: bool
    accounts: list[str]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    folder = tmp_path_factory.mktemp("spark")
    landing = LandingZone(folder / "landing")
    write_sample(landing.path, end_day=date(2026, 11, 24), progress=lambda line: None)
    random = random_landing(Random(7), accounts=RANDOM_ACCOUNTS)
    half = len(random.rows) // 2
    landing.deliver(random.rows[:half], zipped=True)
    landing.deliver(random.rows[half:])
    for rulings in RULINGS:
        landing.deliver(row for test in vars(rulings).values() for row in getattr(test, "landed_rows", ()))
    _deliver_what_is_odd(landing.path)

    spark = folder / "spark"
    command = [sys.executable, "-m", "outreach.commands.spark_build", "--no-tests", "--memory", "1g", "--publish"]
    process = subprocess.Popen(command, cwd=PROJECT, env=_environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output, killed = [], False
    for line in process.stdout:
        output.append(line)
        if "START" in line and "base_message_events" in line:
            killed = _kill_a_worker(spark)
    printed = "".join(output)
    assert process.wait() == 0, printed

    warehouse = Warehouse(folder / "warehouse.duckdb", landing)
    warehouse.build()
    publish(warehouse.path, warehouse.published, MANIFEST, "test")
    return Builds(warehouse, spark, printed, killed, OF_SAMPLE + random.accounts)


def _deliver_what_is_odd(landing: Path) -> None:
    folder = landing / "contact_events/ingest_date=2026-11-20"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "odd [1] + 50% #?.jsonl").write_text(
        '{"event_id": "odd1", "event_type": "opted_out", "account_id": " acc_1 ", "contact_id": 7, '
        '"occurred_at": "2026-11-19T05:00+05:30"}\n'
        'not json\n[1]\n"text"\n\n   \nnull\n{"event_id": "odd2", "nobody": {"knows": [1, "it"]}}\n{"event_id": NaN}\n'
    )
    (landing / "contact_events/misplaced.jsonl").write_text("{}\n")
    folder = landing / "message_events/ingest_date=2026-11-20"
    message = {"account_id": "acc_1", "contact_id": "odd", "message_id": 7, "event_type": "sent", "occurred_at": "2026-11-19T05:00:00Z"}
    reply = message | {"event_id": "odd3", "message_id": "odd3", "event_type": "received", "body": "stop texting \ud83d"}
    (folder / "half an emoji.jsonl").write_text(json.dumps(reply) + "\n")
    (folder / "few.jsonl").write_text(json.dumps(message | {"event_id": "odd4", "x": {"y": [1]}}) + "\n" + '{"event_id": "cut o')
    (folder / "utf-16.jsonl").write_bytes((json.dumps(message | {"event_id": "odd5", "message_id": 8}) + "\n").encode("utf-16"))
    (folder / "blank.jsonl").write_text("\n\n  \n")


def _kill_a_worker(spark: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "org.apache.spark.deploy.worker.Worker" in words and str(spark) in " ".join(words):
            os.kill(int(process.name), signal.SIGKILL)
            return True
    return False


def _environment(folder: Path, **variables: str) -> dict[str, str]:
    conf = folder / "conf"
    conf.mkdir()
    (conf / "spark-defaults.conf").write_text(QUICK)
    own = {name: value for name, value in os.environ.items() if name != "DBT_TARGET_PATH"}
    return own | {
        "OUTREACH_LANDING": str(folder / "landing"), "OUTREACH_LANDING_FORMAT": "jsonl", "OUTREACH_SPARK": str(folder / "spark"),
        "OUTREACH_SPARK_PARTITIONS": "2", "OUTREACH_PUBLISHED": str(folder / "of_spark.duckdb"), "SPARK_CONF_DIR": str(conf),
    } | variables  # fmt: skip


@pytest.fixture(scope="module")
def session(builds: Builds) -> Iterator:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "OUTREACH_SPARK": str(builds.spark), "SPARK_MASTER": "local[2]", "OUTREACH_SPARK_PARTITIONS": "2",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_CONF_DIR": str(builds.spark.parent / "conf"),
        }.items():  # fmt: skip
            patch.setenv(name, value)
        session = spark_session()
        yield session
        session.stop()


def test_a_build_that_loses_a_worker_finishes(builds: Builds) -> None:
    assert builds.killed
    assert "Completed successfully" in builds.output
    assert "Published all accounts" in builds.output


def test_what_spark_publishes_is_what_duckdb_publishes(builds: Builds) -> None:
    of_spark = builds.warehouse.path.with_name("of_spark.duckdb")
    # Medians of an even number may differ in the last digit.
    assert differing_rows(builds.warehouse.published, of_spark, besides=["publication", "response_times_daily"]) == {}
    medians = "select * replace (round(median_response_seconds, 6) as median_response_seconds) from marts.response_times_daily order by all"
    with duckdb.connect(str(of_spark), read_only=True) as db:
        of_days = db.execute(medians).fetchall()
        ((newest, counts),) = db.execute("select newest_event_at, row_counts from marts.publication").fetchall()
    with duckdb.connect(str(builds.warehouse.published), read_only=True) as db:
        assert db.execute(medians).fetchall() == of_days
        assert db.execute("select newest_event_at, row_counts from marts.publication").fetchall() == [(newest, counts)]


@pytest.mark.parametrize("function", REPORTS)
def test_every_report_gives_the_same_on_both_engines(builds: Builds, session, function: str) -> None:
    rng = Random(function)
    compared = 0
    with builds.warehouse.connect() as db:
        questions = []
        for account in [*builds.accounts, "nobody"]:
            first, last = (
                (date(2026, 10, 25), date(2026, 11, 24))
                if account in OF_SAMPLE
                else (FIRST_DAY, FIRST_DAY.replace(day=FIRST_DAY.day + DAYS // 2))
            )
            choices = {
                "campaign": [None, "c0", "c1", "no such"] + (["cmp_1_3"] if account in OF_SAMPLE else []),
                "template": [None, None, "t0", "tpl_1_3_1"],
                "template_a": ["t0", "tpl_1_3_1"],
                "template_b": ["t1", "tpl_1_3_2"],
            }
            filters = "".join(f", {name} => {_text(rng.choice(choices[name]))}" for name in filters_of(function))
            questions.append(f"{_text(account)}, date '{first}', '{last}'{rng.choice(['', filters])}")
        for start in range(0, len(questions), 4):
            some = questions[start : start + 4]
            query = " union all ".join(f"select {n} as question, * from reports.{function}({q})" for n, q in enumerate(some))
            found = [row.asDict() for row in session.sql(query).collect()]
            expected = rows_of(db, query)
            key = lambda row: [str(value) for value in list(row.values())[:3]]  # noqa: E731
            assert len(found) == len(expected), some
            for found_row, expected_row in zip(sorted(found, key=key), sorted(expected, key=key), strict=True):
                assert list(found_row) == list(expected_row)
                wrong = {k: (found_row[k], v) for k, v in expected_row.items() if not same(found_row[k], v)}
                assert not wrong, f"{some}: on Spark, on DuckDB {wrong}"
                compared += len(expected_row)
    assert compared > 20


def _text(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"


def test_a_report_reads_its_accounts_files_only(builds: Builds, session) -> None:
    opened = files_read(session.sql("select * from reports.messaging_report('acc_1', '2026-11-01', '2026-11-24')"))
    read, files = opened["fct_messages"]
    assert (read, files > 8) == (1, True)
    assert all(read <= 1 for read, _ in (opened[table] for table in opened if table.startswith("fct_")))


def test_an_account_is_published_with_those_below_it_and_no_other(builds: Builds, session, tmp_path: Path) -> None:
    manifest = json.loads((builds.spark / "target/manifest.json").read_text())
    published = tmp_path / "published.duckdb"
    with pytest.raises(ExportError, match=r"^There is no account nobody; nothing was published\.$"):
        publish_accounts(session, ["acc_1", "nobody"], published, manifest, tmp_path / "transfer", "test")
    assert not published.exists()
    publish_accounts(session, ["acc_1"], published, manifest, tmp_path / "transfer", "test")
    with builds.warehouse.connect() as db, duckdb.connect(str(published), read_only=True) as of_account:
        visible = db.execute("select account_id from marts.account_access where viewer_account_id = 'acc_1' order by all").fetchall()
        assert of_account.execute("select account_id from marts.dim_accounts order by all").fetchall() == visible
        assert of_account.execute("select distinct account_id from marts.fct_messages order by all").fetchall() == visible
        query = "from reports.messaging_by_day('acc_1', '2026-11-01', '2026-11-24')"
        assert of_account.execute(query).fetchall() == db.execute(query).fetchall()
    assert not (tmp_path / "transfer").exists()


def test_dbt_by_hand_builds_all_and_reads_any_parquet_alike(tmp_path: Path) -> None:
    landing = LandingZone(tmp_path / "landing", "parquet")
    landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00"), sent(None, "11-10 03:00")))
    write_parquet_of_other_writers(landing.path / "message_events/ingest_date=2026-11-20")
    rng = Random(5)
    for stream, columns in contract().items():
        if stream not in ("accounts", "message_events"):
            file = landing.path / stream / "ingest_date=2026-11-20/random.parquet"
            write_random_parquet(file, rng, columns, VALUES_BY_TYPE, rows=50)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", landing)
    warehouse.build()
    # In one process, without a cluster.
    spark = {"SPARK_MASTER": "local[2]", "SPARK_LOCAL_IP": "127.0.0.1", "OUTREACH_LANDING_FORMAT": "parquet"}
    environment = _environment(tmp_path, **spark, DBT_PROFILES_DIR="profiles", DBT_TARGET_PATH=str(tmp_path / "target"))
    command = [DBT, *BUILD, "--target", "spark"]
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout

    with duckdb.connect() as db, warehouse.connect() as held:
        tables = held.execute(
            "from duckdb_tables() select table_name where schema_name = 'staging' and table_name like 'base_%'"
        ).fetchall()
        assert len(tables) == 10
        for (table,) in tables:
            described = held.execute(f"describe staging.{table}").fetchall()
            # Each engine numbers the files by itself, and Spark's times come with a zone.
            columns = ", ".join(f"epoch_us({name})" if kind == "TIMESTAMP" else name for name, kind, *_ in described if name != "file_id")
            of_spark = f"read_parquet('{tmp_path}/spark/warehouse/*.db/{table}/*.parquet')"
            expected = held.execute(f"select {columns} from staging.{table} order by all").fetchall()
            assert db.execute(f"select {columns} from {of_spark} order by all").fetchall() == expected, table
