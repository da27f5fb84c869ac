"""What the benchmark measures: a landing zone of a given size, the warehouse built from it, and its published file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import duckdb

from outreach.landing.sample import SampleSize, write_sample
from outreach.settings import PROJECT
from outreach.warehouse.manifest import DBT
from outreach.warehouse.publication import publish

DAYS = 90


@dataclass(frozen=True)
class Build:
    """One run of dbt.

    Args:
        wall_seconds: from start to end.
        model_seconds: the time of all models, added up.
        seconds_by_model: the time of each model.
        peak_bytes: the process's peak memory.
    """

    wall_seconds: float
    model_seconds: float
    seconds_by_model: dict[str, float]
    peak_bytes: int

    def slowest(self, models: int) -> list[tuple[str, float]]:
        """The slowest models, each with its seconds."""
        return sorted(self.seconds_by_model.items(), key=lambda item: -item[1])[:models]


@dataclass(frozen=True)
class Zone:
    """A landing zone of Parquet files and everything built from it, in one folder.

    Args:
        folder: the folder.
        messages: outbound messages, approximately.
    """

    folder: Path
    messages: int

    @property
    def landing(self) -> Path:
        """The landing zone."""
        return self.folder / "landing"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that builds write."""
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The file that readers open."""
        return self.folder / "published.duckdb"

    def write(self) -> None:
        """Writes the landing zone unless it is already there. In a process of its own, whose memory later builds do not inherit."""
        if not self.landing.exists():
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
                other.submit(self._write).result()

    def _write(self) -> None:
        unfinished = self.folder / "landing.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        size = SampleSize(self.messages, DAYS)
        write_sample(unfinished, size=size, file_format="parquet", progress=lambda line: None)
        unfinished.rename(self.landing)

    def environment(self, **more: str) -> dict[str, str]:
        """The environment variables that point dbt at this zone."""
        return os.environ | {
            "OUTREACH_LANDING": str(self.landing),
            "OUTREACH_LANDING_FORMAT": "parquet",
            "OUTREACH_WAREHOUSE": str(self.warehouse),
            "OUTREACH_PUBLISHED": str(self.published),
            "DBT_PROFILES_DIR": "profiles",
            "DBT_TARGET_PATH": str(self.folder / "target"),
        } | more  # fmt: skip

    def build(self, *arguments: str, dbt: Path | None = None, **variables: str) -> Build:
        """Runs dbt's seeds and models, without its tests.

        Args:
            arguments: more arguments for dbt.
            dbt: the executable, if it is not the environment's.
            variables: more environment variables.

        Raises:
            RuntimeError: dbt failed. The message is dbt's output.
        """
        command = [str(dbt or DBT), "--no-use-colors", "--log-level-file", "none", "build", "--exclude-resource-type", "test", "unit_test"]
        log = self.folder / "dbt.log"
        started = time.perf_counter()
        with log.open("w") as output:
            process = subprocess.Popen(
                [*command, *arguments], cwd=PROJECT, env=self.environment(**variables), stdout=output, stderr=subprocess.STDOUT
            )
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"dbt failed:\n{log.read_text()[-3000:]}")
        results = json.loads((self.folder / "target/run_results.json").read_text())["results"]
        by_model = {r["unique_id"].split(".")[-1]: r["execution_time"] for r in results if r["unique_id"].startswith("model.")}
        return Build(wall, sum(by_model.values()), by_model, usage.ru_maxrss * 1024)

    def publish(self) -> float:
        """Publishes, and returns how many seconds that took."""
        manifest = json.loads((self.folder / "target/manifest.json").read_text())
        started = time.perf_counter()
        publish(self.warehouse, self.published, manifest, "bench")
        return time.perf_counter() - started

    def remove(self) -> None:
        """Removes the warehouse and the published file, and keeps the landing zone."""
        for file in self.folder.glob("*.duckdb*"):
            file.unlink()

    @contextmanager
    def without_last_day(self) -> Iterator[None]:
        """Hides the last ingest day while the block runs."""
        last = max(path.name for path in self.landing.glob("*/ingest_date=*"))
        aside = self.folder / "aside"
        days = [(folder, aside / folder.parent.name) for folder in self.landing.glob(f"*/{last}")]
        for folder, kept in days:
            kept.mkdir(parents=True, exist_ok=True)
            folder.rename(kept / last)
        try:
            yield
        finally:
            for folder, kept in days:
                (kept / last).rename(folder)

    def floor(self) -> float:
        """Seconds DuckDB needs to read the same rows, cast what is not text, and write them to a file.

        Measured in a process of its own, because what a process holds when it starts a build would count as the build's memory.
        """
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            return other.submit(self._read_cast_and_write).result()

    def _read_cast_and_write(self) -> float:
        file = self.folder / "floor.duckdb"
        file.unlink(missing_ok=True)
        casts = {
            "message_events": "try_cast(occurred_at as timestamptz) as occurred_at, try_cast(segments as int) as segments",
            "contact_events": "try_cast(occurred_at as timestamptz) as occurred_at",
            "call_events": "try_cast(occurred_at as timestamptz) as occurred_at, try_cast(duration_seconds as int) as duration_seconds",
        }
        streams = [path.name for path in sorted(self.landing.iterdir()) if path.is_dir()]
        started = time.perf_counter()
        with duckdb.connect(str(file), config={"preserve_insertion_order": False}) as db:
            # DuckDB takes a process that was started like this for a person's.
            db.execute("set enable_progress_bar = false")
            for stream in streams:
                replaced = f"* replace ({casts[stream]})" if stream in casts else "*"
                files = f"read_parquet('{self.landing}/{stream}/*/*.parquet', union_by_name = true)"
                db.execute(f"create table {stream} as select {replaced} from {files}")
        seconds = time.perf_counter() - started
        file.unlink()
        return seconds
