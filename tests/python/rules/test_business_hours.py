"""The seconds of a wait within business hours: the build against the oracle, over random accounts and timezones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest
from comparison import same
from harness import LandingZone, Warehouse, ask, copy_of_project, warehouse_in
from oracle import Oracle
from random_landing import DAYS, FIRST_DAY, random_landing

# Of every account on weekdays with a break at noon and all of Sunday, when clocks change; of one account its own.
HOURS = """account_id,weekday,opens,closes
,1,09:00,12:00
,1,13:00,17:30
,2,09:00,12:00
,4,00:00,24:00
,5,22:15,24:00
,7,00:00,24:00
a1,3,08:00,20:00
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, whose business hours each test writes anew."""
    return copy_of_project(tmp_path_factory.mktemp("hours") / "project")


def test_business_seconds_are_those_of_the_oracle(project: Path, tmp_path: Path) -> None:
    (project / "seeds/business_hours.csv").write_text(HOURS)
    landing = random_landing(Random(4), accounts=20)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", LandingZone(tmp_path / "landing"), project)
    warehouse.landing.deliver(landing.rows)
    warehouse.build_for("responses_by_user")
    oracle = Oracle(landing.rows, project / "seeds")
    compared = 0
    with warehouse.connect() as db:
        for account in landing.accounts:
            arguments = account, FIRST_DAY - timedelta(days=3), FIRST_DAY + timedelta(days=DAYS + 3)
            found, expected = ask(db, "responses_by_user", *arguments), oracle.responses_by_user(*arguments)
            for found_row, expected_row in zip(found, expected, strict=True):
                wrong = {name: (found_row[name], value) for name, value in expected_row.items() if not same(found_row[name], value)}
                assert not wrong, (account, wrong)
                compared += 1
        shorter = "select count(*) filter (where business_seconds < response_seconds), count(*) from marts.fct_response_times"
        some, all_of_them = db.execute(shorter).fetchone()
    assert compared >= 15 and 0 < some < all_of_them


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = warehouse_in(tmp_path_factory.mktemp("hours"))
    warehouse.dbt("seed", "--select", "business_hours")
    return warehouse


# A seed whose test fails stops the build: each model that reads it is skipped.
@pytest.mark.parametrize(
    "rows", [[(1, "9:00", "17:00")], [(1, "09:00", "25:00")], [(1, "17:00", "09:00")], [(1, "09:00", "12:00"), (1, "11:59", "13:00")],
             [(8, "09:00", "17:00")]],
)  # fmt: skip
def test_hours_that_are_none_fail_their_test(seeded: Warehouse, rows: list[tuple[int, str, str]]) -> None:
    with duckdb.connect(str(seeded.path)) as db:
        db.execute("delete from seeds.business_hours")
        db.executemany("insert into seeds.business_hours values (null, ?, ?, ?)", rows)
    tested = seeded.dbt("test", "--select", "business_hours_are_times_apart", check=False)
    assert tested.returncode == 1 and "FAIL 1 business_hours_are_times_apart" in tested.stdout
