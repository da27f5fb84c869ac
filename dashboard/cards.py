"""A view's KPI cards, and the bars below them, as HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.figures import Change, change
from dashboard.reports import Row
from outreach.kpis.entries import Kpi, carded, kpi, needed, of_view
from outreach.kpis.units import Number, figure

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True)
class Named:
    """A value with its label."""

    value: str
    title: str


@dataclass(frozen=True)
class Sparkline:
    """A KPI's course over the days of the range.

    Args:
        lines: unbroken runs of days with a value; each day is a point in a box of 100 × 24.
    """

    lines: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def svg(self) -> str:
        """The drawing. It is embedded as an image, so its one colour has to work on light and dark backgrounds."""
        return TEMPLATES.get_template("sparkline.svg").render(lines=self.lines)

    @classmethod
    def of(cls, values: Sequence[Number | None]) -> Sparkline:
        """The sparkline of one value per day.

        Args:
            values: in day order; None interrupts the line.
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
        # A lone day is a point, drawn as a very short line.
        return cls(tuple(tuple(line) if len(line) > 1 else (line[0], (line[0][0] + 0.01, line[0][1])) for line in lines if line))


@dataclass(frozen=True)
class Card:
    """One KPI as a card shows it.

    Args:
        kpi: its entry.
        value: its value.
        change: against the previous period; None if there is none.
        sparkline: its course.
        unfiltered: the chosen filters that do not apply to it.
        numerator, denominator: the two sides of a ratio.
        parts: KPIs shown on the same card.
        has_landed: whether the account has ever landed anything that it counts. If not, it has no value, not even 0.
    """

    kpi: Kpi
    value: str
    change: Change | None
    sparkline: Sparkline
    unfiltered: str
    numerator: Named | None
    denominator: Named | None
    parts: list[Named] = field(default_factory=list)
    has_landed: bool = True


def cards(
    view: str, now: Row, then: Row | None, by_day: Sequence[Row], filtered_by: Iterable[str], never_landed: Collection[str] = ()
) -> list[Card]:
    """The cards of a view.

    Args:
        view: `messaging` or `calling`.
        now: the report for the selection.
        then: the report for the previous period; None if there is none.
        by_day: the report by day.
        filtered_by: the filters that are set: `campaign`, `template`.
        never_landed: marts that hold no row of the account.
    """
    filters = list(filtered_by)

    def value(one: Kpi, row: Row) -> Number | None:
        return None if needed(one) in never_landed else row[one.column]

    def named(one: Kpi) -> Named:
        return Named(figure(value(one, now), one.unit), one.title)

    return [
        Card(
            kpi=shown,
            value=figure(value(shown, now), shown.unit),
            change=change(value(shown, now), value(shown, then), shown.unit, shown.good) if then else None,
            sparkline=Sparkline.of([value(shown, row) for row in by_day]),
            unfiltered=" and ".join(shown.ignored_of(filters)),
            numerator=named(kpi(shown.numerator)) if shown.numerator else None,
            denominator=named(kpi(shown.denominator)) if shown.denominator else None,
            parts=[named(other) for other in of_view(view) if other.beside == shown.name],
            has_landed=needed(shown) not in never_landed,
        )
        for shown in carded(view)
    ]


def cards_html(view: str, cards: Sequence[Card], compared: str) -> str:
    """The cards of a view.

    Args:
        view: its name.
        cards: the cards.
        compared: the days they are compared with.
    """
    return TEMPLATES.get_template("cards.html").render(view=view, cards=cards, compared=compared)


@dataclass(frozen=True)
class Bar:
    """A row in a table of bars.

    Args:
        name: the first cell.
        cells: the other cells.
        share: the length of the bar, from 0 to 1; None for no bar.
    """

    name: str
    cells: tuple[str, ...]
    share: float | None


def bars_html(title: str, headings: Sequence[str], bars: Sequence[Bar], kind: str = "") -> str:
    """A table with a bar in each row that has a share.

    Args:
        title: the table's name for screen readers.
        headings: the column headings.
        bars: the rows.
        kind: `printed` for a table that only appears on paper.
    """
    has_bars = any(bar.share is not None for bar in bars)
    return TEMPLATES.get_template("bars.html").render(title=title, headings=headings, bars=bars, kind=kind, has_bars=has_bars)


@cache
def style() -> str:
    """The page's style sheet."""
    return f"<style>{Path(__file__).with_name('style.css').read_text()}</style>"
