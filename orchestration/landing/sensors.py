"""Starts a run when files have landed."""

import hashlib

from dagster import DagsterRunStatus, RunRequest, RunsFilter, SensorEvaluationContext, SkipReason, sensor

from orchestration.jobs import JOB_NAMES, build
from outreach.landing.files import LandingError, list_files
from outreach.settings import Settings

UNFINISHED = [
    DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING,
]  # fmt: skip


@sensor(job=build, minimum_interval_seconds=30)
def new_landing_files(context: SensorEvaluationContext) -> RunRequest | SkipReason:
    """Starts the build when a landing file is new or has changed since the last time that it did, and none is under way."""
    settings = Settings.from_environment()
    try:
        files = list_files(settings.landing, settings.landing_format)
    except (LandingError, OSError) as error:
        return SkipReason(f"The landing zone cannot be listed: {error}")
    if not files:
        return SkipReason(f"There is no file in {settings.landing} yet.")
    state = hashlib.sha256("\n".join(f"{f.path} {f.bytes} {f.modified_at}" for f in files).encode()).hexdigest()
    if state == context.cursor:
        return SkipReason("Nothing has landed since the last run that was started from here.")
    under_way = [run for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED)) if run.job_name in JOB_NAMES]
    if under_way:
        # The cursor stays, so that the next look finds these files again.
        return SkipReason(f"Files have landed; they wait for run {under_way[0].run_id} to end.")
    context.update_cursor(state)
    return RunRequest(run_key=state)
