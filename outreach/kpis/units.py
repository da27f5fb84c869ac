"""The units of KPIs: how values and changes are written, stored and drawn. Nothing here computes a KPI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# Shown if there is nothing to divide by or to take the median of.
NOTHING = "—"

# Seconds of each unit.
SECONDS_OF = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

Number = int | float


@dataclass(frozen=True)
class Unit:
    """A unit.

    Args:
        text: formats a value.
        difference: formats the first value's difference from the second; empty if both read the same.
        sql_type: the type of its columns.
        axis: the axis format of charts, in Vega-Lite's notation.
    """

    text: Callable[[Number], str]
    difference: Callable[[Number, Number], str]
    sql_type: str
    axis: dict[str, Any]


def figure(value: Number | None, unit: str) -> str:
    """Formats a value in its unit.

    Args:
        value: the value; a rate as a fraction, a duration in seconds.
        unit: one of `UNITS`.
    """
    return NOTHING if value is None else UNITS[unit].text(value)


def count(value: Number) -> str:
    """A number of things: 12345 is 12,345."""
    return f"{value:,}"


def percentage(value: Number) -> str:
    """A fraction as a percentage with its significant digits: 0.25 is 25 %, 0.2534 is 25.3 %, 0.0042 is 0.42 %."""
    percent = 100 * value
    if 0 < percent < 0.005:
        return "< 0.01 %"
    return f"{trimmed(percent, 2 if percent < 1 else 1)} %"


def points(value: Number) -> str:
    """A difference of two fractions, with its sign: -0.107 is −10.7 points."""
    text = trimmed(100 * abs(value), 1)
    sign = "" if text == "0" else "−" if value < 0 else "+"
    return f"{sign}{text} points"


def duration(seconds: Number) -> str:
    """A duration in its two largest units, rounded to the smaller one: 3900 is 1h 5m, 3599.6 is 1h 0m, 45 is 45s."""
    seconds = round(seconds)
    for (large, size), (small, part) in pairwise(SECONDS_OF):
        # Rounding up may complete the larger unit: 59m 59.6s is an hour.
        rounded = (seconds + part // 2) // part * part
        if rounded >= size:
            return f"{rounded // size:,}{large} {rounded % size // part}{small}"
    return f"{seconds}s"


def money(value: Number) -> str:
    """An amount in the account's currency: 1234.5 is 1,234.50; below 1 it keeps its significant digits: 0.0079."""
    return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}" if abs(value) >= 0.0001 else "< 0.0001"


def number(value: Number) -> str:
    """A plain number, such as a ratio of two counts: 2.5, 1,234.57."""
    return trimmed(value, 2)


def trimmed(value: float, digits: int) -> str:
    """A number without trailing zeros: 2.50 is 2.5."""
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _in_per_cent(now: Number, then: Number) -> str:
    if now == then:
        return ""
    return f"{trimmed(100 * abs(now - then) / abs(then), 1)} %" if then else "from 0"


def _in_points(now: Number, then: Number) -> str:
    points = 100 * abs(now - then)
    text = trimmed(points, 2 if points < 1 else 1)
    return "" if text == "0" else f"{text} points"


def _in_time(now: Number, then: Number) -> str:
    text = duration(abs(now - then))
    return "" if text == "0s" else text


UNITS = {
    "count": Unit(count, _in_per_cent, "bigint", {"format": "~s", "tickMinStep": 1}),
    "rate": Unit(percentage, _in_points, "double", {"format": "~%"}),
    "seconds": Unit(duration, _in_time, "double", {}),
    "money": Unit(money, _in_per_cent, "double", {}),
    "number": Unit(number, _in_per_cent, "double", {}),
}
