"""An operator's afternoon in a real Dagster: whatever goes wrong, the next successful build has every number right."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from backend import Backend
from comparison import compare
from harness import differing_rows
from oracle import LandedRow, Oracle
from ui import LOCATION, PATIENCE, REPOSITORY, Ui, dagster_in

from outreach.landing.sample import SampleSize

STEPS = ("landing_checks", "dbt_build", "mart_checks", "published_file")
ACCOUNTS = ["acc_1", "acc_2", "acc_3"]
ACCIDENTS = 30

START_SENSOR = "mutation ($of: SensorSelector!) { startSensor(sensorSelector: $of) { __typename } }"
RESET_SENSOR = "mutation ($of: SensorSelector!) { resetSensor(sensorSelector: $of) { __typename } }"
START_SCHEDULE = "mutation ($of: ScheduleSelector!) { startSchedule(scheduleSelector: $of) { __typename } }"
RELOAD = "mutation ($of: String!) { reloadRepositoryLocation(repositoryLocationName: $of) { __typename } }"
BACKFILL = """
    mutation ($of: LaunchBackfillParams!) {
        launchPartitionBackfill(backfillParams: $of) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
        }
    }
"""
BACKFILLED = "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"


class Afternoon:
    """A Dagster, the backend that delivers to it day after day, and the accidents.

    Args:
        ui: the Dagster.
        backend: with days that it has not delivered yet.
        rng: draws what is drawn.
    """

    def __init__(self, ui: Ui, backend: Backend, rng: Random) -> None:
        self.ui, self.backend, self.rng = ui, backend, rng
        self.rows = backend.rows()
        self.delivered = 0
        self.deliver(len(backend.days) - ACCIDENTS - 5)

    def deliver(self, days: int = 1) -> None:
        """The next days land."""
        self.backend.deliver(self.backend.days[self.delivered : self.delivered + days])
        self.delivered += days

    def landed(self) -> list[LandedRow]:
        """All that has landed so far."""
        days = {day.partition("=")[2] for day in self.backend.days[: self.delivered]}
        return [row for row in self.rows if f"{row.ingest_date}" in days]

    def assert_right(self) -> int:
        """Waits for running work, builds, and compares every report with the oracle. Returns the number of answers compared."""
        deadline = time.monotonic() + PATIENCE
        while runs := self.ui.unfinished():
            assert time.monotonic() < deadline, f"{runs} do not end"
            time.sleep(1)
        assert self.ui.finished(self.ui.launch("build")) == "SUCCESS"
        assert differing_rows(self.ui.published, self.ui.warehouse.path, besides=["publication"]) == {}
        return compare(self.ui.warehouse, Oracle(self.landed()), self.rng, ACCOUNTS)

    def reached(self, run_id: str, step: str) -> None:
        """Waits until a run is in a step, or past it."""
        deadline = time.monotonic() + PATIENCE
        while step not in self.ui.steps(run_id) and self.ui.status(run_id) not in ("SUCCESS", "FAILURE", "CANCELED"):
            assert time.monotonic() < deadline, f"run {run_id} does not reach {step}"
            time.sleep(0.05)

    # The accidents.

    def cancelled(self, step: str) -> None:
        """A run is cancelled in a step."""
        run = self.ui.launch("build")
        self.reached(run, step)
        time.sleep(self.rng.uniform(0, 1.5) if step in ("landing_checks", "dbt_build") else 0)
        self.ui.terminate(run)
        assert self.ui.finished(run) in ("CANCELED", "SUCCESS")

    def daemon_killed(self) -> None:
        """The daemon dies during a run, with another in the queue, and comes back."""
        first = self.ui.launch("build")
        second = self.ui.launch("build")
        self.reached(first, self.rng.choice(STEPS[:2]))
        self.ui.kill_daemon()
        assert self.ui.finished(first) == "SUCCESS"
        self.ui.start_daemon()
        assert self.ui.finished(second) == "SUCCESS"

    def reloaded(self) -> None:
        """The code location is reloaded during a run."""
        run = self.ui.launch("build")
        self.reached(run, self.rng.choice(STEPS[:2]))
        self.ui.ask(RELOAD, of=LOCATION)
        assert self.ui.finished(run) == "SUCCESS"

    def reexecuted(self) -> None:
        """A failed publication is re-executed from failure after another day has landed and been built."""
        beside = self.ui.published.with_name(f".{self.ui.published.name}.unfinished")
        beside.mkdir()
        failed = self.ui.launch("build")
        assert self.ui.finished(failed) == "FAILURE"
        beside.rmdir()
        self.deliver()
        assert self.ui.finished(self.ui.launch("build")) == "SUCCESS"
        assert self.ui.finished(self.ui.again(failed)) == "SUCCESS"

    def backfilled(self) -> None:
        """Five ingest days are read again while the schedule and the sensor are on, and a day lands meanwhile."""
        self.ui.ask(START_SCHEDULE, of=REPOSITORY | {"scheduleName": "hourly_build"})
        self.ui.ask(START_SENSOR, of=REPOSITORY | {"sensorName": "new_landing_files"})
        first = self.rng.randrange(self.delivered - 5)
        days = [day.partition("=")[2] for day in self.backend.days[first : first + 5]]
        selector = {"partitionSetName": "rebuild_days_partition_set", "repositorySelector": REPOSITORY}
        wanted = {"selector": selector, "partitionNames": days, "fromFailure": False}
        backfill = self.ui.do(BACKFILL, "LaunchBackfillSuccess", of=wanted)["backfillId"]
        deadline = time.monotonic() + 3 * PATIENCE
        while "COMPLETED" not in (status := self.ui.ask(BACKFILLED, id=backfill)["partitionBackfillOrError"]["status"]):
            assert time.monotonic() < deadline, f"the backfill does not end: {status}"
            time.sleep(1)
        assert status == "COMPLETED_SUCCESS"
        self.ui.ask(RESET_SENSOR, of=REPOSITORY | {"sensorName": "new_landing_files"})

    def disk_full(self, place: str) -> None:
        """A disk fills up during a run: that of the warehouse, of the published file, or of Dagster's folder."""
        published = self.ui.published.read_bytes()
        with self.full(self.ui.folder / place):
            run = self.ui.launch("build") if place != "home" else None
            if run:
                assert self.ui.finished(run) in ("FAILURE", "SUCCESS")
            else:
                # Dagster cannot even record the request.
                with pytest.raises(Exception):  # noqa: B017
                    self.ui.launch("build")
        assert self.ui.published.read_bytes() == published or (run and self.ui.status(run) == "SUCCESS")
        for left in self.ui.unfinished():
            self.ui.terminate(left, "MARK_AS_CANCELED_IMMEDIATELY")

    def unreadable(self) -> None:
        """A stream's folder becomes a link to itself during a run."""
        stream = self.ui.folder / "landing/message_events"
        kept = stream.rename(stream.with_name(".kept"))
        stream.symlink_to(stream)
        try:
            assert self.ui.finished(self.ui.launch("build")) == "FAILURE"
        finally:
            stream.unlink()
            kept.rename(stream)

    @contextmanager
    def full(self, disk: Path) -> Iterator[None]:
        """Fills a disk up to a page or two."""
        filler = disk / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - 20_000)
        try:
            yield
        finally:
            filler.unlink()


@pytest.fixture(scope="module")
def afternoon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afternoon]:
    if os.geteuid() != 0:
        pytest.skip("only root mounts disks of its own")
    folder = tmp_path_factory.mktemp("afternoon")
    # Dagster keeps some eight megabytes per run.
    disks = {"warehouse": "400m", "published": "100m", "home": "2g"}
    for place, size in disks.items():
        (folder / place).mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder / place)], check=True)
    try:
        backend = Backend(folder / "backend", folder / "landing", SampleSize(1500, 60))
        with dagster_in(folder) as ui:
            afternoon = Afternoon(ui, backend, Random(5))
            assert afternoon.assert_right() > 100
            yield afternoon
    finally:
        for place in disks:
            subprocess.run(["umount", "--lazy", str(folder / place)], check=True)


# Each of them once, then random ones up to ACCIDENTS.
KINDS: dict[str, Callable[[Afternoon], None]] = {
    **{f"a run is cancelled in {step}": lambda afternoon, step=step: afternoon.cancelled(step) for step in STEPS},
    "the daemon is killed": Afternoon.daemon_killed,
    "the code is loaded anew": Afternoon.reloaded,
    "a run is re-executed later": Afternoon.reexecuted,
    "five days are taken in again beside schedule and sensor": Afternoon.backfilled,
    **{
        f"the disk of {place} is full": lambda afternoon, place=place: afternoon.disk_full(place)
        for place in ("warehouse", "published", "home")
    },
    "the folder of a stream cannot be read": Afternoon.unreadable,
}
DRAWN = [*KINDS, *Random(3).choices(list(KINDS), k=ACCIDENTS - len(KINDS))]


@pytest.mark.parametrize(("number", "accident"), [*enumerate(DRAWN, start=1)])
def test_after_whatever_has_happened_every_number_is_right(afternoon: Afternoon, number: int, accident: str) -> None:
    afternoon.deliver()
    KINDS[accident](afternoon)
    assert afternoon.assert_right() > 100
