"""Everything below the filters, section by section."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from dashboard import charts
from dashboard.cards import Bar, bars_html, cards, cards_html
from dashboard.figures import span
from dashboard.flagging import template_blocks
from dashboard.insights import show_after_opt_out, show_alerts, show_callers, show_comparison, show_hours, show_responders, show_steps
from dashboard.parts import notice
from dashboard.reports import Row, unique_names
from dashboard.selection import VIEWS
from dashboard.state import chosen_in_url
from dashboard.tables import download, kpi_table
from dashboard.view import View
from outreach.kpis.entries import carded, kpi, of_view
from outreach.kpis.units import count, figure, percentage

# The KPI drawn by day until another is chosen.
DEFAULT_TREND = {"messaging": "sms_sent", "calling": "calls_dialed"}


@dataclass(frozen=True)
class Shares:
    """What a view breaks down by kind below its cards.

    Args:
        report: the report function.
        title: the section's heading.
        kind: what one row is.
        key, label, measure: its columns.
    """

    report: str
    title: str
    kind: str
    key: str
    label: str
    measure: str


SHARES = {
    "messaging": Shares("label_report", "Labels", "label", "label_id", "label_name", "contacts"),
    "calling": Shares("call_outcome_report", "Call outcomes", "outcome", "outcome", "outcome", "calls"),
}


def show_view(view: View) -> None:
    """Draws the view, from the alerts down."""
    show_alerts(view)
    show_cards(view)
    show_shares(view)
    if "cards_are_drawn" not in st.session_state:
        rest_follows()
        return
    show_trend(view)
    if view.name == "messaging":
        show_after_opt_out(view)
        show_flagging(view)
        show_comparison(view)
        show_hours(view)
        show_steps(view)
        show_responders(view)
        show_funnel(view)
    else:
        show_callers(view)
    show_campaigns(view)
    show_download(view)


@st.fragment(run_every=0.3)
def rest_follows() -> None:
    """Draws the rest only after a new viewer's browser has drawn the cards, since charts and tables take as long again."""
    if "cards_are_sent" in st.session_state:
        st.session_state["cards_are_drawn"] = True
        st.rerun()
    st.session_state["cards_are_sent"] = True


def show_cards(view: View) -> None:
    """The KPI cards."""
    if not any(row_value for row_value in view.now.values()):
        show_emptiness(view)
    compared = span(view.before.start, view.before.end) if view.before else ""
    never_landed = view.reports.never_landed(view.name, view.account.account_id)
    shown = cards(view.name, view.now, view.then, view.by_day, view.filtered_by, never_landed)
    st.html(cards_html(VIEWS[view.name], shown, compared))


def show_emptiness(view: View) -> None:
    """Explains a page of zeros."""
    active = view.reports.active_days(view.account.account_id)
    if not active:
        notice("Nothing has happened in this account yet. Its numbers appear once it sends or calls.", "empty")
    elif not view.filtered_by:
        notice(f"Nothing happened on these days. There is activity from {span(*active)}.", "empty")


def show_shares(view: View) -> None:
    """Contacts by label or calls by outcome, each with its share."""
    shares = SHARES[view.name]
    st.subheader(shares.title, anchor=False)
    rows = sorted(
        view.reports.rows(shares.report, view.filters), key=lambda row: (-row[shares.measure], row[shares.label] or row[shares.key])
    )
    if not rows:
        notice(f"No {shares.title.lower()} in this selection.", "quiet")
        return
    bars = [Bar(row[shares.label] or row[shares.key], (count(row[shares.measure]), percentage(row["share"])), row["share"]) for row in rows]
    st.html(bars_html(shares.title, [shares.title, shares.measure.capitalize(), "Share"], bars))
    download(rows, shares.title.lower().replace(" ", "-"), view.filters)


def show_trend(view: View) -> None:
    """Any KPI by day, against the previous period."""
    st.subheader("By day", anchor=False)
    names = {one.name: one.title for one in of_view(view.name)}
    asked_for = st.query_params.get("trend")
    name = asked_for if asked_for in names else DEFAULT_TREND[view.name]
    chosen_in_url(st.selectbox, "KPI", names, "trend", name, width=320)
    shown = kpi(name)
    if ignored := shown.ignored_of(view.filtered_by):
        notice(f"Not filtered by {' and '.join(ignored)}.", "quiet")
    if not view.by_day:
        notice("Nothing happened on these days.", "quiet")
        return
    first, last = view.by_day[0]["date_day"], view.by_day[-1]["date_day"]
    st.altair_chart(
        charts.trend(shown, view.by_day, view.by_day_before),
        alt=f"{shown.title} by day, {span(first, last)}, with the period before. The table below has the numbers.",
    )
    table = st.expander("By day, as a table", key="by-day-table", on_change="rerun")
    if table.open:
        with table:
            kpi_table(view.by_day, {"date_day": "Day"}, of_view(view.name), alt=f"All KPIs by day, {span(first, last)}")
    download(view.by_day, f"{view.name}-by-day", view.filters)


def show_flagging(view: View) -> None:
    """Which templates carriers are flagging."""
    st.subheader("Which template is being flagged?", anchor=False)
    of_account = view.ask("by_template", view.unfiltered)
    chosen = view.ask("by_template", replace(view.filters, template=None))
    (account,) = view.ask("report", view.unfiltered)
    templates = template_blocks(chosen, unique_names(of_account, "template"), account, of_account)
    if not templates:
        notice("No campaign messages of a template in this selection.", "quiet")
        return
    flagged = [template for template in templates if template.is_flagged]
    names = ", ".join(template.name for template in flagged)
    if flagged:
        notice(f"Blocked more often than the rest of the account, by more than chance: {names}.", "warning")
    else:
        notice("No template is blocked more often than the rest of the account by more than chance.", "quiet")
    if "template" in view.filtered_by:
        notice("Not filtered by template.", "quiet")
    drawn = templates[: charts.MOST_TEMPLATES]
    if len(drawn) < len(templates):
        notice(f"The {len(drawn)} most blocked of {len(templates)} templates are drawn; the table has all.", "quiet")
    st.altair_chart(
        charts.flagging(drawn), alt="Carrier Block Rate of each template with its 95 % interval. The table below has the numbers."
    )
    with st.expander("Templates, as a table"):
        bars = [
            Bar(
                f"{template.name} ▲ flagged" if template.is_flagged else template.name,
                (
                    f"{template.blocked:,} / {template.messages:,}",
                    percentage(template.rate),
                    f"{percentage(template.low)} – {percentage(template.high)}",
                    figure(template.rest, "rate"),
                ),
                template.rate,
            )
            for template in templates
        ]
        headings = ["Template", "Blocked", "Carrier Block Rate", "95 % interval", "Rest of the account"]
        st.html(bars_html("Carrier blocks by template", headings, bars))
    download(chosen, "messaging-by-template", view.filters)


def show_funnel(view: View) -> None:
    """From contacts to replies, leads and deals."""
    st.subheader("From contact to deal", anchor=False)
    (calling,) = view.reports.rows("calling_report", replace(view.filters, template=None))
    steps = {
        "Contacts": view.now["contacts"],
        "Replied": view.now["responded_contacts"],
        "Leads": view.now["leads"],
        "Deals closed in calls": calling["deals_closed"],
    }
    whole = max(steps.values())
    first, *_ = steps.values()
    bars = [
        Bar(name, (count(value), figure(value / first if first else None, "rate")), value / whole if whole else None)
        for name, value in steps.items()
    ]
    st.html(bars_html("From contact to deal", ["Step", "Number", "Of contacts"], bars))
    note = "Each step counts what happened on these days, so a step may exceed the one before it."
    notice(f"{note} Deals are not filtered by template." if "template" in view.filtered_by else note, "quiet")


def show_campaigns(view: View) -> None:
    """Campaigns side by side."""
    st.subheader("Campaigns side by side", anchor=False)
    rows = view.ask("by_campaign")
    if not rows:
        notice("No campaign with activity in this selection.", "quiet")
        return
    names = unique_names(rows, "campaign")
    shown = [{**row, "campaign_name": names[row["campaign_id"]]} for row in rows]
    # A KPI that ignores the campaign filter is the same for every campaign.
    columns = [one for one in carded(view.name) if "campaign" not in one.ignores]
    kpi_table(shown, {"campaign_name": "Campaign"}, columns, alt="KPIs by campaign; sort by any column.")
    # The table above scrolls, which paper cannot.
    printed = [Bar(row["campaign_name"], tuple(figure(row[one.column], one.unit) for one in columns), None) for row in shown]
    st.html(bars_html("Campaigns side by side", ["Campaign", *(one.title for one in columns)], printed, kind="printed"))
    download(rows, f"{view.name}-by-campaign", view.filters)


def show_download(view: View) -> None:
    """A download of the whole report."""
    with st.container(key="whole_report"):
        st.subheader("The whole report", anchor=False)
        download(report_rows(view), f"{view.name}-report", view.filters, label="Download the report as CSV")


def report_rows(view: View) -> list[Row]:
    """Every number of the view, one per row, with its section."""
    shares = SHARES[view.name]
    about = {
        "account_id": view.account.account_id,
        "account_name": view.account.name,
        "start_day": view.filters.start,
        "end_day": view.filters.end,
        "campaign_id": view.filters.campaign,
        "template_id": view.filters.template,
    }
    of_kpis = [
        {
            **about,
            "kind": "kpi",
            "name": one.column,
            "label": one.title,
            "value": view.now[one.column],
            "value_before": view.then[one.column] if view.then else None,
            "share": None,
            "not_filtered_by": " and ".join(one.ignored_of(view.filtered_by)) or None,
        }
        for one in of_view(view.name)
    ]
    of_shares = [
        {
            **about,
            "kind": shares.kind,
            "name": row[shares.key],
            "label": row[shares.label],
            "value": row[shares.measure],
            "value_before": None,
            "share": row["share"],
            "not_filtered_by": None,
        }
        for row in view.reports.rows(shares.report, view.filters)
    ]
    return of_kpis + of_shares
