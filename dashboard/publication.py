"""The published file, opened for reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import streamlit as st

# The name the file is attached under.
NAME = "published"


class NotPublished(Exception):
    """There is no published file yet, or it cannot be read. The message is for the page's viewer."""


@dataclass(frozen=True)
class Publication:
    """One publication: the published file as it was when opened. Replacing the file does not affect it.

    Args:
        identity: path, inode and modification time, unique to each publication.
        database: an in-memory database with the file attached.
        published_at: when it was published.
        newest_event_at: the time of its newest event; None if it has none.
    """

    identity: tuple[str, int, int]
    database: duckdb.DuckDBPyConnection
    published_at: datetime
    newest_event_at: datetime | None

    def ask(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query, each as a dict by column.

        Args:
            sql: the query, with `$1` and so on for parameters.
            parameters: the values of the parameters.
        """
        with self.database.cursor() as cursor:
            # One cursor per query, since pages are drawn concurrently. A new cursor does not inherit the database in use.
            cursor.execute(f"use {NAME}")
            cursor.execute(sql, parameters or [])
            columns = [column for column, *_ in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def current_publication(file: Path) -> Publication:
    """The current publication. Holders of an older one keep it until they ask again.

    Args:
        file: the published file.

    Raises:
        NotPublished: there is none yet, or the file is not one.
    """
    try:
        status = file.stat()
    except FileNotFoundError:
        raise NotPublished("Nothing is published yet. Reload this page after the first successful build.") from None
    except OSError as error:
        raise NotPublished(f"The published file cannot be opened: {error.strerror}.") from error
    try:
        return _opened(str(file), status.st_ino, status.st_mtime_ns)
    except duckdb.Error as error:
        raise NotPublished("The published file is damaged or has another version. The next build replaces it.") from error


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened(file: str, inode: int, changed: int) -> Publication:
    # Attached, because DuckDB shares one instance among connections to the same path, which would be the old file.
    database = duckdb.connect(config={"temp_directory": ""})
    database.execute(f"attach '{file.replace(chr(39), chr(39) * 2)}' as {NAME} (read_only)")
    # The page needs only reports and marts: its queries may reach nothing else.
    database.execute("set enable_external_access = false; set lock_configuration = true")
    ((published_at, newest_event_at),) = database.execute(f"select published_at, newest_event_at from {NAME}.marts.publication").fetchall()
    as_utc = [moment and moment.replace(tzinfo=UTC) for moment in (published_at, newest_event_at)]
    return Publication((file, inode, changed), database, *as_utc)
