"""The charts. Their colours suit colour-blind readers on light and dark backgrounds, and never carry meaning alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import altair as alt

from dashboard.flagging import TemplateBlocks
from dashboard.reports import Row
from outreach.kpis.entries import Kpi
from outreach.kpis.units import SECONDS_OF, UNITS, figure

BLUE, ORANGE, GREY = "#3b82f6", "#d9730d", "#868e96"

# With more templates than this, only the table is shown.
MOST_TEMPLATES = 30


def trend(kpi: Kpi, by_day: Sequence[Row], by_day_before: Sequence[Row]) -> alt.LayerChart:
    """A KPI by day, over the previous period, whose days line up with the current ones.

    Args:
        kpi: the KPI.
        by_day: the report by day.
        by_day_before: the previous period's, of the same length; empty if there is none.
    """
    values = [row[kpi.column] for row in (*by_day, *by_day_before) if row[kpi.column] is not None]
    name, size = _unit(max(values, default=0)) if kpi.unit == "seconds" else ("", 1)
    shift = by_day[0]["date_day"] - by_day_before[0]["date_day"] if by_day and by_day_before else timedelta()

    def points(rows: Sequence[Row], period: str, shift: timedelta) -> list[dict[str, str | float | None]]:
        return [
            {
                "day": str(row["date_day"] + shift),
                "date": _day(row["date_day"]),
                "value": None if row[kpi.column] is None else row[kpi.column] / size,
                "text": figure(row[kpi.column], kpi.unit),
                "period": period,
            }
            for row in rows
        ]

    periods = ["This period", "Period before"]
    data = alt.InlineData(values=points(by_day_before, periods[1], shift) + points(by_day, periods[0], timedelta()))
    legend = alt.Legend(orient="top", title=None)
    axis = alt.Axis(**UNITS[kpi.unit].axis)
    chart: alt.LayerChart = (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=28), strokeWidth=2)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True, tickCount="day" if len(by_day) <= 10 else 10)),
            y=alt.Y("value:Q", title=f"{kpi.title}{f' ({name})' if name else ''}", axis=axis, scale=alt.Scale(zero=True)),
            color=alt.Color("period:N", scale=alt.Scale(domain=periods, range=[BLUE, GREY]), legend=legend),
            strokeDash=alt.StrokeDash("period:N", scale=alt.Scale(domain=periods, range=[[1, 0], [5, 4]]), legend=legend),
            tooltip=[
                alt.Tooltip("date:N", title="Day"),
                alt.Tooltip("text:N", title=kpi.title),
                alt.Tooltip("period:N", title="Period"),
            ],
        )
        .properties(height=280)
    )
    return chart


def _unit(seconds: float) -> tuple[str, int]:
    """The unit that suits the longest duration."""
    names = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return next(((names[unit], size) for unit, size in SECONDS_OF if seconds >= 2 * size), ("seconds", 1))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def flagging(templates: Sequence[TemplateBlocks]) -> alt.LayerChart:
    """Carrier block rates with their intervals, and a tick for the rate of the rest of the account.

    Args:
        templates: in drawing order.
    """
    flags = ["Above the rest of the account", "Not told apart from the rest"]
    rows = [
        {
            "template": template.name,
            "rate": template.rate,
            "low": template.low,
            "high": template.high,
            "rest": template.rest,
            "flag": flags[not template.is_flagged],
            "messages": f"{template.blocked:,} of {template.messages:,}",
            "interval": f"{figure(template.low, 'rate')} to {figure(template.high, 'rate')}",
            "of_rest": figure(template.rest, "rate"),
        }
        for template in templates
    ]
    legend = alt.Legend(orient="top", title=None, columns=1, labelLimit=300)
    color = alt.Color("flag:N", scale=alt.Scale(domain=flags, range=[ORANGE, BLUE]), legend=legend)
    shape = alt.Shape("flag:N", scale=alt.Scale(domain=flags, range=["triangle-up", "circle"]), legend=legend)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("template:N", sort=[str(row["template"]) for row in rows], title=None, axis=alt.Axis(labelLimit=240, labelOverlap=False)),
        tooltip=[
            alt.Tooltip("template:N", title="Template"),
            alt.Tooltip("messages:N", title="Blocked"),
            alt.Tooltip("rate:Q", title="Carrier Block Rate", format=".1%"),
            alt.Tooltip("interval:N", title="95 % interval"),
            alt.Tooltip("of_rest:N", title="Rest of the account"),
        ],
    )
    x = alt.X(
        "low:Q",
        title="Block rate (grey: rest of account)",
        axis=alt.Axis(format="~%", tickCount=8, labelOverlap=True),
        scale=alt.Scale(zero=True),
    )
    intervals = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q", color=color)
    rates = base.mark_point(filled=True, size=90, opacity=1).encode(x="rate:Q", color=color, shape=shape)
    rests = base.mark_tick(thickness=2, color=GREY, size=16).encode(x="rest:Q")
    chart: alt.LayerChart = (intervals + rests + rates).properties(height=26 * len(rows) + 170)
    return chart


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hours(by_hour: Sequence[Row]) -> alt.Chart:
    """The share of first messages that were answered, by the hour of the week they were sent in. An hour without any stays empty.

    Args:
        by_hour: `messaging_by_hour`.
    """
    rows = [
        {
            "weekday": WEEKDAYS[row["weekday"] - 1],
            "hour": f"{row['hour']:02}:00",
            "rate": row["answered_rate"],
            "text": figure(row["answered_rate"], "rate"),
            "answered": f"{row['answered_first_messages']:,} of {row['first_messages']:,}",
            "interval": f"{figure(row['answered_rate_low'], 'rate')} to {figure(row['answered_rate_high'], 'rate')}",
            "sent": row["sms_sent"],
            "received": row["replies_received"],
        }
        for row in by_hour
        if row["sms_sent"] or row["replies_received"]
    ]
    clock = [f"{hour:02}:00" for hour in range(24)]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(stroke=GREY, strokeWidth=0.3)
        .encode(
            x=alt.X("hour:O", title=None, scale=alt.Scale(domain=clock), axis=alt.Axis(labelOverlap=True)),
            y=alt.Y("weekday:O", title=None, scale=alt.Scale(domain=WEEKDAYS), sort=WEEKDAYS),
            color=alt.Color(
                "rate:Q",
                scale=alt.Scale(scheme="blues", domainMin=0),
                legend=alt.Legend(title="Answered", format="~%", gradientLength=120),
            ),
            tooltip=[
                alt.Tooltip("weekday:N", title="Day"),
                alt.Tooltip("hour:N", title="Hour"),
                alt.Tooltip("answered:N", title="First messages answered"),
                alt.Tooltip("text:N", title="Answered"),
                alt.Tooltip("interval:N", title="95 % interval"),
                alt.Tooltip("sent:Q", title="SMS sent"),
                alt.Tooltip("received:Q", title="Replies received"),
            ],
        )
        .properties(height=alt.Step(24))
    )
    return chart
