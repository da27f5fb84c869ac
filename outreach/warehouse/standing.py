"""Whether a build would find anything to do.

That the last run was whole is not written down anywhere: it follows from the warehouse and the published file. A publication, which is
the last step of a run and comes after every check, names the state of the warehouse that it was made from. Where the warehouse is still
in that state, and the project and the landing zone are those that it was built from, a run would give the same once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from outreach import zones
from outreach.landing.files import LandingFile, digest_of, list_files
from outreach.settings import Settings
from outreach.sql import one_row
from outreach.warehouse.connection import opened
from outreach.warehouse.fingerprints import newest_project_file, project_fingerprint, rules_fingerprint, warehouse_state

_LOADED_AT = datetime.now()


@dataclass(frozen=True)
class Standing:
    """A publication that stands for all that has landed.

    Args:
        published_at: when it was published, UTC, without an offset.
        newest_file_at: when the newest landing file was last changed, likewise.
    """

    published_at: datetime
    newest_file_at: datetime


def built_from(warehouse: Path, run_began_at: datetime) -> str | None:
    """What a publication of a warehouse names as its origin.

    Args:
        warehouse: the DuckDB file, built and checked.
        run_began_at: when the run began, in local time, without an offset.

    Returns:
        A text that is the same for the same state of warehouse and project; None where a file of the project has changed while the run,
        or the process that it is in, was under way, so that nobody can tell what was built from which.
    """
    if newest_project_file() >= min(run_began_at, _LOADED_AT):
        return None
    with opened(warehouse) as db:
        return _origin(db)


def standing_publication(settings: Settings) -> Standing | None:
    """The publication, if a build would give the same once more.

    Args:
        settings: say where everything is.

    Returns:
        None where there is something to do, where that cannot be told, and where another process holds the warehouse.
    """
    if not settings.warehouse.exists() or not settings.published.exists():
        return None
    try:
        with opened(settings.published) as db:
            published_at, origin = one_row(db.execute("select published_at, built_from from marts.publication"))
        with opened(settings.warehouse) as db:
            if origin is None or origin != _origin(db):
                return None
            held = db.execute("select path, bytes, modified_at, ingest_date, digest, rules from staging.landing_files").fetchall()
    except duckdb.Error:
        return None
    listed = list_files(settings.landing, settings.landing_format)
    if not listed or not _same_files(Path(settings.landing), listed, held):
        return None
    return Standing(published_at, max(file.modified_at for file in listed))


def hours_since(moment: datetime) -> float:
    """Hours from a moment to now.

    Args:
        moment: UTC, without an offset.
    """
    return (datetime.now(UTC).replace(tzinfo=None) - moment).total_seconds() / 3600


def _origin(db: duckdb.DuckDBPyConnection) -> str:
    return f"{warehouse_state(db)} {project_fingerprint()} {zones.RELEASE}"


def _same_files(landing: Path, listed: list[LandingFile], held: list[tuple[Any, ...]]) -> bool:
    if {(file.path, file.bytes, file.modified_at) for file in listed} != {(path, size, moment) for path, size, moment, *_ in held}:
        return False
    rules = rules_fingerprint()
    open_day = max((day for _, _, _, day, *_ in held if day), default=date.min)
    # Closed days do not change. A file of the open one may, without growing and within the resolution of its time.
    return all(
        of_rules == rules and (day != open_day or digest is None or digest_of(landing / path) == digest)
        for path, _, _, day, digest, of_rules in held
    )
