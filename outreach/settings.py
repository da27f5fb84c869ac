"""Where everything is: the variables of the README, each with its default. Relative paths start at the project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).parents[1]

DEFAULT_LANDING = "data/landing"

# Everything is served on loopback: Dagster, the pages that its runs write, `make docs`, and the Reporting page without sign-in.
HOST = "127.0.0.1"
DAGSTER_PORT = 3000
FILES_PORT = 3001
DOCS_PORT = 8080
DASHBOARD_PORT = 8501

# Without a new file, or without a new publication, for longer than this, data are old: a day, and two hours for a late run.
STALE_HOURS = 26


@dataclass(frozen=True)
class Settings:
    """The set-up of one process.

    Args:
        landing: the landing zone's folder.
        landing_format: `jsonl` or `parquet`.
        warehouse: the DuckDB file that builds write.
        published: the DuckDB file that readers open.
        home: Dagster's folder: its runs, and the pages that runs write.
    """

    landing: str
    landing_format: str
    warehouse: Path
    published: Path
    home: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings that the environment's variables make."""
        return cls(
            landing=os.environ.get("OUTREACH_LANDING", DEFAULT_LANDING),
            landing_format=os.environ.get("OUTREACH_LANDING_FORMAT", "jsonl"),
            warehouse=_path("OUTREACH_WAREHOUSE", "data/warehouse.duckdb"),
            published=_path("OUTREACH_PUBLISHED", "data/published/reporting.duckdb"),
            home=_path("DAGSTER_HOME", "data/dagster"),
        )

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages, a folder per run."""
        return self.home / "pages/data_docs"

    @property
    def documentation(self) -> Path:
        """The documentation site, one file."""
        return self.home / "pages/documentation/index.html"

    def page_url(self, page: Path) -> str:
        """Where `make dagster` serves a page that a run has written."""
        return f"http://{HOST}:{FILES_PORT}/{quote(page.relative_to(self.home / 'pages').as_posix())}"


def keep_private() -> None:
    """Has every file that this process and those it starts write be readable by its owner alone: rejected rows are personal."""
    os.umask(0o077)


def shown(path: Path) -> str:
    """A path as a person would write it: from the project's folder, where it is in it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


def _path(variable: str, default: str) -> Path:
    return PROJECT / os.environ.get(variable, default)
