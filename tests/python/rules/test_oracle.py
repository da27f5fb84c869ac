"""The warehouse against the oracle: every report and breakdown, in every column, over random landing zones."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from comparison import compare
from harness import SEEDS, LandingZone, Warehouse, differing_rows
from oracle import Oracle
from random_landing import RandomLanding, random_landing

ACCOUNTS = 40


@pytest.fixture(scope="module", params=range(SEEDS))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[RandomLanding, Warehouse, Path, Random]:
    """A random landing zone, delivered and built at once."""
    rng = Random(request.param)
    folder = tmp_path_factory.mktemp("oracle")
    landing = random_landing(rng, accounts=ACCOUNTS)
    warehouse = Warehouse(folder / "warehouse.duckdb", LandingZone(folder / "landing", rng.choice(["jsonl", "parquet"])))
    return landing, warehouse, folder, rng


def test_every_report_agrees_with_the_oracle_at_once_and_in_any_increments(case) -> None:
    landing, warehouse, folder, rng = case
    cuts = sorted(rng.sample(range(len(landing.rows)), 3)) + [len(landing.rows)]
    start = 0
    for cut in cuts:
        batch = landing.rows[start:cut]
        warehouse.landing.deliver(batch, appending=rng.random() < 0.6, zipped=rng.random() < 0.4)
        warehouse.build()
        if cut == cuts[1]:
            compare(warehouse, Oracle(landing.rows[:cut]), rng, landing.accounts[:10])
        start = cut

    compared = compare(warehouse, Oracle(landing.rows), rng, landing.accounts)
    assert compared > 10_000

    at_once = Warehouse(folder / "at_once.duckdb", warehouse.landing)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}
