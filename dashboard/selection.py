"""What the page shows: its whole state is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard.figures import span
from dashboard.reports import Filters

VIEWS = {"messaging": "Messaging", "calling": "Calling"}

PRESETS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last-7-days": "Last 7 days",
    "last-30-days": "Last 30 days",
    "this-month": "This month",
    "last-month": "Last month",
    "custom": "Custom",
}
DEFAULT_PRESET = "last-7-days"

# Days outside this century are typing errors. Nothing was sent on them.
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2099, 12, 31)


def days_of(preset: str, today: date) -> tuple[date, date]:
    """The first and last day of a preset.

    Args:
        preset: one of `PRESETS` except `custom`.
        today: the current day of the account.
    """
    first_of_month = today.replace(day=1)
    yesterday = today - timedelta(days=1)
    last_of_last_month = first_of_month - timedelta(days=1)
    return {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "last-7-days": (today - timedelta(days=6), today),
        "last-30-days": (today - timedelta(days=29), today),
        "this-month": (first_of_month, today),
        "last-month": (last_of_last_month.replace(day=1), last_of_last_month),
    }[preset]


@dataclass(frozen=True)
class DateRange:
    """The chosen days.

    Args:
        preset: one of `PRESETS`.
        start, end: first and last day.
        notices: a sentence for each part of the URL that was corrected.
    """

    preset: str
    start: date
    end: date
    notices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The text on the page's button."""
        return f"{PRESETS[self.preset]} · {span(self.start, self.end)}"

    @classmethod
    def from_url(cls, query: Mapping[str, str], today: date) -> DateRange:
        """The range given by the URL's `range`, or by its `start` and `end`.

        Args:
            query: the URL's parameters.
            today: the current day of the account.
        """
        preset = query.get("range", "custom" if {"start", "end"} & query.keys() else DEFAULT_PRESET)
        if preset in PRESETS and preset != "custom":
            return cls(preset, *days_of(preset, today))
        default = days_of(DEFAULT_PRESET, today)
        if preset != "custom":
            return cls(DEFAULT_PRESET, *default, notices=("The page does not know the link's date range; these are the last 7 days.",))
        try:
            start, end = (date.fromisoformat(query[name]) for name in ("start", "end"))
        except (KeyError, ValueError):
            return cls(DEFAULT_PRESET, *default, notices=("The link's days are not two dates (YYYY-MM-DD); these are the last 7 days.",))
        notices = []
        if end < start:
            start, end = end, start
            notices.append("The link's range ends before it starts; its days were swapped.")
        first, last = (min(max(day, FIRST_DAY), LAST_DAY) for day in (start, end))
        if (first, last) != (start, end):
            notices.append(f"Days before {FIRST_DAY.year} and after {LAST_DAY.year} were left out.")
        return cls("custom", first, last, notices=tuple(notices))


def before(filters: Filters) -> Filters | None:
    """The filters for the previous period of the same length; None if the calendar has no such days.

    Args:
        filters: the filters for the current period.
    """
    length = filters.end - filters.start + timedelta(days=1)
    if filters.start - date.min < length:
        return None
    return Filters(filters.account, filters.start - length, filters.start - timedelta(days=1), filters.campaign, filters.template)
