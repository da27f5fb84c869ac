"""`make ingest`: turns a provider's raw tables, event log or API into landing files.

It writes only what the landing zone lacks. It is always safe to run it again, even after a kill.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import date

from rich.console import Console
from rich.table import Table

from outreach.connectors import twilio_api
from outreach.connectors.contacts import contact_key
from outreach.connectors.ingestion import Ingestion, ingest, place, sources
from outreach.connectors.raw_tables import SourceError
from outreach.landing.files import ENDINGS, LandingError
from outreach.settings import PROJECT, Settings, keep_private

# What each reason for skipping a row means.
REASONS = {
    "deleted": "deleted at the source",
    "not_sent": "not sent, or not yet",
    "not_received": "not received yet",
    "not_dialed": "not dialed yet",
    "internal": "between two of the account's own numbers",
    "agent_leg": "an agent's own leg of a call",
    "unknown_status": "of a status that the mapping does not know",
    "unknown_direction": "of a direction that the mapping does not know",
    "other_type": "of another type of event",
}


def main() -> int:
    """Ingests, and returns the process's exit code."""
    known = sources()
    parser = argparse.ArgumentParser(prog="make ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="SOURCE", help=f"one of {', '.join(known)}")
    parser.add_argument(
        "--location", help="all but twilio-api: a folder of raw tables, a DuckDB file, or postgresql://user:password@host/database"
    )
    parser.add_argument("--schema", help="the schema of the tables, of a database (default: main in DuckDB, public in Postgres)")
    parser.add_argument(
        "--without", action="append", default=[], metavar="TABLE", help="a table that the source lacks; may be given several times"
    )  # fmt: skip
    parser.add_argument(
        "--since", type=date.fromisoformat, metavar="DAY",
        help="read only what the loader wrote from this day (UTC) on (default: all); twilio-api: messages and calls from this day on "
        "(default: the last run's day, less --lookback)",
    )  # fmt: skip
    parser.add_argument(
        "--lookback", type=int, default=twilio_api.LOOKBACK, metavar="DAYS",
        help="twilio-api: days before the last run that are asked again, as statuses and prices settle later (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="write nothing, and print the first ten rows of each stream")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=True, markup=False)

    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    try:
        if arguments.source not in known:
            raise SourceError(f"there is no source '{arguments.source}': expected one of {', '.join(known)}")
        if settings.landing_format not in ENDINGS:
            raise LandingError(f"OUTREACH_LANDING_FORMAT is '{settings.landing_format}': expected jsonl or parquet.")
        source = known[arguments.source]
        with place(source, arguments.location or "", settings, arguments.since, arguments.lookback, console.print) as (location, notes):
            found = ingest(
                source, location, arguments.schema, settings, contact_key(), without=tuple(arguments.without), since=arguments.since,
                dry_run=arguments.dry_run, say=console.print,
            )  # fmt: skip
            found.warnings[:0] = notes
    except (SourceError, LandingError) as error:
        console.print(f"Nothing was written. {error}", style="bold red")
        return 2
    _show(found, console, arguments.dry_run)
    return 0


def _show(found: Ingestion, console: Console, is_dry_run: bool) -> None:
    table = Table("raw rows", title="What was read", title_justify="left")
    table.add_column("read", justify="right")
    table.add_column("skipped", justify="right")
    table.add_column("because they are")
    for name, counts in found.read.items():
        reasons = "; ".join(f"{REASONS[reason]} ({reason}) {count:,}" for reason, count in counts.skipped.items())
        table.add_row(name, f"{counts.rows:,}", f"{sum(counts.skipped.values()):,}", reasons)
    console.print(table)
    for counts in found.read.values():
        for name, count in counts.named.items():
            console.print(f"Unknown to the mapping: {name} (rows: {count:,})")
    table = Table("landing stream", title="What would be written" if is_dry_run else "What was written", title_justify="left")
    table.add_column("rows", justify="right")
    for stream, count in found.written.items():
        table.add_row(stream, f"{count:,}")
    console.print(table)
    if found.origins:
        console.print("New outbound messages: " + ", ".join(f"{kind} {count:,}" for kind, count in found.origins.items()))
    unsettled, old = found.unsettled
    if old:
        console.print(f"Outbound messages older than three days without a final status: {unsettled:,} of {old:,}")
    for warning in found.warnings:
        console.print(f"WARN {warning}", style="yellow")
    for stream, rows in found.samples.items():
        if rows:
            console.print(f"First rows of {stream}, without empty columns:")
        for row in rows:
            console.print(
                "  " + json.dumps({name: value for name, value in row.items() if value is not None}, default=str, ensure_ascii=False)
            )
    if not is_dry_run:
        console.print("Run `make build` to take in what was written." if any(found.written.values()) else "Nothing is new.")


if __name__ == "__main__":
    sys.exit(main())
