"""The job that reads a source and builds. It runs in its own process, because the variables that name the source are read at start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness import warehouse_in, with_dbt_ready
from oracle import PROJECT
from raw_rows import ACCOUNT, CALL, MESSAGE, written_as_csv

# A run for each line of its input.
RUNS = """
import json
import sys
from dagster import DagsterInstance
from orchestration.definitions import defs
assert {schedule.name: schedule.default_status.value for schedule in defs.schedules}["hourly_ingest"] == "STOPPED"
for _ in sys.stdin:
    with DagsterInstance.ephemeral() as instance:
        run = defs.resolve_job_def("ingest").execute_in_process(instance=instance, raise_on_error=False)
    ends = ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
    steps = {event.step_key: event.event_type_value for event in run.all_events if event.event_type_value in ends}
    rows = {
        "/".join(event.asset_key.path): event.step_materialization_data.materialization.metadata["dagster/row_count"].value
        for event in run.all_events if event.is_step_materialization and event.step_key == "ingestion"
    }
    print("ran", json.dumps([steps, rows]), flush=True)
"""


def test_a_source_is_read_then_built_and_one_that_fails_leaves_build_and_readers(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    (tmp_path / "raw").mkdir()
    written_as_csv(tmp_path / "raw", message=[MESSAGE], call=[CALL], account_history=[ACCOUNT])
    source = {"OUTREACH_SOURCE": "twilio-fivetran", "OUTREACH_SOURCE_LOCATION": str(tmp_path / "raw"), "DBT_PROFILES_DIR": "profiles"}

    command = [sys.executable, "-c", RUNS]
    with subprocess.Popen(
        command, cwd=PROJECT, env=warehouse.variables(**source, **with_dbt_ready()), text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=(tmp_path / "errors").open("w"),
    ) as process:  # fmt: skip

        def run() -> tuple[dict[str, str], dict[str, int]]:
            print(file=process.stdin, flush=True)
            ran = next((line for line in process.stdout if line.startswith("ran ")), None)
            assert ran, (tmp_path / "errors").read_text()
            return json.loads(ran.removeprefix("ran "))

        steps, rows = run()
        assert set(steps.values()) == {"STEP_SUCCESS"} and list(steps)[:2] == ["ingestion", "landing_checks"]
        assert rows == {
            "twilio_fivetran/messages": 1, "twilio_fivetran/calls": 1, "twilio_fivetran/accounts": 1, "twilio_fivetran/services": 0,
        }  # fmt: skip
        before = warehouse.published.read_bytes()

        (tmp_path / "raw/message.csv").write_text("no,columns\n1,2\n")
        steps, rows = run()
        assert steps.pop("ingestion") == "STEP_FAILURE" and set(steps.values()) <= {"STEP_SKIPPED"} and rows == {}
        assert warehouse.published.read_bytes() == before
