"""One warehouse for all tests that state their landing rows with `given`."""

from __future__ import annotations

import gc
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import (
    IS_WORKER,
    MAIN_JOB,
    NIGHTLY,
    Built,
    Warehouse,
    ask,
    dbt_command,
    made_once,
    of_sample,
    read_project,
    rows_of,
    warehouse_in,
)
from oracle import PROJECT
from page import browser, known_publication
from playwright.sync_api import Browser
from stories import account_row, of_account, sent

# The slowest files run first, so that no worker is left with one at the end.
LONGEST = [
    "test_crashes", "test_spark", "test_isolation", "test_build", "test_quality", "test_runs", "test_oracle",
    "test_incremental", "test_erasure", "test_fuzzing", "test_page",
]  # fmt: skip

# The markers of the suite's parts: `make test ARGS="-m browser"`, `make nightly ARGS="-m spark"`.
PARTS = {
    "spark": ["test_spark"],
    "browser": ["test_page", "test_page_sign_in", "test_superset"],
    "slow": ["test_fuzzing", "test_isolation", "test_oracle"],
    "nightly": ["test_crashes", "test_dagster_dev", "test_operators", "test_pairs", "test_soak", "test_spark", "test_superset"],
}

# Seconds a test of the default tier may take without what it shares with others. On a slow or busy machine, where all tests take longer,
# it is a thirtieth of them all. The tests that may take longer are in files with a reason. With TEST_BUDGET=advisory, as on
# CI, those over budget are only named: a machine that others use may stand still for a minute in any test.
BUDGET = 15
SHARE = 1 / 30
ADVISORY = os.environ.get("TEST_BUDGET") == "advisory"
OVER_BUDGET = {
    "test_build": "the whole main job, as a person starts it",
    "test_erasure": "a contact forgotten before, with and after its account, each compared with a full refresh",
    "test_incremental": "a project of its own, in which a seed and a rule change",
    "test_ingestion_job": "two runs of a job, with the variables that are read at start",
    "test_isolation": "the ids and texts of attackers in every stream, through every report",
    "test_oracle": "forty random accounts, every report compared",
    "test_runs": "whole runs of the main job, one of which waits for its turn",
}

# They need packages that only `make nightly` installs, so the default tier must not even import them.
collect_ignore_glob = [] if NIGHTLY else [f"*/{file}.py" for file in PARTS["nightly"]]

# Of each phase of each test.
_seconds: dict[tuple[str, str], float] = {}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One per core; none for tests chosen by name, as each worker repeats all imports."""
    return 0 if config.option.keyword else os.cpu_count() or 2


# Off during collection, since imports leave nothing to free.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    for part, files in PARTS.items():
        config.addinivalue_line("markers", f"{part}: the tests of {', '.join(files)}")
    # Before any module that needs it is imported.
    read_project()
    os.environ["OUTREACH_DBT"] = str(dbt_command())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-k` and a single word, skips files that do not contain it: importing them all would take longer than the test."""
    word = config.option.keyword.lower()
    if not re.fullmatch(r"[a-z_]{5,}", word) or word in PARTS or not collection_path.name.startswith("test_"):
        return None
    return word not in collection_path.name + collection_path.read_text().lower() or None


# First, so that `-m` finds the markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for part, files in PARTS.items():
            if item.path.stem in files:
                item.add_marker(part)
    if not NIGHTLY:
        of_night = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=of_night)
        items[:] = [item for item in items if item not in of_night]
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid, report.when] = report.duration


def over_budget() -> dict[str, float]:
    """Tests that have taken longer than they may, with their seconds."""
    limit = max(BUDGET, SHARE * sum(_seconds.values()))
    taken = {name: seconds for (name, phase), seconds in _seconds.items() if phase == "call" and seconds > limit}
    return {name: seconds for name, seconds in taken.items() if Path(name.split("::")[0]).stem not in OVER_BUDGET}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test over budget fails a run of the whole default tier, where its share is known."""
    option = session.config.option
    is_whole = not (NIGHTLY or option.keyword or option.markexpr or option.cov_source) and session.config.args_source.name == "TESTPATHS"
    if is_whole and not IS_WORKER and not ADVISORY and session.exitstatus == pytest.ExitCode.OK and over_budget():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints, as the last lines, the tests over budget, and what this machine could not test with the command that enables it."""
    if not NIGHTLY:
        for name, seconds in sorted(over_budget().items(), key=lambda entry: -entry[1]):
            terminalreporter.write_line(
                f"OVER BUDGET {name} took {seconds:.0f} s: make it faster, or nightly, or give a reason in conftest.py"
            )
    if skipped := sum("Reporting page is not tested" in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"{skipped} tests of the Reporting page were skipped: they need a browser. apt-get install chromium")


@pytest.fixture(scope="session")
def stated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The warehouse of all rows that the collected tests state."""
    folder = tmp_path_factory.mktemp("stated")
    warehouse = warehouse_in(folder)
    tests = {item.function for item in request.session.items if hasattr(item.function, "landed_rows")}
    warehouse.landing.deliver(row for test in sorted(tests, key=lambda t: t.__name__) for row in test.landed_rows)
    warehouse.build()
    return warehouse


@pytest.fixture(scope="session")
def connection(stated: Warehouse) -> duckdb.DuckDBPyConnection:
    with stated.connect() as db:
        yield db


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse of the test's own, not built yet, over an empty landing zone."""
    return warehouse_in(tmp_path)


@dataclass(frozen=True)
class Reports:
    """The reports of one test's account; the range is November 2026 unless the test says otherwise."""

    db: duckdb.DuckDBPyConnection
    account: str

    def ask(self, function: str, start: str = "11-01", end: str = "11-30", **filters: str | None) -> list[dict[str, Any]]:
        days = (date.fromisoformat(f"2026-{day}") for day in (start, end))
        return ask(self.db, function, self.account, *days, **filters)

    def messaging(self, start: str = "11-01", end: str = "11-30", **filters: str | None) -> dict[str, Any]:
        (report,) = self.ask("messaging_report", start, end, **filters)
        return report

    def calling(self, start: str = "11-01", end: str = "11-30", **filters: str | None) -> dict[str, Any]:
        (report,) = self.ask("calling_report", start, end, **filters)
        return report

    def rows(self, table: str) -> list[dict[str, Any]]:
        return rows_of(self.db, f"select * from {table} where account_id = $1", [self.account])


@pytest.fixture
def reports(request: pytest.FixtureRequest, connection: duckdb.DuckDBPyConnection) -> Reports:
    return Reports(connection, request.function.__name__)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file for the tests of the page."""
    return warehouse_in(made_once(tmp_path_factory, "page", known_publication)).published


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample's warehouse with all of dbt's tests, and its published file."""

    def make(folder: Path) -> None:
        warehouse = of_sample(folder)
        (folder / "printed").write_text(warehouse.dbt("--no-write-json", "build").stdout)
        warehouse.publish()

    folder = made_once(tmp_path_factory, "sample", make)
    return Built(warehouse_in(folder), (folder / "printed").read_text())


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The result of the main job for two messages of account a, the second on the open day, and a row without a message id."""

    def make(folder: Path) -> None:
        warehouse = warehouse_in(folder)
        rows = [account_row(landed_on="11-18"), sent("m1", "11-10 10:00", landed_on="11-18")]
        # The second file of messages.
        rows += [sent("m2", "11-10 10:00", landed_on="11-19"), sent(None, "11-10 10:00", landed_on="11-19")]
        warehouse.landing.deliver(of_account("a", *rows))
        # With its own dbt, as when a person starts it.
        run = subprocess.run(MAIN_JOB, cwd=PROJECT, env=warehouse.variables(OUTREACH_DBT=""), capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        (folder / "printed").touch(0o600)
        (folder / "printed").write_text(run.stdout)

    folder = made_once(tmp_path_factory, "small", make)
    warehouse = warehouse_in(folder)
    # Later deliveries come in other files.
    for file in warehouse.landing.path.rglob("*.jsonl"):
        warehouse.landing.files[file.parts[-3], date.fromisoformat(file.parent.name.removeprefix("ingest_date="))] = 1
    return Built(warehouse, (folder / "printed").read_text())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started
