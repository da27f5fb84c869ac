"""The warehouse file: one process writes it at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dagster import OpExecutionContext, RetryRequested

from outreach.settings import Settings, shown

# Newer compression: smaller and faster to write. Readers need DuckDB 1.4 or newer.
STORAGE_VERSION = "v1.4.0"

# Waits of 2, 4, 8, 16, 32, 64, 64 … seconds: ten minutes in all.
MOST_RETRIES = 13
LONGEST_WAIT = 64


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
        if not is_locked(error):
            raise WarehouseError(
                f"OUTREACH_WAREHOUSE is '{shown(warehouse)}', and cannot be opened for writing: {str(error).splitlines()[0]}"
            ) from error


def is_locked(error: duckdb.Error) -> bool:
    """Whether another process holds the file that was to be opened."""
    return isinstance(error, duckdb.IOException) and "lock" in str(error)


@contextmanager
def opened_for_writing(settings: Settings, context: OpExecutionContext) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, opened for writing.

    Args:
        settings: say where it is. It is made where it is not there yet.
        context: of the step that writes. It is run again later, and later still, as long as another process holds the file.

    Raises:
        RetryRequested: another process holds the file.
    """
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = duckdb.connect(str(settings.warehouse))
    except duckdb.IOException as error:
        raise try_again(error, context) from error
    with db:
        yield db


def try_again(error: duckdb.IOException, context: OpExecutionContext) -> Exception:
    """What to raise instead of an error of DuckDB's: a request to run the step again, and the error itself if no lock is its cause.

    Args:
        error: what opening the warehouse has raised.
        context: of the step.
    """
    if not is_locked(error):
        return error
    seconds = min(2 ** (context.retry_number + 1), LONGEST_WAIT)
    context.log.warning(f"Another process holds the warehouse; trying again in {seconds} s. {str(error).splitlines()[0]}")
    return RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=seconds)
