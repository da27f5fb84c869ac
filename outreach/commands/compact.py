"""`make compact`: rewrites the warehouse without the space and the bytes of deleted rows."""

from __future__ import annotations

import argparse
import sys

import duckdb

from outreach.settings import Settings, keep_private, shown
from outreach.turns import Taken, is_held, turn
from outreach.warehouse.compaction import compact
from outreach.warehouse.connection import WarehouseError, check_warehouse


def main() -> int:
    """Compacts the warehouse, and returns the process's exit code."""
    argparse.ArgumentParser(prog="make compact", description=__doc__).parse_args()
    keep_private()
    warehouse = Settings.from_environment().warehouse
    if not warehouse.exists():
        print(f"{shown(warehouse)}: not there yet; `make build` writes it", file=sys.stderr)
        return 1
    before = warehouse.stat().st_size
    try:
        with turn(warehouse, "make compact"):
            check_warehouse(warehouse)
            compact(warehouse)
    except (Taken, WarehouseError, duckdb.Error) as error:
        taken = str(error) if isinstance(error, Taken) else "another process has it open" if is_held(warehouse) else None
        reason = f"{shown(warehouse)} is taken ({taken}); try again when that has ended." if taken else str(error)
        print(f"Nothing was changed: {reason}", file=sys.stderr)
        return 1
    print(f"{shown(warehouse)}: {before / 1e6:,.1f} MB, now {warehouse.stat().st_size / 1e6:,.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
