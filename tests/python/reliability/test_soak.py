"""The long haul: many days, with a build after every few."""

from __future__ import annotations

import resource
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from backend import Backend
from harness import NIGHTLY, Warehouse, differing_rows, warehouse_in

from outreach.landing.sample import SampleSize
from outreach.warehouse.compaction import compact, holds_erased_bytes

BUILDS = 40 if NIGHTLY else 5


def test_days_cost_the_same_and_compaction_keeps_the_file_as_small_as_a_new_one(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    days = BUILDS * 5
    backend = Backend(tmp_path / "backend", warehouse.landing.path, SampleSize(messages=60 * days, days=days))
    seconds, sizes = [], []
    for n in range(BUILDS):
        backend.deliver(backend.days[len(backend.days) * n // BUILDS : len(backend.days) * (n + 1) // BUILDS])
        started = time.monotonic()
        warehouse.build()
        seconds.append(time.monotonic() - started)
        sizes.append(warehouse.path.stat().st_size)
    print(f"{len(backend.days)} days, seconds {[round(s, 1) for s in seconds]}, MB {[round(s / 1e6, 1) for s in sizes]}")
    print(f"most memory of a build: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6:.2f} GB")
    if NIGHTLY:
        quarter = BUILDS // 4
        assert median(seconds[-quarter:]) < 1.3 * median(seconds[quarter : 2 * quarter])
        growth = [later - earlier for earlier, later in pairwise(sizes)]
        assert median(growth[-quarter:]) < 1.5 * max(median(growth[quarter : 2 * quarter]), 200_000)

    at_once = Warehouse(tmp_path / "at_once.duckdb", warehouse.landing)
    at_once.build("--full-refresh")
    before = differing_rows(warehouse.path, at_once.path)
    assert before == {}
    assert not holds_erased_bytes(warehouse.path)
    compact(warehouse.path)
    assert differing_rows(warehouse.path, at_once.path) == {}
    assert warehouse.path.stat().st_size <= 1.3 * at_once.path.stat().st_size
    # Builds go on from there.
    warehouse.build()
    assert differing_rows(warehouse.path, at_once.path) == {}
