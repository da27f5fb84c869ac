"""Parts that every state of the page shares."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import TEMPLATES


def page_title() -> None:
    """The page's heading."""
    st.title("Reporting", anchor=False, width="content")


def notice(text: str, kind: str) -> None:
    """A sentence for the viewer, in which nothing is interpreted as markup.

    Args:
        text: the sentence.
        kind: `quiet`, `empty`, `warning`, `error`, or `printed` for one that only appears on paper.
    """
    st.html(TEMPLATES.get_template("notice.html").render(text=text, kind=kind))
