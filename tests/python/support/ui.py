"""Dagster's webserver and daemon on a loopback port, as `make dagster` starts them, called through GraphQL as the UI does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from harness import PROJECT, LandingZone, Warehouse

from orchestration.instance import own_instance, prepare_home
from orchestration.serve import DEFINITIONS
from outreach.settings import Settings

LOCATION = "orchestration.definitions"
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}
OVER = ("SUCCESS", "FAILURE", "CANCELED")
# Seconds to wait for anything: beside other work a run takes minutes.
PATIENCE = 600


@dataclass
class Ui:
    """A running Dagster.

    Args:
        url: of its webserver.
        folder: what it writes lies below it.
        environment: of its processes.
    """

    url: str
    folder: Path
    environment: dict[str, str]
    daemon: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def warehouse(self) -> Warehouse:
        """What its runs build."""
        return Warehouse(self.folder / "warehouse/warehouse.duckdb", LandingZone(self.folder / "landing"))

    @property
    def published(self) -> Path:
        """What its runs publish."""
        return self.folder / "published/published.duckdb"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a query or mutation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        with urlopen(Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"}), timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, mutation: str, success: str, **variables: Any) -> dict[str, Any]:
        """The answer to a mutation that has to succeed."""
        ((answer,),) = (self.ask(mutation, **variables).values(),)
        assert answer["__typename"] == success, answer
        return answer

    def launch(self, job: str) -> str:
        """Starts a job; the id of its run."""
        mutation = """
            mutation ($selector: JobOrPipelineSelector!) {
                launchRun(executionParams: {selector: $selector, mode: "default"}) {
                    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
                }
            }
        """
        return self.do(mutation, "LaunchRunSuccess", selector=REPOSITORY | {"jobName": job})["run"]["runId"]

    def again(self, run_id: str) -> str:
        """Re-executes a run from where it failed; the id of the new run."""
        mutation = """
            mutation ($run: String!) {
                launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: FROM_FAILURE}) {
                    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
                }
            }
        """
        return self.do(mutation, "LaunchRunSuccess", run=run_id)["run"]["runId"]

    def terminate(self, run_id: str, policy: str = "SAFE_TERMINATE") -> str:
        """Cancels a run, where it is not over yet; what came of it."""
        mutation = """
            mutation ($run: String!, $policy: TerminateRunPolicy) {
                terminateRun(runId: $run, terminatePolicy: $policy) { __typename }
            }
        """
        return self.ask(mutation, run=run_id, policy=policy)["terminateRun"]["__typename"]

    def status(self, run_id: str) -> str:
        """The status of a run."""
        return self.ask("query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)["runOrError"]["status"]

    def finished(self, run_id: str) -> str:
        """The status of a run, once it is over."""
        deadline = time.monotonic() + PATIENCE
        while (status := self.status(run_id)) not in OVER:
            assert time.monotonic() < deadline, f"run {run_id} does not end: {status}"
            time.sleep(0.5)
        return status

    def steps(self, run_id: str) -> dict[str, str]:
        """The status of each step of a run that has begun."""
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }"
        return {step["stepKey"]: step["status"] for step in self.ask(query, id=run_id)["runOrError"]["stepStats"]}

    def unfinished(self) -> list[str]:
        """The runs that are not over."""
        query = """{ runsOrError(filter: {statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}) {
            ... on Runs { results { runId } }
        } }"""
        return [run["runId"] for run in self.ask(query)["runsOrError"]["results"]]

    def start_daemon(self) -> None:
        """The process that runs schedules and sensors, and starts what is queued."""
        command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", *DEFINITIONS]
        with (self.folder / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                command, cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip

    def kill_daemon(self) -> None:
        """As the kernel would that needs memory. The runs that it has started go on."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()


@contextmanager
def dagster_in(folder: Path) -> Iterator[Ui]:
    """A Dagster on an empty landing zone, until the block ends.

    Args:
        folder: for all that it writes.
    """
    for place in ("landing", "warehouse", "published", "home"):
        (folder / place).mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = {
        "OUTREACH_LANDING": str(folder / "landing"), "OUTREACH_LANDING_FORMAT": "jsonl", "DBT_PROFILES_DIR": "profiles",
        "OUTREACH_PUBLISHED": str(folder / "published/published.duckdb"), "DAGSTER_HOME": str(folder / "home"),
        "OUTREACH_WAREHOUSE": str(folder / "warehouse/warehouse.duckdb"),
        # Runs started by the UI have no dbt kept ready.
        "OUTREACH_DBT": "",
    }  # fmt: skip
    ui = Ui(f"http://127.0.0.1:{port}", folder, os.environ | places)
    before = dict(os.environ)
    os.environ |= places
    try:
        settings = Settings.from_environment()
        prepare_home(settings)
        own_instance(settings).dispose()
    finally:
        os.environ.clear()
        os.environ.update(before)
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "--host", "127.0.0.1", "--port", str(port), *DEFINITIONS]
    with (folder / "webserver.log").open("wb") as log:
        webserver = subprocess.Popen(command, cwd=PROJECT, env=ui.environment, stdout=log, stderr=log, start_new_session=True)
    ui.start_daemon()
    try:
        for _ in range(240):
            try:
                urlopen(f"{ui.url}/server_info", timeout=5).close()
                break
            except (URLError, ConnectionError):
                assert webserver.poll() is None, (folder / "webserver.log").read_text()
                time.sleep(0.5)
        yield ui
    finally:
        for process in (webserver, ui.daemon):
            assert process is not None
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
