"""`make query`: asks the published file, or the warehouse, read-only, and prints the answer as a table."""

from __future__ import annotations

import argparse
import sys

import duckdb

from outreach.settings import Settings


def main() -> int:
    """Prints the answer to the one argument, and returns the process's exit code."""
    usage = 'make query SQL="from marts.publication" [ARGS=--warehouse]'
    parser = argparse.ArgumentParser(prog="make query", description=__doc__, usage=usage)
    parser.add_argument("sql", help="the query")
    parser.add_argument("--warehouse", action="store_true", help="ask the warehouse itself, which has rejected rows and all steps between")
    arguments = parser.parse_args()
    if not arguments.sql.strip():
        parser.error("SQL is empty")
    settings = Settings.from_environment()
    file = settings.warehouse if arguments.warehouse else settings.published
    if not file.exists():
        print(f"{file}: not there yet; `make build` writes it", file=sys.stderr)
        return 1
    try:
        with duckdb.connect(str(file), read_only=True) as db:
            db.sql(arguments.sql).show(max_width=200, max_rows=60)
    except duckdb.Error as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
