"""Local days in every timezone: the build against Python's own zoneinfo."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import duckdb
import pandas as pd
import pytest
from harness import NIGHTLY

from outreach import zones
from outreach.macros import call

YEARS = range(1990, 2038)
MIDNIGHTS = 60 if NIGHTLY else 6


@pytest.fixture
def zone_database() -> Iterator[None]:
    """Python uses the package's zones, not the machine's, which may be older."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def test_the_day_of_every_moment_around_midnight_in_six_hundred_zones_over_48_years(zone_database: None) -> None:
    rng, names = Random(3), zones.timezone_names()
    assert len(names) > 590
    moments, days = [], []
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        for year in YEARS:
            for _ in range(MIDNIGHTS):
                # Clocks change at night, so errors show at the first and last moments of a day.
                day = date(year, 1, 1) + timedelta(days=rng.randrange(365))
                midnight = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
                moment = midnight + timedelta(microseconds=rng.choice([-1, 0, 1, -900_000_000, 899_999_999]))
                moments.append((name, moment.replace(tzinfo=None)))
                days.append(moment.astimezone(zone).date())
    with duckdb.connect() as db:
        db.create_function("local_day", zones.local_day, ["bigint", "varchar"], "date")
        db.register("moments", pd.DataFrame(moments, columns=["name", "moment"]).reset_index(names="place"))
        found = db.execute(f"""
            select {call("local_day", call("quarter_hour", "moment"), "name")} from moments order by place
        """).fetchall()
    wrong = [(moment, str(was), str(day)) for moment, (was,), day in zip(moments, found, days, strict=True) if was != day]
    assert wrong == [], wrong[:5]
    print(f"{len(found)} days compared")
