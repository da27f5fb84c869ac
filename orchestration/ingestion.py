"""A provider's source as assets in front of the landing zone, if the variables name one: `make ingest` as a Dagster run."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetSpec, Failure, MaterializeResult, MetadataValue, multi_asset

from orchestration.extraction import run_pipeline
from outreach.connectors import twilio_api
from outreach.connectors.contacts import contact_key
from outreach.connectors.ingestion import Counts, ingest, place, sources
from outreach.connectors.raw_tables import SourceError
from outreach.landing.files import LandingError
from outreach.settings import Settings, SettingsError, variable

# The arguments of `make ingest`: the source's name, its --location and its --schema.
SOURCE = variable("OUTREACH_SOURCE", "")
if SOURCE and SOURCE not in sources():
    raise SettingsError(f"OUTREACH_SOURCE is '{SOURCE}': expected one of {', '.join(sources())}.")
_kinds = () if not SOURCE else ("accounts", "services", "messages", "calls") if sources()[SOURCE].tables else ("messages",)
INGESTED = [AssetKey([SOURCE.replace("-", "_"), kind]) for kind in _kinds]


@multi_asset(
    name="ingestion",
    specs=[
        AssetSpec(key, description=f"The {key.path[-1]} of {SOURCE}, as they become landing files.", group_name="source",
                  owners=["team:platform"], kinds={SOURCE.split("-")[0]})
        for key in INGESTED
    ],
)  # fmt: skip
def ingestion(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
    """Reads the source and writes what the landing zone lacks. If it fails, it has written nothing."""
    settings, source = Settings.from_environment(), sources()[SOURCE]
    location, schema = variable("OUTREACH_SOURCE_LOCATION", ""), variable("OUTREACH_SOURCE_SCHEMA", "")
    extracted: dict[str, Mapping[str, Any]] = {}
    try:
        run = partial(run_pipeline, context=context, said=extracted)
        with place(source, location, settings, None, twilio_api.LOOKBACK, context.log.info, run) as (folder, notes):
            found = ingest(source, folder, schema or None, settings, contact_key(), say=context.log.info)
    except (SourceError, LandingError) as error:
        raise Failure(f"Nothing was written. {error}", allow_retries=False) from None
    for warning in notes + found.warnings:
        context.log.warning(warning)
    for key in INGESTED:
        counts = found.read.get(key.path[-1], Counts())
        yield MaterializeResult(key, metadata={
            **extracted.get(key.path[-1], {}),
            "dagster/row_count": counts.rows,
            "skipped": sum(counts.skipped.values()),
            "skipped because": MetadataValue.json(counts.skipped),
            "written": MetadataValue.json({stream: rows for stream, rows in found.written.items() if _is_of(stream, key.path[-1])}),
        })  # fmt: skip


def _is_of(stream: str, kind: str) -> bool:
    return stream.startswith({"services": "campaigns"}.get(kind, kind.removesuffix("s")))
