"""What a build prints at its end: the reports of one account, what came in, and what to do next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from outreach import zones
from outreach.alerts import alerts_of_newest_day
from outreach.kpis.entries import VIEWS, Kpi, of_view
from outreach.kpis.units import figure
from outreach.settings import Settings, shown
from outreach.sql import one_row, sql_text
from outreach.warehouse.connection import opened

# Lines of alerts; the rest can be asked for.
MOST_ALERTS = 5

# The account that is shown where none is asked for: the one with the most messages and calls.
BUSIEST_ACCOUNT = """
    select account_id
    from (select account_id from marts.fct_messages union all select account_id from marts.fct_calls) as activity
    group by account_id order by count(*) desc, account_id limit 1
"""


def show_reports(settings: Settings, account: str | None, console: Console) -> None:
    """Prints the reports of one account as readers see them, what came in, and what to do next."""
    with opened(settings.published) as db:
        account = account or busiest_account(db)
        newest_day = """
            select coalesce(max(date_day), $2)
            from (
                select account_id, date_day from marts.messaging_activity
                union all
                select account_id, date_day from marts.fct_calls
            ) as activity
            -- What lies ahead, such as a campaign that begins next year, is not what the last seven days are about.
            where account_id = $1 and date_day <= $2
        """
        (today,) = one_row(db.execute(newest_day, [account, zones.today("Pacific/Kiritimati")]))
        start = today - timedelta(days=6)
        period = f"{account}, {start} to {today}"
        for view in VIEWS if account else ():
            columns = ", ".join(kpi.column for kpi in of_view(view))
            values = one_row(db.execute(f"select {columns} from reports.{view}_report($1, $2, $3)", [account, start, today]))
            console.print(report_table(f"{view.capitalize()}: {period}", of_view(view), values))
        console.print(_accounting(db))
        _say_alerts(db, console)
    _say_what_is_next(settings, account, start, today, console)


def busiest_account(db: duckdb.DuckDBPyConnection) -> str | None:
    """The account to show first; None where nothing was sent, received or dialed at all.

    Args:
        db: the published file.
    """
    found = db.execute(BUSIEST_ACCOUNT).fetchone()
    return found[0] if found else None


def report_table(title: str, kpis: list[Kpi], values: tuple[Any, ...]) -> Table:
    """A report of one row as a table with a line per KPI.

    Args:
        title: stands above it.
        kpis: the report's columns.
        values: their values, in the same order.
    """
    table = Table(title=escape(title), title_justify="left", show_header=False)
    table.add_column("KPI", min_width=28)
    table.add_column("value", justify="right", min_width=12)
    for kpi, value in zip(kpis, values, strict=True):
        table.add_row(kpi.column, figure(value, kpi.unit))
    return table


def _accounting(db: duckdb.DuckDBPyConnection) -> Table:
    table = Table(title="What came in", title_justify="left")
    table.add_column("stream")
    for heading in ("rows", "accepted", "duplicates", "rejected", "forgotten", "broken lines", "files", "unreadable"):
        table.add_column(heading, justify="right")
    rows = db.execute("""
        select stream, landed_rows, accepted_rows, duplicate_rows, rejected_rows, forgotten_rows, broken_lines, files, unreadable_files
        from marts.landing_accounting order by stream
    """).fetchall()
    for stream, *counts in rows:
        table.add_row(stream, *(f"{count:,}" for count in counts))
    return table


def _say_alerts(db: duckdb.DuckDBPyConnection, console: Console) -> None:
    """What has gone out of line on the newest day that was judged."""
    alerts = alerts_of_newest_day(db)
    for alert in alerts[:MOST_ALERTS]:
        console.print(f"[yellow]ALERT[/] {escape(alert.account_id)}: {escape(alert.sentence)}", highlight=False, soft_wrap=True)
    if len(alerts) > MOST_ALERTS:
        console.print(f'{len(alerts) - MOST_ALERTS} more: make query SQL="from marts.alerts order by date_day desc"', highlight=False)


def _say_what_is_next(settings: Settings, account: str | None, start: date, end: date, console: Console) -> None:
    with opened(settings.warehouse) as db:
        rejects = db.execute("select reason, count(*) from marts.rejected_events group by reason order by 2 desc, 1").fetchall()
    if rejects:
        console.print("Rejected because of: " + ", ".join(f"{reason} {count:,}" for reason, count in rejects), highlight=False)
    console.print(f"""
Published to {shown(settings.published)}, from the warehouse {shown(settings.warehouse)}. Open to you now:
  make query SQL="from reports.messaging_by_campaign({sql_text(account or "")}, '{start}', '{end}')"
  make query SQL="from reports.calling_by_day({sql_text(account or "")}, '{start}', '{end}')"
  make query SQL="select stream, reason, row_json from marts.rejected_events limit 20" ARGS=--warehouse
  make build        again: takes in only what is new in the landing zone, and ends at once where nothing is
  make dashboard    the Reporting page in the browser
  make dagster      lineage, runs, checks and reruns in the browser
  make test         runs the tests
""", markup=False, highlight=False, soft_wrap=True)  # fmt: skip
