"""A step's exclusive use of the warehouse."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import OpExecutionContext, RetryRequested, job, op
from oracle import PROJECT

from orchestration.steps import warehouse_turn
from outreach.settings import Settings

HOLDER = """
import sys
from pathlib import Path
from outreach.turns import turn
with turn(Path(sys.argv[1]), "make build"):
    print("has it", flush=True)
    sys.stdin.read()
"""


def test_a_step_names_who_has_the_warehouse_and_asks_to_be_tried_again(tmp_path: Path) -> None:
    settings = replace(Settings.from_environment(), warehouse=tmp_path / "warehouse.duckdb")
    asked: list[RetryRequested] = []

    @op
    def step(context: OpExecutionContext) -> None:
        with pytest.raises(RetryRequested) as requested, warehouse_turn(settings, context):
            pytest.fail("two have the turn")
        asked.append(requested.value)

    @job
    def of_one_step() -> None:
        step()

    holder = [sys.executable, "-c", HOLDER, str(settings.warehouse)]
    with subprocess.Popen(holder, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "has it\n"
        assert of_one_step.execute_in_process().success
        other.communicate()
    (requested,) = asked
    assert (requested.max_retries, requested.seconds_to_wait) == (13, 2)
    assert str(requested.__cause__).startswith(f"make build, process {other.pid}, since ")
