"""What dbt's tests have found, in words: which rule is broken, how often, and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from dagster import AssetCheckResult

from outreach.warehouse.connection import opened

# Rows of what a test has found that are shown.
EXAMPLES = 3


def explained(results: Sequence[AssetCheckResult], nodes: Mapping[str, Any], warehouse: Path, target: Path) -> Iterator[AssetCheckResult]:
    """The results of tests that do not hold, each with what its query finds, asked once more: dbt itself tells a number alone.

    Args:
        results: the results, as dagster-dbt made them.
        nodes: of dbt's manifest.
        warehouse: the DuckDB file, which nobody writes any more.
        target: dbt's target folder, with the compiled queries.
    """
    if not results:
        return
    with opened(warehouse) as db:
        for result in results:
            node = nodes[str(result.metadata["unique_id"].value)]
            yield result._replace(description=_words(db, _compiled(node, target)))


def _compiled(node: Mapping[str, Any], target: Path) -> Path:
    """Where dbt has written the query of a test: a generic one in a folder named like the file that asks for it."""
    asked_in, own = Path(node["original_file_path"]), Path(node["path"])
    return target / "compiled" / str(node["package_name"]) / (asked_in if asked_in.name == own.name else asked_in / own)


def _words(db: duckdb.DuckDBPyConnection, query: Path) -> str | None:
    try:
        cursor = db.execute(query.read_text())
        names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    except (OSError, duckdb.Error):
        # A test that could not be run at all has nothing to show; dbt's own words stand in the run.
        return None
    if names == ["rule", "row_count", "example"]:
        return "; ".join(f"{rule}: {count:,} do not{f', such as {example}' if example else ''}" for rule, count, example in rows)
    shown = "; ".join(", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) for row in rows[:EXAMPLES])
    return f"{len(rows):,} found, such as {shown}" if len(rows) > EXAMPLES else f"found {shown}"
