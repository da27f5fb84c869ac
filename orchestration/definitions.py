"""The project's Dagster definitions."""

from dagster import Definitions, in_process_executor

from orchestration.alerts import tell_alerts
from orchestration.console import run_lines
from orchestration.dbt.assets import dbt_models, dbt_resource
from orchestration.ingestion import INGESTED, ingestion
from orchestration.jobs import JOBS, SCHEDULES, publication_freshness, source_freshness
from orchestration.landing.assets import landing_days
from orchestration.landing.sensors import new_landing_files
from orchestration.publish.assets import documentation, published_file, readers
from orchestration.quality.checks import landing_checks, mart_checks

# Steps run in one process, one after another: they share one warehouse, and imports take longer than most of them.
defs = Definitions(
    assets=[*([ingestion] if INGESTED else []), landing_days, dbt_models, published_file, documentation, *readers()],
    asset_checks=[landing_checks, mart_checks, *publication_freshness, *source_freshness],
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=[new_landing_files, tell_alerts],
    resources={"dbt": dbt_resource},
    executor=in_process_executor,
    loggers={"console": run_lines},
)
