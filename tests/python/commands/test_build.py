"""`make build` as a person runs it: its output, and one clear sentence if the set-up cannot work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from hashlib import sha256
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance
from harness import MAIN_JOB, Built, LandingZone, warehouse_in, with_dbt_ready
from oracle import PROJECT
from rich.console import Console
from stories import account_row, sent

from orchestration.build import main
from orchestration.definitions import defs
from outreach.landing.files import LandingError, check_landing
from outreach.settings import Settings
from outreach.terminal import show_reports
from outreach.warehouse.connection import WarehouseError, check_warehouse


def variables_of(folder: Path, **more: str) -> dict[str, str]:
    return warehouse_in(folder).variables(**more)


def build(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    variables = variables_of(folder, **with_dbt_ready() | more)
    return subprocess.run([*MAIN_JOB, *arguments], cwd=PROJECT, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(small: Built) -> tuple[Path, str]:
    """A folder with a landing zone and its warehouse, and what the build printed."""
    return small.warehouse.path.parent, small.printed


def test_a_build_ends_with_the_reports_the_accounting_and_what_is_next(built: tuple[Path, str]) -> None:
    printed = built[1][built[1].index("Messaging: ") :]
    assert "Messaging: a, 2026-11-04 to 2026-11-10" in printed
    lines = {tuple(line.strip("│ ").split()) for line in printed.replace("│", " ").splitlines()}
    assert ("sms_sent", "2") in lines
    assert ("delivery_rate", "0", "%") in lines
    assert ("calls_dialed", "0") in lines
    assert ("response_rate", "—") in lines
    assert ("message_events", "3", "2", "0", "1", "0", "0", "2", "0") in lines
    assert "missing_message_id 1" in printed
    assert f"Published to {built[0] / 'published.duckdb'}, from the warehouse {built[0] / 'warehouse.duckdb'}." in printed


def test_a_team_that_only_dials_sees_its_calls_and_one_that_does_nothing_yet_what_came_in(sample: Built, tmp_path: Path) -> None:
    published = Path(shutil.copyfile(sample.warehouse.published, tmp_path / "published.duckdb"))
    settings = Settings(str(sample.warehouse.landing.path), "jsonl", sample.warehouse.path, published, tmp_path, tmp_path)
    for table, begins in (("fct_messages", "Messaging: acc_"), ("fct_calls", "What came in")):
        with duckdb.connect(str(published)) as db:
            db.execute(f"delete from marts.{table}")
        console = Console(file=StringIO(), width=120)
        show_reports(settings, None, console)
        assert console.file.getvalue().startswith(begins)


def test_dagster_with_its_own_event_log_finds_all_that_a_build_wrote(built: tuple[Path, str]) -> None:
    with DagsterInstance.from_config(str(built[0] / "dagster")) as instance:
        assert type(instance.event_log_storage).__name__ == "SqliteEventLogStorage"
        run = instance.get_runs()[-1]
        assert run.is_success
        events = Counter(entry.dagster_event_type for entry in instance.all_logs(run.run_id))
        keys = defs.resolve_job_def("full_refresh").asset_layer.asset_graph.asset_check_keys
        assert events[DagsterEventType.RUN_SUCCESS] == 1
        assert events[DagsterEventType.ASSET_CHECK_EVALUATION] == events[DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED] == len(keys) > 100
        # From the index of all runs.
        published = instance.fetch_materializations(AssetKey("published_file"), limit=10).records
        assert run.run_id in {record.run_id for record in published}
        checked = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
        assert checked.keys() == keys
        not_held = {key.name for key, execution in checked.items() if execution.status.value != "SUCCEEDED"}
        assert not_held == {"rejects_are_few", "ids_of_fct_messages_are_known"}


def test_a_build_prints_a_line_per_step_and_thing_and_what_does_not_hold(built: tuple[Path, str]) -> None:
    lines = [line.rstrip() for line in built[1][: built[1].index("Messaging: ")].splitlines()]
    assert [line for line in lines if not line.startswith((" ", "✓"))] == ["Landing checks", "dbt build", "Mart checks", "Publication"]
    assert [line.split(":")[0] for line in lines if line.startswith("✓")] == [
        "✓ Landing checks", "✓ dbt build", "✓ Mart checks", "✓ Publication",
    ]  # fmt: skip
    assert sum(line.startswith("  built ") for line in lines) == 95
    found = "Share of rows that will be rejected, at most 1%: found 33.3%. missing_message_id 1"
    assert f"  WARN landing.message_events rejects_are_few: {found}" in lines


def test_what_a_build_writes_is_readable_by_its_owner_alone(built: tuple[Path, str]) -> None:
    made = [path for path in built[0].rglob("*") if path.relative_to(built[0]).parts[0] != "landing"]
    names = {path.name for path in made}
    assert {"warehouse.duckdb", "published.duckdb", "manifest.json"} <= names
    assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"OUTREACH_LANDING": "no/such/folder"}, "OUTREACH_LANDING is 'no/such/folder': there is no such folder."),
        ({"OUTREACH_LANDING": "README.md"}, "OUTREACH_LANDING is 'README.md': expected a folder, found a file."),
        ({"OUTREACH_LANDING_FORMAT": "csv"}, "OUTREACH_LANDING_FORMAT is 'csv': expected jsonl or parquet."),
        ({"OUTREACH_WAREHOUSE": "models"}, "OUTREACH_WAREHOUSE is 'models': expected a file, found a folder."),
        ({"OUTREACH_WAREHOUSE": "README.md"}, "OUTREACH_WAREHOUSE is 'README.md', and cannot be opened for writing:"),
        ({"OUTREACH_WAREHOUSE": "data/marts.duckdb"}, "OUTREACH_WAREHOUSE is 'data/marts.duckdb': DuckDB cannot tell"),
        ({"DAGSTER_HOME": "/tmp/what?"}, "DAGSTER_HOME is '/tmp/what?': Dagster's database cannot lie in a folder with '?' in its name."),
        ({"OUTREACH_PUBLISHED": "README.md/reporting.duckdb"}, "OUTREACH_PUBLISHED: 'README.md' is a file, and a folder was expected."),
    ],
)  # fmt: skip
def test_a_set_up_that_cannot_work_ends_in_one_sentence(built: tuple[Path, str], variables: dict[str, str], sentence: str) -> None:
    before = sha256((built[0] / "warehouse.duckdb").read_bytes()).hexdigest()
    run = build(built[0], **variables)
    assert run.returncode == 2
    assert run.stdout.startswith(f"Nothing was built. {sentence}")
    assert len(run.stdout.splitlines()) == 1 and not run.stderr
    assert sha256((built[0] / "warehouse.duckdb").read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("age=3", "there is no limit 'age': expected one of warn_share, "),
        ("oldest_days=old", "oldest_days is 'old': expected a number"),
    ],
)
def test_a_limit_that_is_none_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], limit: str, sentence: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["make build", "--limit", limit])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and sentence in capsys.readouterr().err


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts/ingest_date=2026-11-20/part.jsonl"
    file.parent.mkdir(parents=True)
    file.touch()
    # Root may read every file, so the test replaces the system's answer.
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("part.jsonl"))
    with pytest.raises(LandingError, match=r"part\.jsonl: this landing file may not be read"):
        check_landing(str(tmp_path), "jsonl")


@pytest.mark.nightly
def test_a_build_says_who_holds_the_warehouse_and_waits(built: tuple[Path, str]) -> None:
    with (
        duckdb.connect(str(built[0] / "warehouse.duckdb")),
        subprocess.Popen(MAIN_JOB, cwd=PROJECT, env=variables_of(built[0]), stdout=subprocess.PIPE, text=True) as run,
    ):
        waiting = next(line for line in run.stdout if "Another process works on the warehouse" in line)
        assert f"(PID {os.getpid()})" in waiting and "trying again in 2 s." in waiting
        assert run.poll() is None
        run.terminate()


def test_a_file_that_is_no_database_is_no_lock_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "lock.duckdb"
    file.write_text("no database")
    with pytest.raises(WarehouseError, match="cannot be opened for writing"):
        check_warehouse(file)


@pytest.mark.nightly
def test_of_two_builds_at_once_the_second_says_who_builds_waits_and_has_nothing_to_do(tmp_path: Path) -> None:
    LandingZone(tmp_path / "landing").deliver([account_row(account_id="acc"), sent("m1", "11-19 10:00", account_id="acc")])
    # As in a fresh clone, where neither finds a parsed project.
    variables = variables_of(tmp_path, DBT_TARGET_PATH=str(tmp_path / "not parsed"))
    runs = [
        subprocess.Popen(MAIN_JOB, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    printed = sorted((run.communicate()[0] for run in runs), key=lambda text: text.startswith("Another build"))
    assert [run.returncode for run in runs] == [0, 0], printed
    assert printed[1].startswith("Another build works on this warehouse (make build, process ")
    assert "Nothing is new" in printed[1]
    assert all("│ sms_sent                     │            1 │" in text and "Traceback" not in text for text in printed)


@pytest.mark.nightly
def test_rows_in_thousands_of_small_files_take_little_longer_than_in_few(tmp_path: Path) -> None:
    took = {}
    for files in (2, 6000):
        folder = tmp_path / f"{files} files"
        LandingZone(folder / "landing").deliver([account_row(account_id="acc")])
        day = folder / "landing/message_events/ingest_date=2026-11-20"
        day.mkdir(parents=True)
        rows = [
            json.dumps(sent(f"m{number}", "11-19 10:00", account_id="acc", contact=f"c{number % 5000}").values) for number in range(60_000)
        ]
        for number in range(files):
            (day / f"{number}.jsonl").write_text("\n".join(rows[number::files]))
        began = time.monotonic()
        run = build(folder)
        took[files] = time.monotonic() - began
        assert run.returncode == 0 and "│ sms_sent                     │       60,000 │" in run.stdout, run.stdout + run.stderr
    assert took[6000] < 1.5 * took[2], took


def test_links_odd_names_empty_variables_and_cut_off_parse_results_hold_up_no_build(built: tuple[Path, str], tmp_path: Path) -> None:
    LandingZone(tmp_path / "landing").deliver([account_row(account_id="[red]acc"), sent("m1", "11-19 10:00", account_id="[red]acc")])
    (tmp_path / "disk").mkdir()
    links = {"OUTREACH_WAREHOUSE": tmp_path / "warehouse.duckdb", "OUTREACH_PUBLISHED": tmp_path / "reports.duckdb"}
    for link in links.values():
        # Links to missing files: DuckDB names a database after the target of a link.
        link.symlink_to(tmp_path / "disk" / f"other {link.name}")
    variables = {name: str(link) for name, link in links.items()} | {"OUTREACH_LANDING_FORMAT": "", "DBT_LOG_PATH": ""}
    manifest = tmp_path / "target/manifest.json"
    manifest.parent.mkdir()
    manifest.write_bytes((built[0] / "target/manifest.json").read_bytes()[:5000])
    run = build(tmp_path, **variables)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Messaging: [red]acc, 2026-11-13 to 2026-11-19" in run.stdout
    assert all(link.is_symlink() and link.resolve().stat().st_size > 100_000 for link in links.values())

    query = [sys.executable, "-m", "outreach.commands.query"]
    sql = "select sms_sent as \"it's $x\" from reports.messaging_report('[red]acc', '2026-11-19', '2026-11-19')"
    for given in ({"OUTREACH_QUERY": sql}, {}):
        environment = variables_of(tmp_path, **variables, **given)
        asked = subprocess.run(query, cwd=PROJECT, env=environment, input=sql, capture_output=True, text=True)
        assert "it's $x" in asked.stdout and "│       1 │" in asked.stdout, asked.stdout + asked.stderr
