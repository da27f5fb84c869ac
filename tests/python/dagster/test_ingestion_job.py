"""The job that reads a source and builds. It runs in its own process, because the variables that name the source are read at start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness import warehouse_in, with_dbt_ready
from oracle import PROJECT
from raw_rows import ACCOUNT, CALL, MESSAGE, written_as_csv

RUN = """
import json
from dagster import DagsterInstance
from orchestration.definitions import defs
assert {schedule.name: schedule.default_status.value for schedule in defs.schedules}["hourly_ingest"] == "STOPPED"
with DagsterInstance.ephemeral() as instance:
    run = defs.resolve_job_def("ingest").execute_in_process(instance=instance, raise_on_error=False)
ends = ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
steps = {event.step_key: event.event_type_value for event in run.all_events if event.event_type_value in ends}
rows = {
    "/".join(event.asset_key.path): event.step_materialization_data.materialization.metadata["dagster/row_count"].value
    for event in run.all_events if event.is_step_materialization and event.step_key == "ingestion"
}
print(json.dumps([steps, rows]), flush=True)
"""


def test_a_source_is_read_then_built_and_one_that_fails_leaves_build_and_readers(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    (tmp_path / "raw").mkdir()
    written_as_csv(tmp_path / "raw", message=[MESSAGE], call=[CALL], account_history=[ACCOUNT])
    source = {"OUTREACH_SOURCE": "twilio-fivetran", "OUTREACH_SOURCE_LOCATION": str(tmp_path / "raw"), "DBT_PROFILES_DIR": "profiles"}

    def run() -> tuple[dict[str, str], dict[str, int]]:
        process = subprocess.run(
            [sys.executable, "-c", RUN], cwd=PROJECT, env=warehouse.variables(**source, **with_dbt_ready()), capture_output=True, text=True
        )  # fmt: skip
        assert process.returncode == 0, process.stdout + process.stderr
        return json.loads(process.stdout.splitlines()[-1])

    steps, rows = run()
    assert set(steps.values()) == {"STEP_SUCCESS"} and list(steps)[:2] == ["ingestion", "landing_checks"]
    assert rows == {"twilio_fivetran/messages": 1, "twilio_fivetran/calls": 1, "twilio_fivetran/accounts": 1, "twilio_fivetran/services": 0}
    before = warehouse.published.read_bytes()

    (tmp_path / "raw/message.csv").write_text("no,columns\n1,2\n")
    steps, rows = run()
    assert steps.pop("ingestion") == "STEP_FAILURE" and set(steps.values()) <= {"STEP_SKIPPED"} and rows == {}
    assert warehouse.published.read_bytes() == before
