"""The sections that suggest what to do next: when to send, which step to cut, who answers late, whom not to write to."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import charts
from dashboard.cards import Bar, bars_html
from dashboard.chance import outnumbering, standing_out
from dashboard.parts import notice
from dashboard.reports import unique_names
from dashboard.state import chosen_in_url
from dashboard.tables import download, kpi_table
from dashboard.view import View
from outreach.kpis.entries import carded, kpi
from outreach.kpis.units import count, figure, percentage, points

# The longest list on the page; the download has the rest.
MOST_LISTED = 50

# Alerts shown above the cards; the rest is folded away.
MOST_ALERTS = 3


def show_alerts(view: View) -> None:
    """The alerts of these days, above everything else."""
    sentences = [alert.sentence for alert in view.reports.alerts(view.filters)]
    for sentence in sentences[:MOST_ALERTS]:
        notice(sentence, "warning")
    if len(sentences) > MOST_ALERTS:
        with st.expander(f"{len(sentences) - MOST_ALERTS} more alerts in these days"):
            for sentence in sentences[MOST_ALERTS:]:
                notice(sentence, "quiet")


def show_comparison(view: View) -> None:
    """Two templates side by side, and whether their rates differ measurably yet."""
    st.subheader("Two templates compared", anchor=False)
    filters = replace(view.filters, template=None)
    rows = sorted(view.ask("by_template", filters), key=lambda row: -row["sms_sent"])
    if len(rows) < 2:
        notice("A comparison needs two templates with activity in this selection.", "quiet")
        return
    names = unique_names(rows, "template")
    chosen = []
    for column, name, default in zip(st.columns(2), ("a", "b"), rows, strict=False):
        asked_for = st.query_params.get(name)
        chosen.append(asked_for if asked_for in names else default["template_id"])
        with column:
            chosen_in_url(st.selectbox, f"Template {name.upper()}", names, name, chosen[-1])
    compared = view.reports.comparison(filters, *chosen)
    bars = [
        Bar(
            kpi(row["kpi"]).title,
            (
                figure(row["value_a"], row["unit"]),
                figure(row["value_b"], row["unit"]),
                f"{points(row['difference_low'])} to {points(row['difference_high'])}",
                row["verdict"],
            ),
            None,
        )
        for row in compared
        if row["verdict"]
    ]
    if not bars:
        notice("Neither template has a rate to compare in this selection.", "quiet")
    st.html(bars_html("Two templates compared", ["Rate", "Template A", "Template B", "95 % interval of B less A", "Verdict"], bars))
    if "template" in view.filtered_by:
        notice("Not filtered by template.", "quiet")
    download(compared, "templates-compared", filters)


def show_after_opt_out(view: View) -> None:
    """Messages to contacts who had opted out: each can cost a sender its number."""
    if not view.now["messages_after_opt_out"]:
        return
    st.subheader("Messages after an opt-out", anchor=False)
    rows = view.reports.rows("messages_after_opt_out", view.filters)
    contacts = len({row["contact_id"] for row in rows})
    notice(
        f"{len(rows):,} message{'s' if len(rows) > 1 else ''} went to {contacts:,} contact{'s' if contacts > 1 else ''} who had said stop "
        "more than five minutes before and had not opted in again. Each can cost the sender its number.",
        "warning",
    )
    with st.expander("The messages, as a table"):
        bars = [
            Bar(row["contact_id"], (f"{row['opted_out_at']:%Y-%m-%d %H:%M}", f"{row['sent_at']:%Y-%m-%d %H:%M}", row["message_id"]), None)
            for row in rows[:MOST_LISTED]
        ]
        st.html(bars_html("Messages after an opt-out", ["Contact", "Opted out (UTC)", "Sent (UTC)", "Message"], bars))
        if len(rows) > MOST_LISTED:
            notice(f"The first {MOST_LISTED} of {len(rows):,}; the download has all.", "quiet")
    download(rows, "messages-after-opt-out", view.filters)


def show_hours(view: View) -> None:
    """At which hours first messages are answered."""
    st.subheader("When are first messages answered?", anchor=False)
    rows = view.ask("by_hour")
    if not any(row["first_messages"] for row in rows):
        notice("No first messages in this selection.", "quiet")
        return
    sent, answered = (sum(row[column] for row in rows) for column in ("first_messages", "answered_first_messages"))
    best = standing_out([
        (row["answered_first_messages"], row["first_messages"], answered - row["answered_first_messages"], sent - row["first_messages"])
        for row in rows
    ])  # fmt: skip
    named = [
        f"{charts.WEEKDAYS[row['weekday'] - 1]} {row['hour']:02}:00 ({percentage(row['answered_rate'])})"
        for row, is_best in zip(rows, best, strict=True)
        if is_best
    ]
    overall = f"{percentage(answered / sent)} of {sent:,} first messages had a reply within 72 hours."
    if named:
        notice(f"{overall} Answered more often than in the rest of the week, by more than chance: {', '.join(named)}.", "quiet")
    else:
        notice(f"{overall} No hour can be told apart from the rest of the week yet.", "quiet")
    st.altair_chart(charts.hours(rows), alt="First messages answered within 72 hours, by hour of the week. The download has the numbers.")
    download(rows, "messaging-by-hour", view.filters)


def show_steps(view: View) -> None:
    """Which steps bring replies, and which cost more opt-outs than they bring replies."""
    st.subheader("Which step brings replies?", anchor=False)
    rows = view.ask("by_step")
    if not rows:
        notice("No campaign messages in this selection.", "quiet")
        return
    costly = outnumbering([(row["opted_out_contacts"], row["responded_contacts"]) for row in rows])
    names = ", ".join(step_name(row["step"]) for row, is_costly in zip(rows, costly, strict=True) if is_costly)
    if names:
        notice(f"Costs more opt-outs than it brings replies, by more than chance: {names}.", "warning")
    if "template" in view.filtered_by:
        notice("Not filtered by template.", "quiet")
    bars = [
        Bar(
            step_name(row["step"]),
            (
                count(row["campaign_messages"]),
                figure(row["carrier_block_rate"], "rate"),
                figure(row["opt_out_rate"], "rate"),
                f"{row['responded_contacts']:,} / {row['contacts']:,}",
                f"{figure(row['reply_rate_low'], 'rate')} – {figure(row['reply_rate_high'], 'rate')}",
                figure(row["reply_rate"], "rate"),
            ),
            min(row["reply_rate"] or 0, 1),
        )
        for row in rows
    ]
    headings = ["Step", "Messages", "Carrier Block Rate", "Opt-out Rate", "Replied", "95 % interval", "Reply Rate"]
    st.html(bars_html("Replies and opt-outs by step", headings, bars))
    download(rows, "messaging-by-step", view.filters)


def step_name(step: int) -> str:
    """A step's name on the page. Steps from the tenth on are one."""
    return f"Step {step}" if step < 10 else "Step 10 and later"


def show_responders(view: View) -> None:
    """Who answers replies, and how fast."""
    st.subheader("Who answers, and how fast?", anchor=False)
    rows = view.reports.rows("responses_by_user", replace(view.filters, campaign=None, template=None))
    if not rows:
        notice("Nobody answered on these days.", "quiet")
        return
    if view.filtered_by:
        notice(f"Not filtered by {' and '.join(view.filtered_by)}.", "quiet")
    bars = [
        Bar(
            row["user_id"] or "Unknown",
            (
                count(row["responses"]),
                figure(row["median_response_seconds"], "seconds"),
                figure(row["p90_response_seconds"], "seconds"),
                figure(row["median_business_seconds"], "seconds"),
                figure(row["within_5_minutes"], "rate"),
            ),
            row["within_5_minutes"],
        )
        for row in rows
    ]
    headings = ["User", "Answers", "Median", "Nine in ten within", "Median in business hours", "Within 5 minutes"]
    st.html(bars_html("Who answers, and how fast", headings, bars))
    download(rows, "responses-by-user", view.filters)


def show_callers(view: View) -> None:
    """The calling KPIs by caller."""
    st.subheader("Who calls?", anchor=False)
    rows = view.ask("by_user")
    if not rows:
        notice("No calls in this selection.", "quiet")
        return
    shown = [{**row, "user_id": row["user_id"] or "Unknown"} for row in rows]
    kpi_table(shown, {"user_id": "User"}, carded("calling"), alt="KPIs by user; sort by any column.")
    download(rows, "calling-by-user", view.filters)
