"""Tables: on the page, and as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.reports import Filters, Row
from outreach.kpis.entries import Kpi
from outreach.kpis.units import NOTHING, figure
from outreach.sheets import FORMULA


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV that spreadsheets read as UTF-8, under the column names of the reports.

    Text that a spreadsheet would run as a formula gets a leading apostrophe, which marks it as text.

    Args:
        rows: the rows, all with the same columns. No rows give an empty file.
    """
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.search(value) else value


def file_name(part: str, filters: Filters) -> str:
    """The name of a download: its content, account and days, in characters that every file system accepts.

    Args:
        part: its content.
        filters: its account and days.
    """
    chosen = [filters.account, filters.campaign, filters.template, f"{filters.start}", f"{filters.end}"]
    return "_".join([part, *(re.sub(r"[^\w-]+", "-", value, flags=re.ASCII)[:60] for value in chosen if value)]) + ".csv"


def download(rows: Sequence[Mapping[str, Any]], part: str, filters: Filters, label: str = "Download CSV") -> None:
    """A button that downloads rows as CSV. The file is written only on a click.

    Args:
        rows: the rows.
        part: what they are, for the file name.
        filters: their account and days.
        label: the button's text.
    """
    st.download_button(
        label,
        data=lambda: csv_of(rows),
        file_name=file_name(part, filters),
        mime="text/csv",
        key=f"download-{part}",
        on_click="ignore",
        icon=":material/download:",
        disabled=not rows,
    )


def kpi_table(rows: Sequence[Row], keys: Mapping[str, str], kpis: Sequence[Kpi], alt: str) -> None:
    """A table of KPIs that sorts by any column.

    Args:
        rows: the rows.
        keys: the columns that identify a row, each with its heading.
        kpis: the KPIs, one column each.
        alt: the table's description for screen readers.
    """
    columns = {kpi.column: kpi for kpi in kpis}
    frame = pd.DataFrame([{name: row[name] for name in (*keys, *columns)} for row in rows], columns=[*keys, *columns])
    # Shown as on the cards, sorted by the underlying value.
    written: dict[Any, str | Callable[[object], str] | None] = {name: partial(_written, unit=kpi.unit) for name, kpi in columns.items()}
    with pd.option_context("styler.render.max_elements", frame.size + 1):
        st.dataframe(
            frame.style.format(written, na_rep=NOTHING),
            hide_index=True,
            placeholder=NOTHING,
            alt=alt,
            column_config={
                **{name: st.column_config.Column(heading, pinned=True) for name, heading in keys.items()},
                **{name: st.column_config.NumberColumn(kpi.title, help=kpi.formula) for name, kpi in columns.items()},
            },
        )


def _written(value: Any, unit: str) -> str:
    return figure(None if pd.isna(value) else value, unit)
