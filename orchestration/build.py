"""The main job: `make build`. Landing zone in, reports out.

Writes a sample landing zone if none is there, runs the job that Dagster's UI starts, and ends with the last seven days of one account.
Where a run would find nothing new, none is started.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.instance import own_instance, prepare_home
from orchestration.sample.writer import write_sample
from orchestration.standing import Standing, hours_since, standing_publication
from orchestration.warehouse import WarehouseError, check_warehouse, opened
from outreach import zones
from outreach.kpis.entries import VIEWS, Kpi, of_view
from outreach.kpis.units import figure
from outreach.landing.files import LandingError, check_landing
from outreach.settings import DEFAULT_LANDING, PROJECT, STALE_HOURS, Settings, SettingsError, keep_private, shown
from outreach.sql import sql_text
from outreach.turns import turn

# Lines of alerts; the rest can be asked for.
MOST_ALERTS = 5

# The account that is shown where none is asked for.
BUSIEST_ACCOUNT = "select account_id from marts.fct_messages group by account_id order by count(*) desc, account_id limit 1"


def main() -> int:
    """Builds, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make build", description=__doc__.splitlines()[0])
    parser.add_argument("--account", help="the account whose reports are shown (default: the one with the most messages)")
    parser.add_argument("--full-refresh", action="store_true", help="build everything anew from the whole landing zone")
    parser.add_argument("--anyway", action="store_true", help="build and check also where nothing has changed since the last run")
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE", type=_limit,
        help="another limit of the landing checks, for this run alone, such as oldest_days=3650; may be given several times",
    )  # fmt: skip
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)

    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    try:
        settings.check_places()
        with turn(settings.warehouse, "make build", waiting=partial(say_who_builds, console=console)):
            return build(settings, arguments, console)
    except (LandingError, SettingsError, WarehouseError) as error:
        console.print(f"[bold red]Nothing was built.[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 2


def build(settings: Settings, arguments: argparse.Namespace, console: Console) -> int:
    """Builds where there is something to do, shows the reports, and returns the process's exit code.

    Args:
        settings: where everything is.
        arguments: of the command.
        console: what is printed goes there.

    Raises:
        LandingError: the landing zone is not set up as the variables say.
        WarehouseError: the warehouse cannot be written.
    """
    is_new = ensure_landing(settings, console)
    check_landing(settings.landing, settings.landing_format)
    check_warehouse(settings.warehouse)
    # A warehouse of another sample has nothing to do with this one.
    full_refresh = arguments.full_refresh or is_new
    if not (arguments.anyway or full_refresh) and (standing := standing_publication(settings)):
        say_that_nothing_is_new(standing, console)
        show_reports(settings, arguments.account, console)
        return 0
    if not run_job(settings, full_refresh=full_refresh, limits=dict(arguments.limit)):
        console.print("[bold red]The build failed[/]; what failed stands above. Readers keep the last good publication.", soft_wrap=True)
        return 1
    show_reports(settings, arguments.account, console)
    return 0


def say_who_builds(other: str, console: Console) -> None:
    """Says whose turn it is, before this process waits for its own."""
    console.print(f"Another build works on this warehouse ({other}); waiting for it to end.", markup=False, highlight=False, soft_wrap=True)


def _limit(text: str) -> tuple[str, float]:
    """A limit of the landing checks, as `NAME=VALUE`."""
    name, _, value = text.partition("=")
    # Imported here, as what the limits are for takes seconds to import.
    from orchestration.quality.rules import Limits

    known = {limit.name: type(limit.default) for limit in fields(Limits)}
    if name not in known:
        raise argparse.ArgumentTypeError(f"there is no limit '{name}': expected one of {', '.join(known)}")
    try:
        return name, known[name](value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} is '{value}': expected a number") from None


def ensure_landing(settings: Settings, console: Console) -> bool:
    """Writes the sample where the default landing zone is empty and nothing was ever built: one that somebody named is never written to.

    Returns:
        Whether the sample was written.
    """
    landing = Path(settings.landing)
    if settings.landing != DEFAULT_LANDING or settings.warehouse.exists() or any(landing.glob("*/ingest_date=*")):
        return False
    console.print(f"No landing zone yet: writing a sample to {landing}", highlight=False)
    write_sample(landing, file_format=settings.landing_format, progress=lambda line: console.print(line, highlight=False))
    return True


def say_that_nothing_is_new(standing: Standing, console: Console) -> None:
    """Says why no run is started, and how to start one all the same."""
    console.print(
        f"Nothing is new: the last run was whole, and no landing file, seed, macro, model or check has changed since "
        f"{standing.published_at:%Y-%m-%d %H:%M} UTC. [bold]make build ARGS=--anyway[/] builds all the same.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if (hours := hours_since(standing.newest_file_at)) > STALE_HOURS:
        console.print(f"[yellow]WARN[/] No landing file has come for {hours:,.0f} hours.", highlight=False, soft_wrap=True)


def run_job(settings: Settings, *, full_refresh: bool, limits: dict[str, float]) -> bool:
    """Runs the main job in this process, a line per step, and keeps it among the runs that the UI shows.

    Args:
        settings: where everything is.
        full_refresh: whether everything is built anew.
        limits: other limits of the landing checks than the usual ones, by name.

    Returns:
        Whether all of its steps succeeded.
    """
    prepare_home(settings)
    # Imported here: it takes seconds, and an error of the set-up shall not wait for it.
    from orchestration.console import CONSOLE
    from orchestration.definitions import defs
    from orchestration.jobs import run_config

    with own_instance(settings) as instance, _own_output() as output:
        CONSOLE.file = output
        job = defs.resolve_job_def("full_refresh" if full_refresh else "build")
        config = run_config(full_refresh=full_refresh, **limits)
        return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False).success


@contextmanager
def _own_output() -> Iterator[object]:
    """Standard output for the run's own lines. What dbt prints besides goes to the run's log, as it does under the UI."""
    sys.stdout.flush()
    with open(os.dup(1), "w") as output, open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield output
        finally:
            sys.stdout.flush()
            os.dup2(output.fileno(), 1)


def show_reports(settings: Settings, account: str | None, console: Console) -> None:
    """Prints the reports of one account as readers see them, what came in, and what to do next."""
    with opened(settings.published) as db:
        account = account or (db.execute(BUSIEST_ACCOUNT).fetchone() or (None,))[0]
        today = db.execute(
            """
            select coalesce(max(date_day), $2) from marts.messaging_activity
            -- What lies ahead, such as a campaign that begins next year, is not what the last seven days are about.
            where account_id = $1 and date_day <= $2
            """,
            [account, zones.today("Pacific/Kiritimati")],
        ).fetchone()[0]
        start = today - timedelta(days=6)
        period = f"{account}, {start} to {today}"
        for view in VIEWS:
            columns = ", ".join(kpi.column for kpi in of_view(view))
            values = db.execute(f"select {columns} from reports.{view}_report($1, $2, $3)", [account, start, today]).fetchone()
            console.print(two_columns(f"{view.capitalize()}: {period}", of_view(view), values))
        console.print(_accounting(db))
        _say_alerts(db, console)
    _say_what_is_next(settings, account, start, today, console)


def two_columns(title: str, kpis: list[Kpi], values: tuple) -> Table:
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
    alerts = db.execute("""
        select date_day, account_id, kind, coalesce(campaign_id, template_id, 'the account'), observed, expected from marts.alerts
        where date_day = (select max(date_day) from marts.alerts)
        order by account_id, kind, level, campaign_id, template_id
    """).fetchall()
    for day, account, kind, thing, observed, expected in alerts[:MOST_ALERTS]:
        against = "" if expected is None else f" is {observed:.3g}, {expected:.3g} in the 28 days before"
        console.print(f"[yellow]ALERT[/] {day} {escape(account)}: {kind} of {escape(thing)}{against}", highlight=False, soft_wrap=True)
    if len(alerts) > MOST_ALERTS:
        console.print(f"{len(alerts) - MOST_ALERTS} more: make query SQL=\"from marts.alerts order by date_day desc\"", highlight=False)


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


if __name__ == "__main__":
    sys.exit(main())
