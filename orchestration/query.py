"""`make query`: asks the warehouse, read-only, and prints the answer as a table."""

from __future__ import annotations

import os
import sys

import duckdb


def main() -> int:
    """Prints the answer to the one argument, and returns the process's exit code."""
    warehouse = os.environ.get("OUTREACH_WAREHOUSE", "data/warehouse.duckdb")
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('usage: make query SQL="from marts.landing_accounting"', file=sys.stderr)
        return 2
    try:
        with duckdb.connect(warehouse, read_only=True) as db:
            db.sql(sys.argv[1]).show(max_width=200, max_rows=60)
    except duckdb.Error as error:
        print(f"{warehouse}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
