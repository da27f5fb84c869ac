"""Parts that every state of the page has."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import TEMPLATES


def page_title() -> None:
    """The page's heading."""
    st.title("Reporting", anchor=False, width="content")


def notice(text: str, kind: str) -> None:
    """A sentence for who looks, in which nothing is markup.

    Args:
        text: the sentence.
        kind: `quiet`, `empty`, `warning`, `error`, or `printed` for one that is on paper only.
    """
    st.html(TEMPLATES.get_template("notice.html").render(text=text, kind=kind))
