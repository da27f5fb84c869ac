"""The sensor that starts a run when files land."""

import hashlib
import time
from datetime import UTC, datetime

from dagster import DagsterRunStatus, RunRequest, RunsFilter, SensorEvaluationContext, SkipReason, sensor

from orchestration.jobs import JOB_NAMES, build
from outreach.landing.files import LandingError, list_files
from outreach.settings import Settings

UNFINISHED = [
    DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING,
]  # fmt: skip

# The state of the landing zone that a run was started for.
STATE_TAG = "outreach/landing_state"

# A failed run is retried at once, then at doubling intervals: a full disk gets cleared, a bad file stays bad.
SECONDS_BETWEEN = 30
LONGEST_SECONDS = 3600


@sensor(job=build, minimum_interval_seconds=SECONDS_BETWEEN)
def new_landing_files(context: SensorEvaluationContext) -> RunRequest | SkipReason:
    """Starts a build when a landing file is new or has changed and no build is running, and retries a build that failed.

    The runs themselves record the state of the landing zone they were started for, so no cursor can disagree with them.
    """
    settings = Settings.from_environment()
    try:
        files = list_files(settings.landing, settings.landing_format)
    except (LandingError, OSError) as error:
        return SkipReason(f"The landing zone cannot be listed: {error}")
    if not files:
        return SkipReason(f"There is no file in {settings.landing} yet.")
    state = hashlib.sha256("\n".join(f"{f.path} {f.bytes} {f.modified_at}" for f in files).encode()).hexdigest()
    earlier = context.instance.get_run_records(RunsFilter(tags={STATE_TAG: state}))
    if any(record.dagster_run.status == DagsterRunStatus.SUCCESS for record in earlier):
        return SkipReason("Nothing has landed since the last run that was started from here.")
    under_way = [run for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED)) if run.job_name in JOB_NAMES]
    if under_way:
        return SkipReason(f"New files have landed; waiting for run {under_way[0].run_id} to end.")
    if earlier:
        ended = max(record.end_time or record.create_timestamp.timestamp() for record in earlier)
        due = ended + min(SECONDS_BETWEEN * 2 ** (len(earlier) - 1), LONGEST_SECONDS) - SECONDS_BETWEEN
        if due > time.time():
            again = datetime.fromtimestamp(due, UTC)
            return SkipReason(f"Run {earlier[0].dagster_run.run_id} for these files failed; it is tried again after {again:%H:%M:%S} UTC.")
    return RunRequest(run_key=f"{state} {len(earlier)}", tags={STATE_TAG: state})
