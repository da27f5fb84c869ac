"""Where everything is: the variables of docs/operating.md, each with its default. Relative paths start at the project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).parents[1]

DEFAULT_LANDING = "data/landing"

# Of the warehouse.
SCHEMAS = ("seeds", "staging", "intermediate", "marts", "reports")

# Everything is served on loopback: Dagster, the pages that its runs write, `make docs`, and the Reporting page without sign-in.
HOST = "127.0.0.1"
DAGSTER_PORT = 3000
FILES_PORT = 3001
DOCS_PORT = 8080
DASHBOARD_PORT = 8501

# Without a new file, or without a new publication, for longer than this, data are old: a day, and two hours for a late run.
STALE_HOURS = 26


class SettingsError(Exception):
    """The variables name what cannot work. The message is one sentence that names the variable."""


@dataclass(frozen=True)
class Settings:
    """The set-up of one process.

    Args:
        landing: the landing zone's folder.
        landing_format: `jsonl` or `parquet`.
        warehouse: the DuckDB file that builds write.
        published: the DuckDB file that readers open.
        home: Dagster's folder: its runs, and the pages that runs write.
        raw: the folder that an API's answers lie in as long as they are mapped.
    """

    landing: str
    landing_format: str
    warehouse: Path
    published: Path
    home: Path
    raw: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings that the environment's variables make."""
        return cls(
            landing=variable("OUTREACH_LANDING", DEFAULT_LANDING),
            landing_format=variable("OUTREACH_LANDING_FORMAT", "jsonl"),
            warehouse=_path("OUTREACH_WAREHOUSE", "data/warehouse.duckdb"),
            published=_path("OUTREACH_PUBLISHED", "data/published/reporting.duckdb"),
            home=_path("DAGSTER_HOME", "data/dagster"),
            raw=_path("OUTREACH_RAW", "data/raw"),
        )

    def check_places(self) -> None:
        """Ends with a clear sentence where something that a build writes cannot be written.

        Raises:
            SettingsError: a folder that cannot be written, or a name that a library behind it does not bear.
        """
        if odd := sorted({*"?#%"} & {*str(self.home)}):
            raise SettingsError(f"DAGSTER_HOME is '{self.home}': Dagster's database cannot lie in a folder with '{odd[0]}' in its name.")
        if self.warehouse.stem.lower() in SCHEMAS:
            raise SettingsError(f"OUTREACH_WAREHOUSE is '{shown(self.warehouse)}': DuckDB cannot tell a file of that name from its schema.")
        places = {
            "OUTREACH_WAREHOUSE": self.warehouse.parent,
            "OUTREACH_PUBLISHED": self.published.parent,
            "DAGSTER_HOME": self.home,
            "DBT_TARGET_PATH": _path("DBT_TARGET_PATH", "target"),
            "DBT_LOG_PATH": _path("DBT_LOG_PATH", "logs"),
        }
        for name, folder in places.items():
            there = next(path for path in (folder, *folder.parents) if path.exists())
            if not there.is_dir():
                raise SettingsError(f"{name}: '{shown(there)}' is a file, and a folder was expected.")
            if not os.access(there, os.W_OK | os.X_OK):
                raise SettingsError(f"{name}: '{shown(there)}' cannot be written by the user that runs this; name another place.")

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


def variable(name: str, default: str) -> str:
    """The value of an environment variable. One that is set and empty, as a compose file leaves it, is not set.

    Args:
        name: the variable.
        default: where it is not set.
    """
    return os.environ.get(name, "").strip() or default


def _path(name: str, default: str) -> Path:
    # A link is followed: what it leads to is the file that is written, replaced and locked.
    return (PROJECT / variable(name, default)).resolve()
