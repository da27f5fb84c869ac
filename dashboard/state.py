"""The page's state, which stands in the URL and nowhere else: a link shows a colleague the same page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st


def set_in_url(values: Mapping[str, str | None], without: Sequence[str] = ()) -> None:
    """Changes parameters of the URL.

    Args:
        values: the new values; None removes one.
        without: further parameters to remove, as they belong to what was chosen before.
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
    """A widget that chooses one of several, and writes what is chosen to the URL.

    Args:
        widget: `st.selectbox` or one that is called like it.
        label: what is chosen.
        options: values of the URL's parameter, each with the text to show; the empty value removes the parameter.
        name: the parameter, and the key of the widget.
        value: what is chosen now; None for nothing.
        without: parameters that no longer hold once another value is chosen.
        more: further arguments of the widget.
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
