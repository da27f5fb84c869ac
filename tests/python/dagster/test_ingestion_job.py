"""The job that reads a source and builds. It runs in its own process, because the variables that name the source are read at start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import warehouse_in, with_dbt_ready
from oracle import PROJECT
from raw_rows import ACCOUNT, CALL, MESSAGE, written_as_csv
from twilio_mock import ACCOUNT_TOKEN, TOKEN, Twilio, account, call, message

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


# The step that reads a source, and what it says of each of its assets.
STEP = """
import json
from dagster import DagsterInstance, materialize
from orchestration.ingestion import ingestion
run = materialize([ingestion], raise_on_error=False, instance=DagsterInstance.ephemeral())
print("ran", json.dumps({
    event.asset_key.path[-1]: [
        event.step_materialization_data.materialization.metadata[name].value for name in ("dagster/row_count", "rows_loaded")
    ] + [column.name for column in event.step_materialization_data.materialization.metadata["dagster/column_schema"].schema.columns][:2]
    for event in run.all_events if event.is_step_materialization
}))
"""


def test_an_api_is_read_by_dlt_in_the_step_that_lands_its_rows_and_leaves_no_raw_ones(tmp_path: Path) -> None:
    sent_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    twilio = Twilio(accounts=[account("AC1", "AC1", "One")], messages=[message(f"SM{n}", "AC1", sent_at) for n in range(3)])
    twilio.services = [{"sid": "MG1", "account_sid": "AC1", "friendly_name": "Spring"}]
    twilio.calls = [call("CA1", "AC1", sent_at)]
    variables = os.environ | {
        "OUTREACH_SOURCE": "twilio-api", "OUTREACH_LANDING": str(tmp_path / "landing"), "OUTREACH_RAW": str(tmp_path / "raw"),
        "TWILIO_ACCOUNT_SID": "AC1",
    }  # fmt: skip

    def run(token: str) -> subprocess.CompletedProcess[str]:
        own = {"TWILIO_API_URL": twilio.url, "TWILIO_AUTH_TOKEN": token}
        return subprocess.run([sys.executable, "-c", STEP], cwd=PROJECT, env=variables | own, capture_output=True, text=True)

    with twilio.served():
        ran, refused = run(TOKEN), run("wrong-token")
    said = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("ran ")).removeprefix("ran "))
    assert said == {
        "accounts": [1, 1, "sid", "friendly_name"], "services": [1, 1, "sid", "account_sid"], "messages": [3, 3, "sid", "account_sid"],
        "calls": [1, 1, "sid", "account_sid"],
    }, ran.stderr  # fmt: skip
    assert len(list((tmp_path / "landing").rglob("*.jsonl"))) == 6
    assert "Nothing was written. Twilio does not accept the credentials of account AC1 (401)" in refused.stderr
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()).decode() + str((ran, refused))
    assert not any(secret in everything for secret in (TOKEN, ACCOUNT_TOKEN, "wrong-token", "5550200001"))
    assert [path for path in (tmp_path / "raw").rglob("*") if not path.name.endswith(".lock")] == []
