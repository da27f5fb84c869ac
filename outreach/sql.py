"""Values and names as SQL writes them, and answers of one row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import duckdb


def sql_text(value: object) -> str:
    """A value's text as an SQL literal.

    Args:
        value: anything that prints, such as a path.
    """
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """A name as SQL takes it whatever stands in it.

    Args:
        name: of a column, a table or a schema.
    """
    return '"' + name.replace('"', '""') + '"'


def sql_paths(files: Iterable[str]) -> str:
    """Paths as the list that DuckDB's readers take, each for the one file that it names.

    Args:
        files: their paths.
    """
    return f"[{', '.join(sql_text(literal_path(file)) for file in files)}]"


def literal_path(file: str) -> str:
    """A path as DuckDB takes it for one file: the characters that it would take for a pattern stand for themselves."""
    return re.sub(r"[*?\[]", r"[\g<0>]", file)


def one_row(answer: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """The row of a query that always gives one, such as an aggregate over everything.

    Args:
        answer: what `execute` has returned.

    Raises:
        LookupError: there is none.
    """
    row: tuple[Any, ...] | None = answer.fetchone()
    if row is None:
        raise LookupError("The query gave no row, and one was expected.")
    return row
