"""`make compact`: writes the warehouse anew without what was deleted from it, and puts it in the place of the old file.

DuckDB keeps the room of deleted rows in its file and their bytes with it. A build that erases contacts compacts by itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from orchestration.landing.survey import EVENT_STREAMS
from orchestration.warehouse import STORAGE_VERSION, WarehouseError, check_warehouse, opened, written_beside
from outreach.settings import Settings, keep_private, shown
from outreach.sql import sql_text
from outreach.turns import Taken, is_held, turn

# How many rows had lost their contact when the file was last written anew; in `timeline.build_state`, where no batch is meant.
ERASED = "erased"


def compact(warehouse: Path) -> None:
    """Writes the warehouse anew beside itself, and renames it over the old file.

    Args:
        warehouse: the file. Whoever has it open for reading goes on undisturbed.

    Raises:
        duckdb.Error: another process holds it, or it cannot be written anew. It stands as it was.
    """
    with written_beside(warehouse, "compact") as beside, duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.execute(f"attach {sql_text(warehouse)} as old; attach {sql_text(beside)} as new (storage_version '{STORAGE_VERSION}')")
        db.execute("copy from database old to new")
        if _has_state(db, "new"):
            db.execute("delete from new.timeline.build_state where model_name = $1", [ERASED])
            db.execute("insert into new.timeline.build_state values ($1, $2, 0)", [ERASED, _rows_without_contact(db, "new")])
        db.execute("checkpoint new; detach new")
        # As long as the old file is held, nobody writes to what is about to go.
        os.replace(beside, warehouse)
        warehouse.with_name(warehouse.name + ".wal").unlink(missing_ok=True)


def holds_erased_bytes(warehouse: Path) -> bool:
    """Whether contacts were erased from the warehouse since its file was last written anew.

    Args:
        warehouse: the file.
    """
    with opened(warehouse) as db:
        name = db.execute("select current_database()").fetchone()[0]
        if not _has_state(db, name):
            return False
        remembered = "select coalesce(max(since_batch), 0) from timeline.build_state where model_name = $1"
        return _rows_without_contact(db, name) > db.execute(remembered, [ERASED]).fetchone()[0]


def _has_state(db: duckdb.DuckDBPyConnection, database: str) -> bool:
    return _has_table(db, database, "timeline", "build_state")


def _has_table(db: duckdb.DuckDBPyConnection, database: str, schema: str, table: str) -> bool:
    query = "select count(*) > 0 from duckdb_tables() where database_name = $1 and schema_name = $2 and table_name = $3"
    return db.execute(query, [database, schema, table]).fetchone()[0]


def _rows_without_contact(db: duckdb.DuckDBPyConnection, database: str) -> int:
    tables = [f"base_{stream}" for stream in EVENT_STREAMS if _has_table(db, database, "staging", f"base_{stream}")]
    counts = [f'select count(*) from "{database}".staging.{table} where reject_reason is not null and row_json is null' for table in tables]
    return sum(db.execute(count).fetchone()[0] for count in counts)


def main() -> int:
    """Compacts the warehouse, and returns the process's exit code."""
    argparse.ArgumentParser(prog="make compact", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
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
