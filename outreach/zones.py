"""Timezones by the zone database of the `tzdata` package, whatever the machine or an engine has of its own.

Governments change their clocks on short notice; an engine's rules are as old as the engine. The package is of the lock, so that a newer
release of the database moves days with the next build.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

# The release of the zone database, such as `2026f`.
RELEASE: str = tzdata.IANA_VERSION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timezone_names() -> list[str]:
    """Every name of the zone database, links included."""
    return resources.files("tzdata").joinpath("zones").read_text().split()


# A dictionary, since Spark's workers get these functions by value, and cannot a cached one.
_zones: dict[str, ZoneInfo] = {}


def timezone(name: str) -> ZoneInfo:
    """A timezone.

    Args:
        name: its name in the zone database.

    Raises:
        FileNotFoundError: it has no such name.
    """
    if name not in _zones:
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
            _zones[name] = ZoneInfo.from_file(rules, key=name)
    return _zones[name]


def local_day(microseconds: int, name: str) -> date:
    """The calendar day that a timezone's clocks show.

    Args:
        microseconds: the moment, since 1970 in UTC; of a year from 1 to 9999.
        name: of the timezone.

    Returns:
        The day. One that is before the year 1 or after the year 9999 is the first or last of these years.
    """
    moment = _EPOCH + timedelta(microseconds=microseconds)
    try:
        return moment.astimezone(timezone(name)).date()
    except OverflowError:
        return moment.date()


def local_hour(microseconds: int, name: str) -> int:
    """The hour, from 0 to 23, that a timezone's clocks show.

    Args:
        microseconds: the moment, since 1970 in UTC; of a year from 1 to 9999.
        name: of the timezone.

    Returns:
        The hour. Where the day would be before the year 1 or after the year 9999, that of UTC.
    """
    moment = _EPOCH + timedelta(microseconds=microseconds)
    try:
        return moment.astimezone(timezone(name)).hour
    except OverflowError:
        return moment.hour


def moment_of(day: date, minutes: int, name: str) -> int:
    """When a timezone's clocks show a time.

    Args:
        day: the calendar day there.
        minutes: from its midnight on; 1440 is the midnight that ends it.
        name: of the timezone.

    Returns:
        Microseconds since 1970 in UTC. A time that comes twice is the earlier one; one that is skipped is as late as it would have been.
    """
    clock = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
    return (clock.replace(tzinfo=timezone(name)).astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def today(name: str) -> date:
    """The calendar day that a timezone's clocks show now.

    Args:
        name: of the timezone.
    """
    return datetime.now(timezone(name)).date()
