"""`make mcp`, called by the protocol's own client: the report functions, for the accounts the viewer may see."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mcp import Client, StdioServerParameters
from oracle import PROJECT

REPORTS = {file.stem for file in (PROJECT / "models/reports").glob("*.sql")}
NOVEMBER = {"start_day": "2026-11-01", "end_day": "2026-11-30"}


@pytest.fixture
def asked(published: Path) -> Callable[..., list[Any]]:
    """Starts the server for a viewer, and asks it."""

    def ask(viewer: str, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        async def answers() -> list[Any]:
            environment = os.environ | {"OUTREACH_PUBLISHED": str(published)}
            command = ["-m", "outreach.commands.mcp", "--viewer", viewer]
            server = StdioServerParameters(command=sys.executable, args=command, cwd=str(PROJECT), env=environment)
            async with Client(server) as client:
                tools = (await client.list_tools()).tools
                return [tools, *[await client.call_tool(name, arguments) for name, arguments in calls]]

        return asyncio.run(answers())

    return ask


def test_every_report_is_a_tool_that_says_what_it_takes_and_changes_nothing(asked: Callable[..., list[Any]]) -> None:
    (tools,) = asked("acc_1")
    assert {tool.name for tool in tools} == REPORTS | {"accounts", "kpis", "alerts"}
    (by_template,) = (tool for tool in tools if tool.name == "messaging_by_template")
    assert by_template.description.startswith("One row per template with any activity in the range")
    assert by_template.input_schema["required"] == ["account", "start_day", "end_day"]
    assert {"campaign", "template"} < by_template.input_schema["properties"].keys()
    assert all(tool.annotations.read_only_hint for tool in tools)


def test_a_tool_answers_as_the_report_function_does(asked: Callable[..., list[Any]], published: Path) -> None:
    chosen = {"account": "acc_1", **NOVEMBER, "campaign": "cmp_1_2"}
    _, report, by_day = asked("acc_1", ("messaging_report", chosen), ("calling_by_day", {"account": "acc_1", **NOVEMBER}))
    with duckdb.connect(str(published), read_only=True) as db:
        cursor = db.execute("from reports.messaging_report('acc_1', '2026-11-01', '2026-11-30', campaign := 'cmp_1_2')")
        names = [column[0] for column in cursor.description]
        assert report.structured_content["rows"] == [dict(zip(names, cursor.fetchone(), strict=True))]
    assert [row["date_day"] for row in by_day.structured_content["rows"]] == [f"2026-11-{day:02}" for day in range(1, 31)]


@pytest.mark.parametrize("account", ["acc_1", "nobody", "' or true --"])
def test_a_viewer_is_told_nothing_of_an_account_that_is_not_below_it(asked: Callable[..., list[Any]], account: str) -> None:
    questions = [(name, {"account": account, **NOVEMBER}) for name in ("messaging_report", "alerts")]
    _, accounts, *refused = asked("acc_9", ("accounts", {}), *questions)
    assert [row["account_id"] for row in accounts.structured_content["rows"]] == ["acc_9"]
    for answer in refused:
        assert answer.is_error and f"There is no account '{account}' among those" in answer.content[0].text


def test_a_viewer_that_is_not_there_is_one_line(published: Path) -> None:
    command = [sys.executable, "-m", "outreach.commands.mcp", "--viewer", "nobody"]
    environment = os.environ | {"OUTREACH_PUBLISHED": str(published)}
    run = subprocess.run(command, cwd=PROJECT, env=environment, input="", capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "") and run.stderr.startswith("There is no account 'nobody' in ")
