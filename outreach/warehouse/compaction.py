"""Writes the warehouse anew without what was deleted from it, and puts it in the place of the old file.

DuckDB keeps the room of deleted rows in its file and their bytes with it. A build that erases contacts compacts by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from outreach.landing.streams import EVENT_STREAMS
from outreach.sql import one_row, sql_text
from outreach.warehouse.connection import STORAGE_VERSION, opened, written_beside

# How many rows had lost their contact when the file was last written anew; in `intermediate.build_state`, where no batch is meant.
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
            db.execute("delete from new.intermediate.build_state where model_name = $1", [ERASED])
            db.execute("insert into new.intermediate.build_state values ($1, $2, 0)", [ERASED, _rows_without_contact(db, "new")])
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
        name = one_row(db.execute("select current_database()"))[0]
        if not _has_state(db, name):
            return False
        remembered = "select coalesce(max(since_batch), 0) from intermediate.build_state where model_name = $1"
        (erased,) = one_row(db.execute(remembered, [ERASED]))
        return _rows_without_contact(db, name) > int(erased)


def _has_state(db: duckdb.DuckDBPyConnection, database: str) -> bool:
    return _has_table(db, database, "intermediate", "build_state")


def _has_table(db: duckdb.DuckDBPyConnection, database: str, schema: str, table: str) -> bool:
    query = "select count(*) > 0 from duckdb_tables() where database_name = $1 and schema_name = $2 and table_name = $3"
    (is_there,) = one_row(db.execute(query, [database, schema, table]))
    return bool(is_there)


def _rows_without_contact(db: duckdb.DuckDBPyConnection, database: str) -> int:
    tables = [f"base_{stream}" for stream in EVENT_STREAMS if _has_table(db, database, "staging", f"base_{stream}")]
    counts = [f'select count(*) from "{database}".staging.{table} where reject_reason is not null and row_json is null' for table in tables]
    return sum(one_row(db.execute(count))[0] for count in counts)
