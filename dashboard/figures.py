"""Values as the page writes them, and what they changed by. Nothing here computes a KPI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

# In place of a value where there is nothing to divide by, or nothing to take the median of.
NOTHING = "—"

# Seconds of each unit.
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

Number = int | float


def figure(value: Number | None, unit: str) -> str:
    """A value, as a card shows it.

    Args:
        value: the value; a rate as a fraction, a duration in seconds.
        unit: `count`, `rate` or `seconds`.
    """
    if value is None:
        return NOTHING
    return {"count": count, "rate": percentage, "seconds": duration}[unit](value)


def count(value: Number) -> str:
    """A number of things: 12345 is 12,345."""
    return f"{value:,}"


def percentage(value: Number) -> str:
    """A fraction as percentage, with as many digits as say something: 0.25 is 25 %, 0.2534 is 25.3 %, 0.0042 is 0.42 %."""
    percent = 100 * value
    if 0 < percent < 0.005:
        return "< 0.01 %"
    return f"{_trimmed(percent, 2 if percent < 1 else 1)} %"


def duration(seconds: Number) -> str:
    """A duration in its two largest units, rounded to the smaller one: 3900 is 1h 5m, 3599.6 is 1h 0m, 45 is 45s."""
    seconds = round(seconds)
    for (large, size), (small, part) in pairwise(UNITS):
        # Rounding up may fill the large unit: 59m 59.6s is an hour.
        rounded = (seconds + part // 2) // part * part
        if rounded >= size:
            return f"{rounded // size:,}{large} {rounded % size // part}{small}"
    return f"{seconds}s"


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(start: date, end: date) -> str:
    """A range of days: 18 – 24 Nov 2026."""
    last = f"{end.day} {end:%b %Y}"
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {last}"
    first = f"{start.day} {start:%b}" if start.year == end.year else f"{start.day} {start:%b %Y}"
    return f"{first} – {last}"


@dataclass(frozen=True)
class Change:
    """What a value changed by.

    Args:
        text: as the card shows it.
        verdict: `better`, `worse`, or empty where neither direction is good.
    """

    text: str
    verdict: str = ""


def change(now: Number | None, then: Number | None, unit: str, good: str) -> Change | None:
    """The change of a value against another: of counts relative, of rates in points, of durations as a duration.

    Args:
        now: the value.
        then: what it was.
        unit: `count`, `rate` or `seconds`.
        good: `up` or `down`, or `none`.

    Returns:
        None where one of the two has no value.
    """
    if now is None or then is None:
        return None
    size = abs(now - then)
    if unit == "rate":
        text = f"{_trimmed(100 * size, 2 if 100 * size < 1 else 1)} points"
        is_same = text == "0 points"
    elif unit == "seconds":
        text = duration(size)
        is_same = text == "0s"
    else:
        text = f"{_trimmed(100 * size / then, 1)} %" if then else "from 0"
        is_same = size == 0
    if is_same:
        return Change("no change")
    direction = "up" if now > then else "down"
    verdict = "" if good == "none" else "better" if direction == good else "worse"
    return Change(f"{'▲' if direction == 'up' else '▼'} {text}", verdict)
