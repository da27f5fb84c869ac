"""The filters above the page. The URL holds their values."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.reports import Account, Filters, unique_names
from dashboard.selection import DEFAULT_PRESET, FIRST_DAY, LAST_DAY, PRESETS, VIEWS, DateRange
from dashboard.state import chosen_in_url, set_in_url
from dashboard.view import View


def choose_view() -> str:
    """Messaging or Calling, from the URL. Anything unknown is Messaging."""
    asked_for = st.query_params.get("view")
    view = asked_for if asked_for in VIEWS else "messaging"
    chosen_in_url(st.segmented_control, "View", VIEWS, "view", view, label_visibility="collapsed", required=True)
    return view


def choose_days(account: Account) -> DateRange:
    """The date range: presets on the left, days on the right."""
    days = DateRange.from_url(st.query_params, account.today)

    def preset_chosen() -> None:
        preset = st.session_state["range"]
        is_custom = preset == "custom"
        own = {"start": str(days.start) if is_custom else None, "end": str(days.end) if is_custom else None}
        set_in_url({"range": None if preset == DEFAULT_PRESET else preset, **own})

    # Each range gets its own calendar widget: an existing one ignores a new range while its popover is closed.
    calendar_key = f"days-{days.start}-{days.end}"

    def days_chosen() -> None:
        chosen = st.session_state[calendar_key]
        # After the first of two clicks there is only one day, and a calendar that disappears reports its days once more.
        if len(chosen) == 2 and chosen != (days.start, days.end):
            set_in_url({"range": "custom", "start": str(chosen[0]), "end": str(chosen[1])})

    # A popover has no label, so this one takes the place of the other filters' labels.
    with st.container(key="date_range", gap=None):
        st.markdown("Date Range")
        popover = st.popover(days.label, width="stretch", icon=":material/calendar_month:")
    with popover:
        presets, calendar = st.columns([1, 2])
        with presets:
            st.session_state["range"] = days.preset
            st.radio("Date Range", list(PRESETS), format_func=PRESETS.get, key="range", on_change=preset_chosen)
        with calendar:
            st.date_input(
                f"Days in {account.timezone}",
                value=(days.start, days.end),
                min_value=FIRST_DAY,
                max_value=LAST_DAY,
                format="YYYY-MM-DD",
                key=calendar_key,
                on_change=days_chosen,
            )
    return days


def choose_filter(view: View, entity: str, label: str, notices: list[str]) -> Filters:
    """Chooses all campaigns (or templates), or one with activity in the range.

    Args:
        view: the account and days.
        entity: `campaign` or `template`.
        label: of the widget.
        notices: gains a sentence if the URL asks for one without activity.

    Returns:
        The filters with the choice. What the URL asks for is kept even without activity.
    """
    active = sorted(unique_names(view.ask(f"by_{entity}", view.unfiltered), entity).items(), key=lambda item: item[1].lower())
    options = {"": f"All {label.lower()}"} | dict(active)
    chosen = st.query_params.get(entity) or None
    if chosen is not None and chosen not in options:
        name = view.reports.name(entity, view.account.account_id, chosen)
        options[chosen] = name or chosen
        unknown = f"The account has no {entity} “{chosen}”, so there is nothing to show."
        notices.append(f"“{name}” has no activity on these days." if name else unknown)
    chosen_in_url(st.selectbox, label, options, entity, chosen or "")
    return replace(view.filters, campaign=chosen) if entity == "campaign" else replace(view.filters, template=chosen)
