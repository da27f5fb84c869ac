"""The landing streams as assets with a partition per ingest day. Every run observes them, and any day can be read again."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import yaml
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetSpec,
    BackfillPolicy,
    DailyPartitionsDefinition,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from orchestration.ingestion import INGESTED
from orchestration.steps import warehouse_turn
from outreach.landing.profiling import Day, LandingProfile, StreamProfile, profiled
from outreach.landing.streams import LANDING_RULES
from outreach.settings import PROJECT, Settings
from outreach.sql import one_row

# A file's folder names the UTC day it was written on. The open day is a partition too.
FIRST_DAY = date(2020, 1, 1)
INGEST_DAYS = DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)

LANDING_KEYS = {stream: AssetKey(["landing", stream]) for stream in LANDING_RULES}


def _specs() -> list[AssetSpec]:
    (source,) = yaml.safe_load((PROJECT / "models/staging/landing/landing.yml").read_text())["sources"]
    return [
        AssetSpec(
            LANDING_KEYS[table["name"]],
            description=f"{table['description']}\n\n" + "\n".join(f"- `{c['name']}`: {c['description']}" for c in table["columns"]),
            deps=INGESTED,
            group_name="landing",
            owners=["team:platform"],
            kinds={"file", Settings.from_environment().landing_format},
        )
        for table in source["tables"]
    ]


@multi_asset(
    specs=_specs(), partitions_def=INGEST_DAYS, backfill_policy=BackfillPolicy.single_run(), can_subset=True, pool="warehouse"
)  # fmt: skip
def landing_days(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
    """Makes the next build read the files of the chosen ingest days again, whatever the warehouse holds of them.

    A build replaces everything it holds of a file, so reading one twice changes nothing.
    """
    settings = Settings.from_environment()
    streams = [key.path[-1] for key in sorted(context.selected_asset_keys)]
    days = sorted(context.partition_keys)
    if settings.warehouse.exists():
        with warehouse_turn(settings, context), duckdb.connect(str(settings.warehouse)) as db:
            _forget(db, streams, days)
    with profiled(settings) as found:
        for stream in streams:
            for day in days:
                if state := found.streams[stream].days.get(date.fromisoformat(day)):
                    context.add_asset_metadata(_day_metadata(state), LANDING_KEYS[stream], partition_key=day)
            yield MaterializeResult(LANDING_KEYS[stream])


def _forget(db: duckdb.DuckDBPyConnection, streams: list[str], days: list[str]) -> None:
    """Clears the fingerprint of the rules that files were read by, as if the rules had changed."""
    if one_row(db.execute("select count(*) from duckdb_tables() where schema_name = 'staging' and table_name = 'landing_files'"))[0]:
        chosen = "stream in (select unnest($1)) and ingest_date in (select unnest($2::date[]))"
        db.execute(f"update staging.landing_files set rules = '' where {chosen}", [streams, days])


def landing_events(found: LandingProfile) -> Iterator[AssetObservation | AssetMaterialization]:
    """A profile as events: one per stream, and one per ingest day that brought something new.

    Args:
        found: the profile.
    """
    for stream, state in found.streams.items():
        for day, of_day in state.days.items():
            if of_day.new_files and day >= FIRST_DAY:
                yield AssetMaterialization(LANDING_KEYS[stream], partition=day.isoformat(), metadata=_day_metadata(of_day))
        # Last, because the UI shows the newest event first.
        yield AssetObservation(LANDING_KEYS[stream], metadata=_stream_metadata(state))


def _day_metadata(day: Day) -> dict[str, Any]:
    return {"dagster/partition_row_count": day.rows, "files": day.files, "bytes": day.bytes}


def _stream_metadata(state: StreamProfile) -> dict[str, Any]:
    metadata = {
        "dagster/row_count": state.rows,
        "files": state.files,
        "bytes": state.bytes,
        "latest ingest day": str(state.latest_ingest_day) if state.latest_ingest_day else "none",
        "new files": state.new_files,
        "new rows": state.new_rows,
        "new rows to be rejected": sum(state.reject_reasons.values()),
    }
    if state.reject_reasons:
        metadata["reject reasons"] = MetadataValue.json(state.reject_reasons)
    if state.unreadable_files:
        metadata["unreadable files"] = MetadataValue.json(state.unreadable_files)
    return metadata
