"""The KPI cards of a view, and the bars below them, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.figures import Change, Number, change, figure
from dashboard.reports import Row
from orchestration.kpis import Kpi, kpis

# The cards, in the order of the product's page.
CARDS = {
    "messaging": (
        "campaigns_created",
        "sms_sent",
        "sms_segments_sent",
        "carrier_block_rate",
        "replies_received",
        "delivery_rate",
        "opt_out_rate",
        "ai_filtering_rate",
        "reply_rate",
        "median_response_seconds",
        "leads",
        "contacts",
        "sms_to_lead_rate",
        "contact_to_lead_rate",
    ),
    "calling": (
        "calls_dialed",
        "calls_answered",
        "conversations",
        "response_rate",
        "average_call_seconds",
        "conversation_rate",
        "calling_leads",
        "deals_closed",
        "call_to_lead_rate",
        "lead_to_deal_rate",
    ),
}

# What a card's value is made up of, shown below it.
PARTS = {"campaigns_created": {"standard_campaigns": "standard", "keyword_campaigns": "keyword"}}

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


@cache
def kpi_of(name: str) -> Kpi:
    """A KPI by the name of its metric."""
    return next(kpi for kpi in kpis() if kpi.name == name)


def title_of(kpi: Kpi) -> str:
    """What the page calls a KPI."""
    return kpi.title or kpi.label


@dataclass(frozen=True)
class Named:
    """A value and what it is."""

    value: str
    title: str


@dataclass(frozen=True)
class Sparkline:
    """The course of a KPI over the days of the range.

    Args:
        lines: runs of days with a value, each day as a point in a box of 100 × 24.
    """

    lines: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def svg(self) -> str:
        """The drawing. It is embedded as a picture, so its one colour has to do on light and on dark."""
        return TEMPLATES.get_template("sparkline.svg").render(lines=self.lines)

    @classmethod
    def of(cls, values: Sequence[Number | None]) -> Sparkline:
        """The sparkline of one value per day.

        Args:
            values: in the order of the days; None, where a day has no value, interrupts the line.
        """
        known = [value for value in values if value is not None]
        if not known:
            return cls(())
        low, high = min(0, *known), max(known)
        lines: list[list[tuple[float, float]]] = [[]]
        for day, value in enumerate(values):
            if value is None:
                lines.append([])
            else:
                x = 100 * day / max(len(values) - 1, 1)
                y = 22 - 20 * (value - low) / ((high - low) or 1)
                lines[-1].append((round(x, 2), round(y, 2)))
        # A day between two without a value is a point, which is drawn as a very short line.
        return cls(tuple(tuple(line) if len(line) > 1 else (line[0], (line[0][0] + 0.01, line[0][1])) for line in lines if line))


@dataclass(frozen=True)
class Card:
    """One KPI as the page shows it.

    Args:
        kpi: what it is.
        title: what the page calls it.
        value: its value.
        change: against the period before; None where there is none.
        sparkline: its course.
        unfiltered: which of the chosen filters do not apply to it, if any.
        numerator, denominator: of a rate, what was divided by what.
        parts: what the value is made up of.
    """

    kpi: Kpi
    title: str
    value: str
    change: Change | None
    sparkline: Sparkline
    unfiltered: str
    numerator: Named | None
    denominator: Named | None
    parts: list[Named] = field(default_factory=list)


def card(name: str, now: Row, then: Row | None, by_day: Sequence[Row], filtered_by: Iterable[str]) -> Card:
    """The card of a KPI.

    Args:
        name: its metric.
        now: the report of the selection.
        then: the report of the period before; None without one.
        by_day: the report broken down by day.
        filtered_by: the filters that are set: `campaign`, `template`.
    """
    kpi = kpi_of(name)

    def named(metric: str | None) -> Named | None:
        return Named(figure(now[kpi_of(metric).column], kpi_of(metric).unit), title_of(kpi_of(metric))) if metric else None

    return Card(
        kpi=kpi,
        title=title_of(kpi),
        value=figure(now[kpi.column], kpi.unit),
        change=change(now[kpi.column], then[kpi.column], kpi.unit, kpi.good) if then else None,
        sparkline=Sparkline.of([row[kpi.column] for row in by_day]),
        unfiltered=" and ".join(kpi.ignored_of(filtered_by)),
        numerator=named(kpi.numerator),
        denominator=named(kpi.denominator),
        parts=[Named(figure(now[column], "count"), title) for column, title in PARTS.get(name, {}).items()],
    )


def cards_html(view: str, cards: Sequence[Card], compared: str) -> str:
    """The cards of a view.

    Args:
        view: its name.
        cards: the cards.
        compared: the days that they are compared with.
    """
    return TEMPLATES.get_template("cards.html").render(view=view, cards=cards, compared=compared)


@dataclass(frozen=True)
class Bar:
    """A row of a table of bars.

    Args:
        name: what it is.
        cells: what its further cells say.
        share: the length of the bar, between 0 and 1; None without one.
    """

    name: str
    cells: tuple[str, ...]
    share: float | None


def bars_html(title: str, headings: Sequence[str], bars: Sequence[Bar], kind: str = "") -> str:
    """A table, with a bar in each row where there are shares.

    Args:
        title: what the table is about, for who does not see it.
        headings: of its columns.
        bars: its rows.
        kind: `printed` for one that is on paper only.
    """
    has_bars = any(bar.share is not None for bar in bars)
    return TEMPLATES.get_template("bars.html").render(title=title, headings=headings, bars=bars, kind=kind, has_bars=has_bars)


@cache
def style() -> str:
    """The page's style sheet."""
    return f"<style>{Path(__file__).with_name('style.css').read_text()}</style>"
