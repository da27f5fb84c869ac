"""A viewer's page: the filters, then the chosen view."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.filters import choose_days, choose_filter, choose_view
from dashboard.parts import notice, page_title
from dashboard.reports import Account, Filters, Reports
from dashboard.sections import show_view
from dashboard.selection import VIEWS
from dashboard.state import chosen_in_url
from dashboard.view import View
from outreach.settings import STALE_HOURS


def show_page(reports: Reports) -> None:
    """Draws the page.

    Args:
        reports: the viewer's reports.
    """
    accounts = {account.account_id: account for account in reports.accounts()}
    if not accounts:
        page_title()
        notice("Your account is not published yet.", "empty")
        return
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        page_title()
        view = choose_view()
    asked_for = st.query_params.get("account") or reports.busiest(accounts)
    with st.container(key="filters"):
        columns = st.columns(4 if view == "messaging" else 3)
        with columns[0]:
            labels = {key: account.label for key, account in accounts.items()}
            chosen_in_url(
                st.selectbox, "Account", labels, "account", asked_for if asked_for in accounts else None,
                without=("campaign", "template"), placeholder="Choose an account",
            )  # fmt: skip
        if asked_for not in accounts:
            notice("The link's account does not exist, or you may not see it. Choose one of yours.", "error")
            return
        account = accounts[asked_for]
        with columns[1]:
            days = choose_days(account)
        filters = Filters(account.account_id, days.start, days.end)
        notices = list(days.notices)
        with columns[2]:
            filters = choose_filter(View(reports, view, account, filters), "campaign", "Campaigns", notices)
        if view == "messaging":
            with columns[3]:
                filters = choose_filter(View(reports, view, account, filters), "template", "Message Templates", notices)
    show_selection(View(reports, view, account, filters), days.label)
    for text in notices:
        notice(text, "warning")
    show_age(reports, account)
    show_view(View(reports, view, account, filters))


def show_selection(view: View, days: str) -> None:
    """States the selection on paper, where the filters are not printed."""
    names = [
        view.reports.name(entity, view.account.account_id, chosen) or chosen
        for entity in view.filtered_by
        if (chosen := getattr(view.filters, entity))
    ]
    notice(" · ".join([VIEWS[view.name], view.account.name, days, *names]), "printed")


def show_age(reports: Reports, account: Account) -> None:
    """The age of the data, with a warning if they are stale."""
    publication = reports.publication
    as_of = min(publication.published_at, publication.newest_event_at or publication.published_at)
    local = reports.local_time(as_of, account.timezone)
    notice(f"Data as of {local.day} {local:%b %Y, %H:%M} ({account.timezone})", "quiet")
    hours = (datetime.now(UTC) - as_of) / timedelta(hours=1)
    if hours > STALE_HOURS:
        age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
        notice(f"These data are {age} old. The days since then are missing or incomplete.", "warning")
