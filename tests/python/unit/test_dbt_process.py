"""dbt kept ready beside a build: it is the same dbt, and ends with its caller."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping

import pytest
from harness import PROJECT, Warehouse
from stories import account_row, of_account, sent

from outreach.turns import is_held
from outreach.warehouse.dbt_process import DbtProcess


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtProcess]:
    """With a Python whose path the first line of a script could not name."""
    python = tmp_path_factory.mktemp("a team's") / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(python))
        patch.setattr(tempfile, "tempdir", str(python.parent))
        process = DbtProcess()
    yield process
    process.close()


def run(process: DbtProcess, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(process.executable), *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True)


def test_a_command_ends_with_dbts_exit_code_and_says_what_dbt_says(ready: DbtProcess, warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 10:00")))
    environment = os.environ | warehouse.places()
    built = run(ready, ["--no-use-colors", "run", "--select", "time_spine"], environment)
    assert built.returncode == 0 and "PASS=4 WARN=0 ERROR=0" in built.stdout
    refused = run(ready, ["run", "--select", "landing_files"], environment | {"OUTREACH_LANDING": "no/such/folder"})
    assert refused.returncode == 1 and "OUTREACH_LANDING is 'no/such/folder': there is no such folder." in refused.stdout
    assert run(ready, ["no-such-command"], environment).returncode == 2


def test_dbt_ends_with_the_command_that_is_killed_and_lets_go_of_the_warehouse(ready: DbtProcess, warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 10:00")))
    command = [str(ready.executable), "build"]
    with subprocess.Popen(command, cwd=PROJECT, env=os.environ | warehouse.places(), stdout=subprocess.PIPE, text=True) as build:
        assert any("START sql" in line for line in build.stdout)
        assert is_held(warehouse.path)
        build.kill()
    for _ in range(50):
        if not is_held(warehouse.path):
            break
        time.sleep(0.1)
    assert not is_held(warehouse.path)


def test_where_the_process_is_gone_dbt_starts_by_itself(warehouse: Warehouse) -> None:
    process = DbtProcess()
    process._process.kill()
    process._process.wait()
    told = run(process, ["--version"], os.environ)
    assert told.returncode == 0 and "installed: 1.11" in told.stdout
    process.close()
