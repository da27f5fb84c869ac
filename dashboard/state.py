"""The page's state. It lives only in the URL, so a link shows a colleague the same page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st


def set_in_url(values: Mapping[str, str | None], without: Sequence[str] = ()) -> None:
    """Changes parameters of the URL.

    Args:
        values: the new values; None removes a parameter.
        without: more parameters to remove, because they belong to the previous choice.
    """
    for name, value in {**values, **dict.fromkeys(without)}.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def chosen_in_url(
    widget: Callable[..., Any],
    label: str,
    options: Mapping[str, str],
    name: str,
    value: str | None,
    *,
    without: Sequence[str] = (),
    **more: Any,
) -> None:
    """A widget that chooses one option and writes the choice to the URL.

    Args:
        widget: `st.selectbox`, or one with the same signature.
        label: the widget's label.
        options: values of the URL parameter, each with the text to show; the empty value removes the parameter.
        name: the URL parameter, and the widget's key.
        value: the current choice; None for nothing.
        without: parameters to remove when the choice changes.
        more: more arguments for the widget.
    """
    st.session_state[name] = value
    widget(
        label,
        list(options),
        format_func=lambda option: options[option],
        key=name,
        on_change=lambda: set_in_url({name: st.session_state[name] or None}, without),
        **more,
    )
