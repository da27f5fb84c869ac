"""A build with nothing to do says so and ends; a build with anything to do starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from harness import Built, Warehouse, copied_to
from oracle import PROJECT
from stories import of_account, sent

from outreach.settings import Settings
from outreach.warehouse import fingerprints
from outreach.warehouse.standing import built_from, standing_publication


@pytest.fixture(scope="module")
def whole(small: Built) -> Warehouse:
    """A warehouse that the main job has built, checked and published."""
    return small.warehouse


@pytest.fixture
def copied(whole: Warehouse, tmp_path: Path) -> Warehouse:
    return copied_to(tmp_path / "copied", whole)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, as old as the original, whose files count as the project's."""
    folder = tmp_path / "project"
    for place in fingerprints.PROJECT_FILES:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (PROJECT / place).is_dir() else shutil.copy2
        copy(PROJECT / place, folder / place)
    monkeypatch.setattr(fingerprints, "PROJECT", folder)
    return folder


def stands(warehouse: Warehouse) -> bool:
    home = warehouse.path.with_name("dagster")
    settings = Settings(str(warehouse.landing.path), "jsonl", warehouse.path, warehouse.published, home, home)
    return standing_publication(settings) is not None


def test_with_nothing_new_the_job_says_so_prints_the_same_reports_and_starts_no_run(whole: Warehouse) -> None:
    before = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in (whole.path, whole.published)]
    code, printed = whole.run_main_job()
    assert code == 0
    assert printed.startswith("Nothing is new: the last run was whole, and no landing file, seed, macro, model or check has changed since")
    assert "Messaging: a, 2026-11-04 to 2026-11-10" in printed and "What came in" in printed and "Landing checks" not in printed
    assert [(file.stat().st_ino, file.stat().st_mtime_ns) for file in (whole.path, whole.published)] == before


def newest_file(warehouse: Warehouse) -> Path:
    (file,) = (warehouse.landing.path / "message_events/ingest_date=2026-11-19").iterdir()
    return file


def deliver(warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", sent("m3", "11-11 10:00")))


def grow(warehouse: Warehouse) -> None:
    with newest_file(warehouse).open("a") as file:
        file.write("\n")


def rewrite_unseen(warehouse: Warehouse) -> None:
    """Writes different content of the same size and age."""
    file = newest_file(warehouse)
    stat = file.stat()
    file.write_bytes(file.read_bytes().replace(b'"m2"', b'"x2"'))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def in_warehouse(statement: str) -> Callable[[Warehouse], None]:
    def change(warehouse: Warehouse) -> None:
        with duckdb.connect(str(warehouse.path)) as db:
            db.execute(statement)

    return change


CHANGES = {
    "a landing file came": deliver,
    "a landing file grew": grow,
    "a file of the open day has other content of the same size and age": rewrite_unseen,
    "a landing file went": lambda warehouse: newest_file(warehouse).unlink(),
    "days are to be taken in again": in_warehouse("update staging.landing_files set rules = ''"),
    "a build died after it had found what to recompute": in_warehouse(
        "update intermediate.build_state set batch = batch + 1 where model_name = 'int_touched_contacts'"
    ),
    "a build died before it wrote a fact table": in_warehouse("delete from intermediate.build_state where model_name = 'fct_calls'"),
    "a table was dropped": in_warehouse("drop table marts.fct_messages"),
    "a report function was dropped": in_warehouse("drop macro table reports.label_report"),
    "the warehouse is not there": lambda warehouse: warehouse.path.unlink(),
    "nothing is published": lambda warehouse: warehouse.published.unlink(),
    "the published file is none": lambda warehouse: warehouse.published.write_text("half of a file"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_run_would_find_starts_one(copied: Warehouse, change: str) -> None:
    assert stands(copied)
    CHANGES[change](copied)
    assert not stands(copied)


@pytest.mark.parametrize(
    "file", ["seeds/opt_out_phrases.csv", "macros/kpis/rates.sql", "models/reports/label_report.yml", "outreach/quality/rules.py"]
)
def test_a_changed_project_starts_a_run(copied: Warehouse, project: Path, file: str) -> None:
    assert stands(copied)
    with (project / file).open("a") as changed:
        changed.write("\n")
    assert not stands(copied)


def test_who_holds_the_warehouse_is_waited_for_and_not_passed_by(copied: Warehouse) -> None:
    with duckdb.connect(str(copied.path)):
        assert not stands(copied)


@pytest.fixture
def moments(project: Path) -> Iterator[tuple[datetime, datetime]]:
    """Before and after the project's latest change."""
    newest = fingerprints.newest_project_file()
    yield newest - timedelta(seconds=1), newest + timedelta(seconds=1)


def test_a_publication_of_a_project_that_changed_meanwhile_stands_for_nothing(whole: Warehouse, moments: tuple[datetime, datetime]) -> None:
    before, after = moments
    assert built_from(whole.path, before) is None
    assert built_from(whole.path, after) is not None
