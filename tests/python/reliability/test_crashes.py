"""Builds that are killed or run out of disk or memory, with readers all the while: nothing is lost, and nobody sees half of anything."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import duckdb
import pytest
from backend import Backend
from comparison import compare
from harness import BUILD, NIGHTLY, LandingZone, Warehouse, differing_rows, warehouse_in
from oracle import Oracle

from orchestration.dbt.assets import MANIFEST
from outreach.warehouse.publication import publish

KILLS = 30 if NIGHTLY else 3
ROUNDS = 10
READERS = 16


def seconds_unless_killed(warehouse: Warehouse, moment: float) -> float | None:
    """How long a build took; None if it was killed because it was still going on after so many seconds."""
    started = time.monotonic()
    process = warehouse.start()
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    return time.monotonic() - started


@contextmanager
def reading(published: Path) -> Iterator[list[str]]:
    """A reader that opens the published file again and again, and records whatever is wrong with it."""
    wrong, answers, stop = [], [0], threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                answers[0] += published.exists() and _whole(published, wrong)
            except Exception as error:
                wrong.append(repr(error))
            time.sleep(0.02)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield wrong
    finally:
        stop.set()
        reader.join()
    print(f"{answers[0]} answers read")


def _whole(published: Path, wrong: list[str]) -> int:
    # Attached, because DuckDB shares one instance among all who connect to the same path.
    with duckdb.connect() as db:
        db.execute(f"attach '{published}' as published (read_only); use published")
        counts = db.execute("select unnest(map_entries(row_counts)) from marts.publication").fetchall()
        for (entry,) in counts:
            found = db.execute(f"select count(*) from marts.{entry['key']}").fetchone()[0]
            if found != entry["value"]:
                wrong.append(f"{entry['key']} has {found} of {entry['value']} rows")
    return len(counts)


def test_killed_at_random_moments_while_the_landing_zone_grows_nothing_is_lost(tmp_path: Path) -> None:
    rng = Random(8)
    warehouse = warehouse_in(tmp_path)
    backend = Backend(tmp_path / "backend", warehouse.landing.path)
    cuts = [len(backend.days) * n // (KILLS + 2) for n in range(KILLS + 3)]
    backend.deliver(backend.days[: cuts[1]])
    started = time.monotonic()
    code, printed = warehouse.run_main_job()
    assert code == 0, printed
    seconds = time.monotonic() - started

    with reading(warehouse.published) as wrong:
        for start, end in pairwise(cuts[1:-1]):
            backend.deliver(backend.days[start:end])
            # A build that ended before its kill shows how long builds take by now.
            while ended := seconds_unless_killed(warehouse, rng.uniform(0.1, 1) * seconds):
                seconds = min(seconds, ended)
        backend.deliver(backend.days[cuts[-2] :])
        code, printed = warehouse.run_main_job()
        assert code == 0, printed
    assert wrong == []

    at_once = Warehouse(tmp_path / "at_once.duckdb", warehouse.landing)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}
    assert differing_rows(warehouse.published, warehouse.path, besides=["publication"]) == {}
    assert compare(warehouse, Oracle(backend.rows()), rng, [f"acc_{n}" for n in range(1, 11)]) > 5_000


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Backend]:
    """A warehouse that was built and published, and the backend that has more to deliver."""
    folder = tmp_path_factory.mktemp("standing")
    warehouse = Warehouse(folder / "built/warehouse.duckdb", LandingZone(folder / "built/landing"))
    backend = Backend(folder / "backend", warehouse.landing.path)
    backend.deliver(backend.days[:-5])
    code, printed = warehouse.run_main_job()
    assert code == 0, printed
    return warehouse, backend


def copy_of(standing: tuple[Warehouse, Backend], folder: Path) -> Warehouse:
    """A copy with everything landed."""
    warehouse, backend = standing
    shutil.copytree(warehouse.path.parent, folder, dirs_exist_ok=True)
    shutil.copytree(backend.source, folder / "landing", dirs_exist_ok=True)
    return warehouse_in(folder)


def dbt_build(warehouse: Warehouse, **more: str) -> subprocess.Popen:
    """dbt alone: the part of the main job between its checks."""
    dbt = str(Path(sys.executable).with_name("dbt"))
    arguments = ["--no-use-colors", "--log-level-file", "none", *BUILD]
    return warehouse.start(dbt, *arguments, DBT_PROFILES_DIR="profiles", **more)


def assert_unharmed_and_healed_by_the_next_run(warehouse: Warehouse, before: Warehouse) -> None:
    with duckdb.connect(str(warehouse.path)) as db:
        assert db.execute("select count(*) from marts.fct_messages").fetchone()[0] > 0
    assert differing_rows(before.published, warehouse.published) == {}
    process = dbt_build(warehouse)
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    # Not on the test's small disk.
    at_once = Warehouse(before.path.with_name("at_once.duckdb"), warehouse.landing)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a disk of its own")
def test_a_full_disk_is_a_clear_error_and_the_next_run_heals(standing: tuple[Warehouse, Backend], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], check=True)
    try:
        warehouse = copy_of(standing, disk)
        # Enough space to start, but not to write.
        with (disk / "filler").open("wb") as filler:
            filler.write(bytes(shutil.disk_usage(disk).free - 500_000))
        process = dbt_build(warehouse, DBT_TARGET_PATH=str(tmp_path / "target"))
        printed, _ = process.communicate()
        assert process.returncode == 1, printed
        assert "No space left on device" in printed
        (disk / "filler").unlink()
        assert_unharmed_and_healed_by_the_next_run(warehouse, standing[0])
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_too_little_memory_is_a_clear_error_and_the_next_run_heals(standing: tuple[Warehouse, Backend], tmp_path: Path) -> None:
    warehouse = copy_of(standing, tmp_path)
    process = dbt_build(warehouse, OUTREACH_MEMORY_LIMIT="5MB")
    printed, _ = process.communicate()
    assert process.returncode == 1, printed
    assert "Out of Memory Error" in printed
    assert_unharmed_and_healed_by_the_next_run(warehouse, standing[0])


def test_of_two_builds_by_dbt_at_once_one_ends_and_names_who_holds_the_warehouse(
    standing: tuple[Warehouse, Backend], tmp_path: Path
) -> None:
    warehouse = copy_of(standing, tmp_path)
    builds = [dbt_build(warehouse), dbt_build(warehouse, DBT_TARGET_PATH=str(tmp_path / "other target"))]
    printed = [process.communicate()[0] for process in builds]
    ended = [text for text, process in zip(printed, builds, strict=True) if process.returncode]
    assert len(ended) < 2, printed
    assert all("Could not set lock on file" in text and "PID" in text for text in ended), ended
    at_once = Warehouse(tmp_path / "at_once.duckdb", warehouse.landing)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}


def test_readers_see_one_publication_whole_through_ten_republishes(standing: tuple[Warehouse, Backend], tmp_path: Path) -> None:
    one, other = standing[0], copy_of(standing, tmp_path)
    other.build()
    published = tmp_path / "read.duckdb"
    publish(one.path, published, MANIFEST, "one")
    answers = {}
    for name, warehouse in (("one", one), ("other", other)):
        with duckdb.connect(str(warehouse.path), read_only=True) as db:
            answers[name] = db.execute(QUESTION).fetchall()
    assert answers["one"] != answers["other"]

    stop = threading.Event()
    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(_ask_without_pause, published, answers, stop) for _ in range(READERS)]
        for turn in range(ROUNDS):
            name, warehouse = [("other", other), ("one", one)][turn % 2]
            publish(warehouse.path, published, MANIFEST, name)
        stop.set()
        asked = [reader.result() for reader in readers]
    assert min(asked) > ROUNDS
    print(f"{sum(asked)} answers compared")


QUESTION = """
    select account_id, (select sms_sent from reports.messaging_report(account_id, '2026-09-01', '2026-11-30')),
        (select calls_dialed from reports.calling_report(account_id, '2026-09-01', '2026-11-30'))
    from marts.dim_accounts where account_id in ('acc_1', 'acc_2', 'acc_3') order by account_id
"""


def _ask_without_pause(published: Path, answers: dict[str, list], stop: threading.Event) -> int:
    asked = 0
    while not stop.is_set():
        with duckdb.connect() as db:
            db.execute(f"attach '{published}' as published (read_only); use published")
            (run_id,) = db.execute("select run_id from marts.publication").fetchone()
            assert db.execute(QUESTION).fetchall() == answers[run_id]
        asked += 1
    return asked
