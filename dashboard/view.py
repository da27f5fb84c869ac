"""One view of one selection, and its report rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from dashboard.reports import Account, Filters, Reports, Row
from dashboard.selection import before

# Longer ranges are drawn only from the first to the last day with activity.
MOST_EMPTY_DAYS = 731


@dataclass(frozen=True)
class View:
    """One view of one selection, and its report rows.

    Args:
        reports: the viewer's reports.
        name: `messaging` or `calling`.
        account: the account.
        filters: the selection.
    """

    reports: Reports
    name: str
    account: Account
    filters: Filters

    def ask(self, report: str, filters: Filters | None = None) -> list[Row]:
        """The rows of one of the view's reports, for the selection or for other filters."""
        return self.reports.rows(f"{self.name}_{report}", filters or self.filters)

    @cached_property
    def unfiltered(self) -> Filters:
        """The same account and days, without campaign and template."""
        return replace(self.filters, campaign=None, template=None)

    @cached_property
    def filtered_by(self) -> list[str]:
        """The filters that are set."""
        return [name for name in ("campaign", "template") if getattr(self.filters, name) is not None]

    @cached_property
    def now(self) -> Row:
        """The report."""
        (row,) = self.ask("report")
        return row

    @cached_property
    def before(self) -> Filters | None:
        """The filters for the previous period."""
        return before(self.filters)

    @cached_property
    def then(self) -> Row | None:
        """The previous period's report."""
        return self.ask("report", self.before)[0] if self.before else None

    @cached_property
    def by_day(self) -> list[Row]:
        """The report by day."""
        return self._by_day(self.filters)

    @cached_property
    def by_day_before(self) -> list[Row]:
        """The previous period's report by day."""
        return self._by_day(self.before) if self.before and self._is_drawn_whole else []

    @property
    def _is_drawn_whole(self) -> bool:
        return self.filters.end - self.filters.start < timedelta(days=MOST_EMPTY_DAYS)

    def _by_day(self, filters: Filters) -> list[Row]:
        if not self._is_drawn_whole:
            active = self.reports.active_days(filters.account)
            if not active or active[1] < filters.start or active[0] > filters.end:
                return []
            filters = replace(filters, start=max(filters.start, active[0]), end=min(filters.end, active[1]))
        return self.ask("by_day", filters)
