"""A landing zone with a test's rows, the warehouse that dbt or a Dagster run builds from it, and its reports."""

from __future__ import annotations

import atexit
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from dagster import AssetCheckEvaluation, DagsterInstance, ExecuteInProcessResult
from filelock import FileLock
from oracle import PROJECT, LandedRow

from outreach.landing.sample import write_sample
from outreach.warehouse.dbt_process import DbtProcess
from outreach.warehouse.manifest import read_manifest
from outreach.warehouse.publication import publish

# `OUTREACH_NIGHTLY=1` (`make nightly`): every test, those of the default tier at a larger size.
NIGHTLY = os.environ.get("OUTREACH_NIGHTLY") == "1"
SEEDS = 10 if NIGHTLY else 1

BUILD = ["build", "--exclude-resource-type", "test", "unit_test"]

# Seeds, and the definitions of what is computed when it is asked.
SAME_FOR_ANY_DATA = ["--exclude", "resource_type:seed", "config.materialized:table_function", "config.materialized:view,path:models/marts"]

# The last day of the sample, after which a test can deliver.
SAMPLE_DAY = date(2026, 11, 20)

MAIN_JOB = (sys.executable, "-m", "orchestration.build")

# Whether this is one of several test processes.
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ

# One folder per test process, removed with it.
_WORKBENCH = TemporaryDirectory(prefix="outreach-test-")
WORKBENCH = Path(_WORKBENCH.name)

# The process that starts the workers says where, and they inherit it.
os.environ.setdefault("TESTS_EMPTY_WAREHOUSE", str(WORKBENCH / "empty"))

# Read when the project's definitions are loaded: a process has one target folder, whoever runs dbt in it.
os.environ["DBT_TARGET_PATH"] = str(WORKBENCH / "target")


def with_dbt_ready() -> dict[str, str]:
    """The variable that gives a command a dbt already running."""
    return {"OUTREACH_DBT": str(dbt_command())}


@cache
def dbt_command() -> Path:
    """The dbt kept ready by the process that started the workers, or by this one if there are none."""
    if IS_WORKER:
        return Path(os.environ["OUTREACH_DBT"])
    with pytest.MonkeyPatch.context() as patch:
        # Coverage is not measured in it: nearly all of it is dbt's own code, which would take half as long again.
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        process = DbtProcess()
    atexit.register(process.close)
    return process.executable


def read_project() -> None:
    """Makes dbt parse the project if it has changed, once for all processes, and gives this process a copy of the result."""
    read_manifest(PROJECT / "target")
    copy_what_was_read(WORKBENCH / "target")


def copy_what_was_read(target: Path) -> None:
    """Copies the parsed project to a target folder, so that dbt need not parse it again."""
    target.mkdir(mode=0o700, exist_ok=True, parents=True)
    for name in ("manifest.json", "semantic_manifest.json", "partial_parse.msgpack"):
        shutil.copyfile(PROJECT / "target" / name, target / name)
        (target / name).chmod(0o600)


def manifest() -> dict[str, Any]:
    """The parsed project's manifest."""
    return json.loads((WORKBENCH / "target/manifest.json").read_text())


def contract() -> dict[str, list[str]]:
    """The landing contract's streams, each with its columns."""
    sources = manifest()["sources"].values()
    return {source["name"]: list(source["columns"]) for source in sources if source["source_name"] == "landing"}


def project_of_this_process() -> Path:
    """The project's folder with this process's target folder in it: MetricFlow looks nowhere else for what dbt has parsed."""
    folder = WORKBENCH / "project"
    if not folder.exists():
        folder.mkdir()
        for entry in PROJECT.iterdir():
            if entry.name not in ("target", "logs", "data"):
                (folder / entry.name).symlink_to(entry)
        (folder / "target").symlink_to(WORKBENCH / "target")
    return folder


@dataclass
class LandingZone:
    """A folder of landing files that grows as rows are delivered.

    Args:
        path: the folder.
        file_format: `jsonl` or `parquet`.
    """

    path: Path
    file_format: str = "jsonl"
    files: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))

    def deliver(self, rows: Iterable[LandedRow], *, appending: bool = False, zipped: bool = False) -> None:
        """Writes rows to new files, or, of JSON Lines, to the end of each day's last file."""
        by_file = defaultdict(list)
        for row in rows:
            by_file[row.stream, row.ingest_date].append(row.values)
        for key, values in by_file.items():
            stream, day = key
            if self.file_format == "parquet" or not (appending and self.files[key]):
                self.files[key] += 1
            folder = self.path / stream / f"ingest_date={day}"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"part {self.files[key]}'s [file]"
            if self.file_format == "parquet":
                write_parquet(folder / f"{name}.parquet", values)
            else:
                lines = "".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values).encode()
                file = folder / (f"{name}.jsonl.gz" if zipped and not (folder / f"{name}.jsonl").exists() else f"{name}.jsonl")
                opened = gzip.open(file, "ab") if file.suffix == ".gz" else open(file, "ab")
                with opened:
                    opened.write(lines)


def write_parquet(file: Path, rows: list[dict[str, Any]]) -> None:
    """A Parquet file with the columns that the rows have, each of them text."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with duckdb.connect() as db:
        db.execute(f"create table rows ({', '.join(f'{c} varchar' for c in columns)})")
        values = [[None if r.get(c) is None else str(r[c]) for c in columns] for r in rows]
        db.executemany(f"insert into rows values ({', '.join('?' * len(columns))})", values)
        db.execute(f"copy rows to '{str(file).replace(chr(39), chr(39) * 2)}' (format parquet)")


@dataclass
class Warehouse:
    """A warehouse file and the landing zone that it is built from.

    Args:
        path: the DuckDB file.
        landing: the landing zone.
        project: the dbt project's folder.
        is_built: whether everything was built before.
    """

    path: Path
    landing: LandingZone
    project: Path = PROJECT
    is_built: bool = False

    def dbt(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs dbt on this landing zone and warehouse."""
        variables = self.places() | ({} if self.project == PROJECT else {"DBT_TARGET_PATH": str(self.project / "target")})
        command = [str(dbt_command()), "--no-use-colors", "--log-level-file", "none", *arguments]
        run = subprocess.run(command, cwd=self.project, env=os.environ | variables, capture_output=True, text=True)
        if check and run.returncode:
            raise AssertionError(f"dbt {' '.join(arguments)} failed:\n{run.stdout}\n{run.stderr}")
        return run

    def build(self, *arguments: str) -> None:
        """Builds seeds and models, without dbt's tests. What no landing file changes is there already, but for a full refresh."""
        as_it_is = self.project == PROJECT and not arguments
        # Without workers there are few tests, for which two builds would take longer than one.
        if IS_WORKER and as_it_is and self.landing.file_format == "jsonl" and not self.path.exists():
            shutil.copy(empty_warehouse(), self.path)
            self.is_built = True
        unchanged = SAME_FOR_ANY_DATA if as_it_is and self.is_built else []
        self.dbt("--no-write-json", *BUILD, *unchanged, *arguments)
        self.is_built = True

    def build_for(self, *models: str) -> None:
        """Builds only what these models need."""
        self.dbt("--no-write-json", *BUILD, "--select", *(f"+{name}" for name in models))

    def build_and_publish(self) -> Path:
        """Builds and publishes like the main job, but without checks. Returns the published file."""
        self.build()
        return self.publish()

    def publish(self) -> Path:
        """Publishes without a run. Returns the file."""
        return publish(self.path, self.published, manifest(), "test").path

    @property
    def published(self) -> Path:
        """The file that runs publish to."""
        return self.path.with_name("published.duckdb")

    def run(self, job: str, **arguments: Any) -> ExecuteInProcessResult:
        """Runs one of the project's jobs in this process, all of its steps or those up to one that fails."""
        from orchestration.definitions import defs

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.places().items():
                patch.setenv(name, value)
            with DagsterInstance.ephemeral() as instance:
                return defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **arguments)

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a command of the project's that works on this warehouse, where it lies."""
        target = self.path.with_name("target")
        if self.project == PROJECT and not target.exists():
            copy_what_was_read(target)
        return os.environ | self.places() | {
            "DAGSTER_DISABLE_TELEMETRY": "1",
            # A command's own dbt, so that it ends with the command.
            "OUTREACH_DBT": "",
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(self.path.with_name("logs")),
        } | more  # fmt: skip

    def places(self) -> dict[str, str]:
        """Where everything is."""
        return {
            "OUTREACH_LANDING": str(self.landing.path),
            "OUTREACH_LANDING_FORMAT": self.landing.file_format,
            "OUTREACH_WAREHOUSE": str(self.path),
            "OUTREACH_PUBLISHED": str(self.published),
            "DAGSTER_HOME": str(self.path.with_name("dagster")),
            "DBT_PROFILES_DIR": "profiles",
        }

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """The main job, or another command, in a process group of its own."""
        return subprocess.Popen(
            command or MAIN_JOB, cwd=PROJECT, env=self.variables(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def run_main_job(self) -> tuple[int, str]:
        """Runs the main job as `make build` does; its exit code and what it printed."""
        process = self.start(**with_dbt_ready())
        printed, _ = process.communicate()
        return process.returncode, printed

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=True)


@dataclass(frozen=True)
class Built:
    """A warehouse that tests look at and do not change, and what its build printed."""

    warehouse: Warehouse
    printed: str


def warehouse_in(folder: Path) -> Warehouse:
    """A warehouse that was built before, or the place for one."""
    return Warehouse(folder / "warehouse.duckdb", LandingZone(folder / "landing"))


def of_sample(folder: Path, end_day: date = SAMPLE_DAY) -> Warehouse:
    """A warehouse of the sample landing zone, not built yet."""
    write_sample(folder / "landing", end_day=end_day, progress=lambda line: None)
    return warehouse_in(folder)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A shared read-only folder, made by the first test process that needs it.

    Args:
        factory: of this test process.
        name: of the folder.
        make: fills it.
    """
    base = factory.getbasetemp()
    return _made_once((base.parent if IS_WORKER else base) / name, make)


def empty_warehouse() -> Path:
    """A warehouse that was built before anything landed, made by the first test process that needs it."""

    def make(folder: Path) -> None:
        (folder / "landing").mkdir()
        warehouse_in(folder).dbt("--no-write-json", *BUILD)

    return warehouse_in(_made_once(Path(os.environ["TESTS_EMPTY_WAREHOUSE"]), make)).path


def _made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    made = folder.with_name(f"{folder.name} is made")
    with FileLock(f"{folder}.lock"):
        if not made.exists():
            # Of a test process that failed to.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def copied_to(folder: Path, original: Warehouse) -> Warehouse:
    """A copy of a warehouse for a test of its own, with all that lies beside it; files are as old as they were."""
    shutil.copytree(original.path.parent, folder)
    return Warehouse(folder / "warehouse.duckdb", LandingZone(folder / "landing", files=original.landing.files.copy()))


def rows_of(db: duckdb.DuckDBPyConnection, sql: str, parameters: list | None = None) -> list[dict[str, Any]]:
    """A query's rows as dictionaries."""
    cursor = db.execute(sql, parameters or [])
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def filters_of(report: str) -> list[str]:
    """The filters that a report function takes."""
    text = (PROJECT / f"models/reports/{report}.sql").read_text()
    return re.findall(r"'(\w+) := null'", text)


def copy_of_project(folder: Path) -> Path:
    """The project without its tests in Python and Node, for a test that changes it."""
    for part in PROJECT.iterdir():
        if part.name in ("data", "docs", "logs", "target") or (part.name.startswith(".") and part.name != ".streamlit"):
            continue
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__", "python", "node"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(part, folder)
    # So that dbt reads what is changed, and not all of it.
    (folder / "target").mkdir()
    shutil.copy(WORKBENCH / "target/partial_parse.msgpack", folder / "target")
    return folder


def ask(db: duckdb.DuckDBPyConnection, function: str, account: str, start: date, end: date, **filters: str | None) -> list[dict]:
    """The rows of a report function."""
    named = "".join(f", {name} := ${name}" for name in filters)
    return rows_of(
        db, f"select * from reports.{function}($account, $start, $end{named})",
        {"account": account, "start": start, "end": end} | filters,
    )  # fmt: skip


def differing_rows(one: Path, other: Path, *, besides: Sequence[str] = ()) -> dict[str, tuple[list, list]]:
    """Tables of schema marts in the first file, some of them aside, whose rows are not the same in another, with up to five that differ."""
    with duckdb.connect() as db:
        db.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = [name for (name,) in db.execute(
            "select table_name from information_schema.tables where table_catalog = 'one' and table_schema = 'marts'"
        ).fetchall() if name not in besides]  # fmt: skip
        assert len(tables) > 15, "the marts are not there"
        found = {}
        for table in tables:
            only = [
                db.execute(f"select * from {a}.marts.{table} except all select * from {b}.marts.{table} limit 5").fetchall()
                for a, b in (("one", "other"), ("other", "one"))
            ]
            if any(only):
                found[table] = tuple(only)
        return found


def messaging(warehouse: Warehouse, account: str, start: date = date(2026, 11, 1), end: date = date(2026, 11, 30)) -> dict[str, Any]:
    """The Messaging report of an account, by default of November 2026."""
    with warehouse.connect() as db:
        return ask(db, "messaging_report", account, start, end)[0]


def assert_equal_to_full_refresh(warehouse: Warehouse) -> None:
    """Builds another warehouse at once from the same landing zone, and compares every table of the marts."""
    at_once = Warehouse(warehouse.path.with_name("at_once.duckdb"), warehouse.landing, warehouse.project)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}


def checks_of(run: ExecuteInProcessResult) -> dict[tuple[str, str], AssetCheckEvaluation]:
    """The checks that a run has evaluated, by asset and name."""
    return {(check.asset_key.path[-1], check.check_name): check for check in run.get_asset_check_evaluations()}
