"""What a build follows from, each as one text that changes with any part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from outreach.settings import PROJECT

# What dbt reads, what checks and publishes, and the packages that all of it runs on.
PROJECT_FILES = (
    "dbt_project.yml", "requirements.txt", "macros", "models", "orchestration", "outreach", "profiles", "seeds",
    "tests/generic", "tests/singular",
)  # fmt: skip


def rules_fingerprint() -> str:
    """One text that changes with any rule: every model, macro and seed of the project, comments included."""
    return _fingerprint(path for path in _files("macros", "models", "seeds") if path.suffix in (".sql", ".csv"))


def project_fingerprint() -> str:
    """One text that changes with any file that a build, its checks or its publication follow from."""
    return _fingerprint(_files(*PROJECT_FILES))


def newest_project_file() -> datetime:
    """When a file of the project was last changed."""
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in _files(*PROJECT_FILES)))


def warehouse_state(db: duckdb.DuckDBPyConnection) -> str:
    """One text that changes with every build that has taken anything in, has died on the way, or was changed by hand.

    Args:
        db: the warehouse, the database in use.

    Raises:
        duckdb.CatalogException: it was never built.
    """
    parts = [
        duckdb.__version__,
        db.execute("from staging.landing_files order by path").fetchall(),
        db.execute("from intermediate.build_state order by all").fetchall(),
        db.execute("""
            select schema_name, table_name from duckdb_tables() union all
            select schema_name, view_name from duckdb_views() where not internal union all
            select schema_name, function_name from duckdb_functions() where not internal
            order by all
        """).fetchall(),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _files(*places: str) -> Iterator[Path]:
    for place in places:
        path = PROJECT / place
        yield from (path,) if path.is_file() else (file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc")


def _fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
