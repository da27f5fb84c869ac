"""The main job: `make build`. Landing zone in, reports out.

Writes a sample landing zone if none is there, runs dbt, and ends with the last seven days of one account.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.landing.files import LandingError, check_landing
from orchestration.sample.writer import write_sample

PROJECT = Path(__file__).parents[1]
DEFAULT_LANDING = "data/landing"


def main() -> int:
    """Builds, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make build", description=__doc__.splitlines()[0])
    parser.add_argument("--account", help="the account whose reports are shown (default: the one with the most messages)")
    parser.add_argument("--full-refresh", action="store_true", help="build everything anew from the whole landing zone")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)

    landing = os.environ.get("OUTREACH_LANDING", DEFAULT_LANDING)
    file_format = os.environ.get("OUTREACH_LANDING_FORMAT", "jsonl")
    warehouse = os.environ.get("OUTREACH_WAREHOUSE", "data/warehouse.duckdb")
    os.chdir(PROJECT)

    try:
        is_new = ensure_landing(landing, file_format, console)
        check_landing(landing, file_format)
        check_warehouse(warehouse)
    except LandingError as error:
        console.print(f"[bold red]Nothing was built.[/] {error}", highlight=False, soft_wrap=True)
        return 2

    # A warehouse of another sample has nothing to do with this one.
    if (code := run_dbt(full_refresh=arguments.full_refresh or is_new)) != 0:
        console.print("[bold red]The build failed[/]; what failed stands above, and the last good tables are still there.")
        return code
    show_reports(warehouse, arguments.account, console)
    return 0


def ensure_landing(landing: str, file_format: str, console: Console) -> bool:
    """Writes the sample where the default landing zone is empty. A landing zone that somebody named is never written to.

    Returns:
        Whether the sample was written.
    """
    if landing != DEFAULT_LANDING or any(Path(landing).glob("*/ingest_date=*")):
        return False
    console.print(f"No landing zone yet: writing a sample to {landing}", highlight=False)
    write_sample(Path(landing), file_format=file_format, progress=lambda line: console.print(line, highlight=False))
    return True


def check_warehouse(warehouse: str) -> None:
    """Ends with a clear sentence where the warehouse cannot be written.

    Raises:
        LandingError: the path is a folder, no DuckDB file, or a file that another process holds.
    """
    if Path(warehouse).is_dir():
        raise LandingError(f"OUTREACH_WAREHOUSE is '{warehouse}': expected a file, found a folder.")
    if not Path(warehouse).exists():
        return
    try:
        duckdb.connect(warehouse).close()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise LandingError(f"OUTREACH_WAREHOUSE is '{warehouse}', and cannot be opened for writing: {reason}") from error


def run_dbt(*, full_refresh: bool) -> int:
    """Runs seeds, models and tests, and returns dbt's exit code."""
    dbt = Path(sys.executable).with_name("dbt")
    colors = [] if sys.stdout.isatty() else ["--no-use-colors"]
    command = [str(dbt), *colors, "build", *(["--full-refresh"] if full_refresh else [])]
    return subprocess.run(command, env=os.environ | {"DBT_PROFILES_DIR": "profiles"}).returncode


def show_reports(warehouse: str, account: str | None, console: Console) -> None:
    """Prints the reports of one account, what came in, and what to do next."""
    with duckdb.connect(warehouse, read_only=True) as db:
        busiest = "select account_id from marts.fct_messages group by account_id order by count(*) desc, account_id limit 1"
        account = account or (db.execute(busiest).fetchone() or (None,))[0]
        today = db.execute(
            "select coalesce(max(date_day), current_date) from marts.messaging_activity where account_id = $1", [account]
        ).fetchone()[0]
        start = today - timedelta(days=6)
        period = f"{account}, {start} to {today}"
        for title, function in (("Messaging", "messaging_report"), ("Calling", "calling_report")):
            report = db.execute(f"select * from reports.{function}($1, $2, $3)", [account, start, today])
            names = [column[0] for column in report.description]
            console.print(_two_columns(f"{title}: {period}", names, report.fetchone()))
        console.print(_accounting(db))
        _say_what_is_next(db, warehouse, account, start, today, console)


def _two_columns(title: str, names: list[str], values: tuple) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("KPI", min_width=28)
    table.add_column("value", justify="right", min_width=12)
    for name, value in zip(names, values, strict=True):
        table.add_row(name, format_kpi(name, value))
    return table


def format_kpi(name: str, value: float | None) -> str:
    """A KPI as people read it: `—` where there is nothing to divide by, rates in per cent, times in seconds."""
    if value is None:
        return "—"
    if name.endswith("_rate"):
        return f"{value:.1%}"
    return f"{value:,.0f} s" if name.endswith("_seconds") else f"{value:,}"


def _accounting(db: duckdb.DuckDBPyConnection) -> Table:
    table = Table(title="What came in", title_justify="left")
    table.add_column("stream")
    for heading in ("rows", "accepted", "duplicates", "rejected", "broken lines", "files", "unreadable"):
        table.add_column(heading, justify="right")
    rows = db.execute("""
        select stream, landed_rows, accepted_rows, duplicate_rows, rejected_rows, broken_lines, files, unreadable_files
        from marts.landing_accounting order by stream
    """).fetchall()
    for stream, *counts in rows:
        table.add_row(stream, *(f"{count:,}" for count in counts))
    return table


def _say_what_is_next(
    db: duckdb.DuckDBPyConnection, warehouse: str, account: str | None, start: date, end: date, console: Console
) -> None:
    rejects = db.execute("select reason, count(*) from marts.rejected_events group by reason order by 2 desc, 1").fetchall()
    if rejects:
        console.print("Rejected because of: " + ", ".join(f"{reason} {count:,}" for reason, count in rejects), highlight=False)
    console.print(f"""
The warehouse is {warehouse}. Open to you now:
  make query SQL="from reports.messaging_by_campaign('{account}', '{start}', '{end}')"
  make query SQL="from reports.calling_by_day('{account}', '{start}', '{end}')"
  make query SQL="select stream, reason, row_json from marts.rejected_events limit 20"
  make build        again: takes in only what is new in the landing zone
  make test         runs every test
""", highlight=False, soft_wrap=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
