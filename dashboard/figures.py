"""How the page writes ranges of days and changes of values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from outreach.kpis.units import UNITS, Number


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
    """By how much a value changed.

    Args:
        text: as the card shows it.
        verdict: `better`, `worse`, or empty if neither direction is good.
    """

    text: str
    verdict: str = ""


def change(now: Number | None, then: Number | None, unit: str, good: str) -> Change | None:
    """The change from one value to another: points for rates, a duration for durations, per cent for anything else.

    Args:
        now: the current value.
        then: the earlier value.
        unit: one of `UNITS`.
        good: `up` or `down`, or `none`.

    Returns:
        None if either has no value.
    """
    if now is None or then is None:
        return None
    difference = UNITS[unit].difference(now, then)
    if not difference:
        return Change("no change")
    direction = "up" if now > then else "down"
    verdict = "" if good == "none" else "better" if direction == good else "worse"
    return Change(f"{'▲' if direction == 'up' else '▼'} {difference}", verdict)
