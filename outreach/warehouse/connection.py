"""The warehouse file: one process writes it at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from outreach.settings import shown
from outreach.sql import sql_text
from outreach.turns import is_held

# Newer compression: smaller and faster to write. Readers need DuckDB 1.4 or newer.
STORAGE_VERSION = "v1.4.0"


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse or a published file, opened read-only under a name of its own: one called `marts.duckdb` is ambiguous otherwise.

    Args:
        file: the DuckDB file.

    Raises:
        duckdb.Error: it cannot be opened.
    """
    with duckdb.connect() as db:
        db.execute(f"set timezone = 'UTC'; attach {sql_text(file)} as opened (read_only); use opened")
        yield db


@contextmanager
def written_beside(file: Path, ending: str) -> Iterator[Path]:
    """A place beside a database to write a new one, which is then renamed over it. What is left there at the end goes.

    Args:
        file: the database.
        ending: of the name of what is written; what an earlier attempt has left there goes first.
    """
    beside = file.with_name(f".{file.name}.{ending}")
    try:
        _remove(beside)
        yield beside
    finally:
        _remove(beside)


def _remove(file: Path) -> None:
    for path in (file, file.with_name(file.name + ".wal")):
        path.unlink(missing_ok=True)


class WarehouseError(Exception):
    """The warehouse cannot be written as the variables name it. The message is one sentence."""


def check_warehouse(warehouse: Path) -> None:
    """Ends with a clear sentence where the warehouse cannot be one. One that another process holds is none of that.

    Args:
        warehouse: the file; it may not be there yet.

    Raises:
        WarehouseError: it is a folder, or no DuckDB file.
    """
    if warehouse.is_dir():
        raise WarehouseError(f"OUTREACH_WAREHOUSE is '{shown(warehouse)}': expected a file, found a folder.")
    try:
        if warehouse.exists():
            duckdb.connect(str(warehouse)).close()
    except duckdb.Error as error:
        if not is_held(warehouse):
            raise WarehouseError(
                f"OUTREACH_WAREHOUSE is '{shown(warehouse)}', and cannot be opened for writing: {str(error).splitlines()[0]}"
            ) from error
