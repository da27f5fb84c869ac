"""`make mcp`: serves the report functions as read-only tools of the Model Context Protocol, for the accounts one account may see.

A client starts it and talks to it over standard input and output.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from outreach.alerts import NAMED_ALERTS
from outreach.settings import PROJECT, Settings, shown
from outreach.sql import sql_text
from outreach.warehouse.connection import opened

# An answer is cut off after this many rows, and says so.
MOST_ROWS = 1000

INSTRUCTIONS = """\
Exact numbers of SMS and calling outreach. Begin with `accounts` and `kpis`. A report takes an account and a range of days in the account's
timezone, both ends included. Rates are fractions; null means that there is nothing to divide by. Do not add up distinct contacts, rates or
medians: ask for the whole range.
"""

Answer = dict[str, Any]


class Reports:
    """The reports that one account may ask for.

    Args:
        published: the published file. Each question opens the current one.
        viewer: the account. It sees itself and the accounts below it.
    """

    def __init__(self, published: Path, viewer: str) -> None:
        self.published = published
        self.viewer = viewer

    def accounts(self) -> Answer:
        """The accounts to ask about, with name, timezone and parent account."""
        return self._answer(f"""
            select account_id, account_name, timezone, parent_account_id from marts.dim_accounts
            where account_id in ({self._visible}) order by account_id
        """)

    def kpis(self) -> Answer:
        """The definition of each KPI: unit, formula, description, and whether it may be summed."""
        return self._answer("from marts.kpis")

    def alerts(self, account: str, start_day: date, end_day: date) -> Answer:
        """The alerts of these days: rates that left their own history, sources that fell silent, days that cost twice as much."""
        self._check(account)
        return self._answer(
            f"from ({NAMED_ALERTS}) where account_id = $1 and date_day between $2 and $3 order by date_day desc, kind",
            [account, start_day, end_day],
        )

    def report(self, function: str, account: str, start_day: date, end_day: date, **filters: str | None) -> Answer:
        """The rows of a report function."""
        self._check(account)
        named = "".join(f", {name} := ${place}" for place, name in enumerate(filters, 4))
        return self._answer(f"from reports.{function}($1, $2, $3{named})", [account, start_day, end_day, *filters.values()])

    @property
    def _visible(self) -> str:
        return f"select account_id from marts.account_access where viewer_account_id = {sql_text(self.viewer)}"

    def _check(self, account: str) -> None:
        if not self._answer(f"select 1 where {sql_text(account)} in ({self._visible})")["rows"]:
            raise ToolError(f"There is no account '{account}' among those that can be asked about; `accounts` lists them.")

    def _answer(self, query: str, values: list[Any] | None = None) -> Answer:
        with opened(self.published) as db:
            cursor = db.execute(query, values or [])
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(MOST_ROWS + 1)]
        answer = {"rows": rows[:MOST_ROWS]} | ({"cut_off_at": MOST_ROWS} if len(rows) > MOST_ROWS else {})
        written: Answer = json.loads(json.dumps(answer, default=str))
        return written


def server_of(reports: Reports) -> MCPServer:
    """Creates the server, with one tool per report function.

    Args:
        reports: the viewer's reports.
    """
    server = MCPServer("outreach", instructions=INSTRUCTIONS)
    annotations = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for tool in (reports.accounts, reports.kpis, reports.alerts):
        server.add_tool(tool, annotations=annotations)
    with opened(reports.published) as db:
        query = "select function_name, parameters from duckdb_functions() where schema_name = 'reports' order by all"
        functions = db.execute(query).fetchall()
    for name, parameters in functions:
        server.add_tool(_tool(reports, name, parameters), name=name, description=_description(name), annotations=annotations)
    return server


def _tool(reports: Reports, function: str, parameters: list[str]) -> Callable[..., Answer]:
    """A function with a report's parameters, from which clients learn its arguments."""

    def tool(**arguments: Any) -> Answer:
        return reports.report(function, **arguments)

    types: dict[str, Any] = {"account": str, "start_day": date, "end_day": date}
    tool.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=types.get(name, str | None),
                default=inspect.Parameter.empty if name in types else None,
            )
            for name in parameters
        ],
        return_annotation=Answer,
    )
    tool.__annotations__ = {name: types.get(name, str | None) for name in parameters} | {"return": Answer}
    return tool


def _description(function: str) -> str:
    """A report's description, from its model."""
    (model,) = yaml.safe_load((PROJECT / f"models/reports/{function}.yml").read_text())["models"]
    return str(model["description"])


def main() -> int:
    """Serves until the client disconnects, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make mcp", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewer", required=True, metavar="ACCOUNT", help="the account whose view is served, and those below it")
    arguments = parser.parse_args()
    say = partial(print, file=sys.stderr)
    published = Settings.from_environment().published
    if not published.exists():
        say(f"{shown(published)}: not there yet; `make build` writes it")
        return 1
    reports = Reports(published, arguments.viewer)
    if not reports.accounts()["rows"]:
        say(f"There is no account '{arguments.viewer}' in {shown(published)}.")
        return 2
    server_of(reports).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
