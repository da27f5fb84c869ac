"""`make query`: queries the published file or the warehouse, read-only, and prints the answer as a table."""

from __future__ import annotations

import argparse
import os
import sys

import duckdb

from outreach.settings import Settings, shown
from outreach.turns import is_held
from outreach.warehouse.connection import opened


def main() -> int:
    """Runs the query in the variable OUTREACH_QUERY or on standard input, and returns the process's exit code."""
    usage = 'make query SQL="from marts.publication" [ARGS=--warehouse], or make query < question.sql'
    parser = argparse.ArgumentParser(prog="make query", description=__doc__, usage=usage)
    parser.add_argument(
        "--warehouse", action="store_true", help="ask the warehouse itself, which also has rejected rows and intermediate tables"
    )
    arguments = parser.parse_args()
    # A variable, not an argument: make's shell would interpret quotes, backticks and dollars.
    query = os.environ.get("OUTREACH_QUERY") or ("" if sys.stdin.isatty() else sys.stdin.read())
    if not query.strip():
        parser.error("there is no SQL")
    settings = Settings.from_environment()
    file = settings.warehouse if arguments.warehouse else settings.published
    if not file.exists():
        print(f"{shown(file)}: not there yet; `make build` writes it", file=sys.stderr)
        return 1
    try:
        with opened(file) as db:
            db.sql(query).show(max_width=200, max_rows=60)
    except duckdb.Error as error:
        held = "another process writes it; ask again when that has ended, or ask the published file, without ARGS=--warehouse"
        print(f"{shown(file)}: {held if is_held(file) else error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
