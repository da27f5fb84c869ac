"""The jobs, schedules and sensors: what an operator starts, and what starts by itself."""

import warnings
from datetime import timedelta
from typing import Any

from dagster import AssetSelection, ScheduleDefinition, SupersessionWarning, build_last_update_freshness_checks, define_asset_job

from orchestration.dbt.assets import dbt_models
from orchestration.ingestion import INGESTED
from orchestration.landing.assets import LANDING_KEYS, landing_days
from orchestration.publish.assets import documentation, published_file
from orchestration.quality.checks import landing_checks
from outreach.quality.rules import Limits

# The freshness limits. These checks run on their own, not with a build, which has just published. Dagster prefers policies, which are no
# checks, and which only its daemon evaluates.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", SupersessionWarning)
    source_freshness = build_last_update_freshness_checks(
        assets=INGESTED, lower_bound_delta=timedelta(hours=Limits().stale_hours)
    ) if INGESTED else []  # fmt: skip
    publication_freshness = build_last_update_freshness_checks(
        assets=[published_file], lower_bound_delta=timedelta(hours=Limits().stale_hours)
    )  # fmt: skip

_everything = (
    AssetSelection.checks_for_assets(*LANDING_KEYS.values())
    | AssetSelection.assets(dbt_models, published_file) - AssetSelection.checks(*publication_freshness)
)  # fmt: skip

# Runs print readable lines wherever they run.
_CONFIG: dict[str, Any] = {"loggers": {"console": {}}}


def run_config(*, full_refresh: bool = False, **limits: float) -> dict[str, Any]:
    """The configuration of a run of the main job.

    Args:
        full_refresh: whether everything is built anew from the whole landing zone.
        limits: limits of the landing checks that differ from the defaults, by name (see `Limits`).
    """
    steps = {"landing_checks": {"full_refresh": full_refresh} | limits, "dbt_build": {"full_refresh": full_refresh}}
    return _CONFIG | {"ops": {step: {"config": config} for step, config in steps.items()}}


build = define_asset_job(
    "build",
    _everything,
    config=_CONFIG,
    description="Takes in what is new in the landing zone: landing checks, dbt build, mart checks, publication.",
)

full_refresh = define_asset_job(
    "full_refresh",
    _everything,
    description="Like build, with everything built anew from the whole landing zone.",
    config=run_config(full_refresh=True),
)

rebuild_days = define_asset_job(
    "rebuild_days",
    AssetSelection.assets(landing_days) | _everything,
    config=_CONFIG,
    description="Like build, and first has the files of the chosen ingest days (UTC) taken in again. Doing so twice gives the same.",
)

document = define_asset_job(
    "document",
    AssetSelection.assets(documentation),
    config=_CONFIG,
    description="Writes the documentation site.",
)

freshness = define_asset_job(
    "freshness",
    AssetSelection.checks(*publication_freshness, *source_freshness)
    | AssetSelection.checks(*(key for key in landing_checks.check_keys if key.name == "landing_is_fresh")),
    config=_CONFIG,
    description="Looks how old the newest landing files and the published file are.",
)

# Only if the variables name a source.
_ingest = define_asset_job(
    "ingest",
    (AssetSelection.assets(*INGESTED) - AssetSelection.checks(*source_freshness)) | _everything,
    config=_CONFIG,
    description="Reads the source that OUTREACH_SOURCE names, then does as build. Where that fails, nothing is built and readers go on.",
)

JOBS = [build, full_refresh, rebuild_days, document, freshness, *([_ingest] if INGESTED else [])]

# The jobs that write to the warehouse. Only one of them runs at a time.
JOB_NAMES = {job.name for job in (build, full_refresh, rebuild_days, _ingest)}

SCHEDULES = [
    ScheduleDefinition(name="hourly_build", job=build, cron_schedule="15 * * * *", execution_timezone="UTC"),
    ScheduleDefinition(name="hourly_freshness", job=freshness, cron_schedule="45 * * * *", execution_timezone="UTC"),
    *([ScheduleDefinition(name="hourly_ingest", job=_ingest, cron_schedule="5 * * * *", execution_timezone="UTC")] if INGESTED else []),
]
