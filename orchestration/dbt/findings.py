"""The findings of dbt's tests in words: which rule is broken, how often, and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from dagster import AssetCheckResult

from outreach.warehouse.connection import opened

# How many example rows a finding shows.
EXAMPLES = 3


def explained(results: Sequence[AssetCheckResult], nodes: Mapping[str, Any], warehouse: Path, target: Path) -> Iterator[AssetCheckResult]:
    """The failed tests with example rows. Their queries run again for this, since dbt itself reports only a number.

    Args:
        results: dagster-dbt's results.
        nodes: the nodes of dbt's manifest.
        warehouse: the DuckDB file, which dbt has closed.
        target: dbt's target folder, with the compiled queries.
    """
    if not results:
        return
    with opened(warehouse) as db:
        for result in results:
            node = nodes[str(result.metadata["unique_id"].value)]
            yield result._replace(description=_words(db, _compiled(node, target)))


def _compiled(node: Mapping[str, Any], target: Path) -> Path:
    """The compiled query of a test. dbt puts a generic test in a folder named like the YAML file that declares it."""
    asked_in, own = Path(node["original_file_path"]), Path(node["path"])
    return target / "compiled" / str(node["package_name"]) / (asked_in if asked_in.name == own.name else asked_in / own)


def _words(db: duckdb.DuckDBPyConnection, query: Path) -> str | None:
    try:
        cursor = db.execute(query.read_text())
        names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    except (OSError, duckdb.Error):
        # A test that could not run has no rows to show; the run has dbt's error.
        return None
    if names == ["rule", "row_count", "example"]:
        return "; ".join(f"{rule}: {count:,} do not{f', such as {example}' if example else ''}" for rule, count, example in rows)
    shown = "; ".join(", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) for row in rows[:EXAMPLES])
    return f"{len(rows):,} found, such as {shown}" if len(rows) > EXAMPLES else f"found {shown}"
