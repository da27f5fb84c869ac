"""A real `dagster dev` on a loopback port, asked over its GraphQL as the UI asks it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import duckdb
import pytest
from harness import LandingZone, ask
from oracle import PROJECT
from stories import account_row, of_account, sent

from orchestration.instance import prepare_home
from outreach.landing.streams import LANDING_RULES
from outreach.settings import Settings

SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "orchestration.definitions"}


@dataclass(frozen=True)
class Dagster:
    """A running `dagster dev`."""

    url: str
    landing: LandingZone
    published: Path

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def finished(self, run_id: str) -> str:
        """The status of a run, once it is over."""
        for _ in range(240):
            run = self.ask("query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)["runOrError"]
            if run["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return run["status"]
            time.sleep(0.5)
        raise AssertionError(f"run {run_id} does not end")

    def steps(self, run_id: str) -> dict[str, str]:
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }"
        return {step["stepKey"]: step["status"] for step in self.ask(query, id=run_id)["runOrError"]["stepStats"]}


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    folder = tmp_path_factory.mktemp("dagster")
    landing = LandingZone(folder / "landing")
    landing.deliver(of_account("a", account_row(), sent("m1", "11-10 10:00")))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        "OUTREACH_LANDING": str(landing.path), "OUTREACH_LANDING_FORMAT": "jsonl", "OUTREACH_PUBLISHED": str(folder / "published.duckdb"),
        "OUTREACH_WAREHOUSE": str(folder / "warehouse.duckdb"), "DAGSTER_HOME": str(folder / "home"), "DBT_PROFILES_DIR": "profiles",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        prepare_home(Settings.from_environment())
        command = [str(Path(sys.executable).with_name("dagster")), "dev", "--host", "127.0.0.1", "--port", str(port)]
        log = (folder / "log").open("w")
        process = subprocess.Popen(command, cwd=PROJECT, env=os.environ, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urlopen(f"{url}/server_info", timeout=5).close()
                break
            except (URLError, ConnectionError):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.5)
        yield Dagster(url, landing, folder / "published.duckdb")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


LAUNCH = """
    mutation ($job: String!, $repository: String!, $location: String!) {
        launchRun(executionParams: {
            selector: {jobName: $job, repositoryName: $repository, repositoryLocationName: $location}, mode: "default"
        }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
    }
"""

AGAIN = """
    mutation ($run: String!) {
        launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: FROM_FAILURE}) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
        }
    }
"""


def launch(dagster: Dagster, job: str) -> str:
    answer = dagster.ask(LAUNCH, job=job, repository=SELECTOR["repositoryName"], location=SELECTOR["repositoryLocationName"])["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return answer["run"]["runId"]


def sms_sent(dagster: Dagster) -> int:
    with duckdb.connect(str(dagster.published), read_only=True) as db:
        return ask(db, "messaging_report", "a", date(2026, 11, 1), date(2026, 11, 30))[0]["sms_sent"]


def test_assets_and_their_checks_are_listed(dagster: Dagster) -> None:
    nodes = dagster.ask("""{
        assetNodes { assetKey { path } groupName description assetChecksOrError { ... on AssetChecks { checks { name blocking } } } }
    }""")["assetNodes"]  # fmt: skip
    assets = {".".join(node["assetKey"]["path"]): node for node in nodes}
    assert {f"landing.{stream}" for stream in LANDING_RULES} | {"reports.messaging_report", "published_file", "readers.bi"} <= assets.keys()
    assert {node["groupName"] for node in nodes} == {
        "landing", "seeds", "staging", "intermediate", "marts", "reports", "published", "readers",
    }  # fmt: skip
    checks = {check["name"]: check["blocking"] for check in assets["marts.messaging_kpis_daily"]["assetChecksOrError"]["checks"]}
    assert checks["agrees_with_its_facts"] is True
    assert "columns_of_messaging_kpis_daily_hold" in checks


def test_schedules_and_sensors_are_listed_and_off(dagster: Dagster) -> None:
    answer = dagster.ask("""query ($selector: RepositorySelector!) {
        schedulesOrError(repositorySelector: $selector) { ... on Schedules { results { name cronSchedule scheduleState { status } } } }
        sensorsOrError(repositorySelector: $selector) { ... on Sensors { results { name sensorState { status } } } }
    }""", selector=SELECTOR)  # fmt: skip
    schedules = {s["name"]: (s["cronSchedule"], s["scheduleState"]["status"]) for s in answer["schedulesOrError"]["results"]}
    assert schedules["hourly_build"] == ("15 * * * *", "STOPPED")
    sensors = {s["name"]: s["sensorState"]["status"] for s in answer["sensorsOrError"]["results"]}
    assert sensors["new_landing_files"] == "STOPPED"


@pytest.mark.nightly
def test_a_failed_run_goes_on_from_where_it_failed_and_a_launched_one_finds_the_publication_fresh(dagster: Dagster) -> None:
    # The publication cannot be written: its place is taken by a folder.
    beside = dagster.published.with_name(f".{dagster.published.name}.unfinished")
    beside.mkdir()
    failed = launch(dagster, "build")
    assert dagster.finished(failed) == "FAILURE"
    assert dagster.steps(failed) == {
        "landing_checks": "SUCCESS", "dbt_build": "SUCCESS", "mart_checks": "SUCCESS", "published_file": "FAILURE",
    }  # fmt: skip
    assert not dagster.published.exists()

    beside.rmdir()
    answer = dagster.ask(AGAIN, run=failed)["launchRunReexecution"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    again = answer["run"]["runId"]
    assert dagster.finished(again) == "SUCCESS"
    assert dagster.steps(again) == {"published_file": "SUCCESS"}
    assert sms_sent(dagster) == 1

    assert dagster.finished(launch(dagster, "freshness")) == "SUCCESS"
    (node,) = dagster.ask("""{ assetNodes(assetKeys: [{path: ["published_file"]}]) {
        assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } }
    } }""")["assetNodes"]  # fmt: skip
    (check,) = node["assetChecksOrError"]["checks"]
    assert check == {"name": "freshness_check", "executionForLatestMaterialization": {"status": "SUCCEEDED"}}
