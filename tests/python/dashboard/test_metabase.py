"""Metabase's questions and dashboard: every number equals the report functions', and every request follows the API's description.

Metabase itself is not available here. A stand-in keeps what it is sent, and rejects requests that the API's description does not allow.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import duckdb
import pytest
from harness import PROJECT, ask

from bi.metabase import content
from bi.metabase.server import Metabase
from outreach.kpis.entries import VIEWS, carded, of_view
from outreach.kpis.units import UNITS

KEY = "mb_a_key_of_an_administrator"

# The fields each request requires, by Metabase 0.58's API description.
REQUIRED = {
    ("POST", "/api/database/"): {"name", "engine", "details", "is_full_sync", "is_on_demand", "connection_source"},
    ("POST", "/api/collection/"): {"name"},
    ("POST", "/api/card/"): {"name", "dataset_query", "display", "visualization_settings"},
    ("POST", "/api/dashboard/"): {"name"},
}


class Held:
    """A Metabase in memory."""

    def __init__(self) -> None:
        self.things: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in ("database", "collection", "card", "dashboard")}
        self.asked: list[str] = []

    def answer(self, method: str, path: str, what: dict[str, Any] | None) -> Any:
        self.asked.append(f"{method} {path}")
        _, _, kind, *rest = path.rstrip("/").split("/")
        things = self.things[kind]
        if method == "GET" and rest:
            return {"data": [
                {"id": number, "name": thing["name"], "model": model} for model in ("card", "dashboard")
                for number, thing in self.things[model].items() if thing["collection_id"] == int(rest[0])
            ]}  # fmt: skip
        if method == "GET":
            rows = [{"id": number, **thing} for number, thing in things.items()]
            return {"data": rows} if kind == "database" else [{"id": "root", "name": "Our analytics"}, *rows]
        number = int(rest[0]) if rest else 100 * len(self.things) + len(things) + 1
        assert what is not None and what.keys() >= REQUIRED.get((method, path), set())
        things[number] = things.get(number, {}) | what
        return {"id": number, **things[number]}


@pytest.fixture
def held() -> Iterator[tuple[Held, str]]:
    metabase = Held()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known = self.headers["x-api-key"] == KEY
            answer = metabase.answer(self.command, self.path, json.loads(body) if body else None) if known else "Unauthenticated"
            self.send_response(200 if known else 401)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PUT = handle_one

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield metabase, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_is_brought_once_and_then_replaced(held: tuple[Held, str]) -> None:
    metabase, url = held
    told: list[str] = []
    addresses = {Metabase(url, KEY).bring("/data/o'reporting.duckdb", "acc_1", told.append) for _ in range(2)}
    assert addresses == {f"{url}/dashboard/{next(iter(metabase.things['dashboard']))}"}
    counts = {kind: len(things) for kind, things in metabase.things.items()}
    assert counts == {"database": 1, "collection": 1, "card": len(content.questions()), "dashboard": 1}
    (database,) = metabase.things["database"].values()
    assert database["details"] == {"database_file": "/data/o'reporting.duckdb", "read_only": True, "old_implicit_casting": False}
    (dashboard,) = metabase.things["dashboard"].values()
    assert {place["card_id"] for place in dashboard["dashcards"]} == metabase.things["card"].keys()
    assert told[-1] == f"{counts['card']} of {counts['card']} questions"


@pytest.mark.parametrize("view", VIEWS)
def test_every_kpi_has_its_place_and_none_covers_another(view: str) -> None:
    cards = {question.name: number for number, question in enumerate(content.questions(), start=1)}
    assert cards.keys() >= {f"{view.capitalize()}: {kpi.title}" for kpi in carded(view)}
    columns = {name for question in content.questions() if question.view == view for name in question.columns}
    assert columns >= {kpi.column for kpi in of_view(view) if "campaign" not in kpi.ignores}
    places = [place for place in content.dashboard(cards, "acc")["dashcards"] if place["dashboard_tab_id"] == -VIEWS.index(view) - 1]
    for one, other in combinations(places, 2):
        apart = one["row"] + one["size_y"] <= other["row"] or other["row"] + other["size_y"] <= one["row"]
        assert apart or one["col"] + one["size_x"] <= other["col"] or other["col"] + other["size_x"] <= one["col"]
    assert all(place["col"] + place["size_x"] <= content.COLUMNS for place in places)
    assert content.FORMATS.keys() == UNITS.keys()


def test_a_signed_link_alone_says_whose_account_an_embedded_dashboard_shows() -> None:
    cards = {question.name: 1 for question in content.questions()}
    dashboard = content.dashboard(cards, "acc")
    assert dashboard["embedding_params"]["account"] == "locked" and "enable_embedding" not in dashboard
    # No filter offers a list of values, which would name other accounts' campaigns.
    assert not any("values_source_type" in parameter for parameter in dashboard["parameters"])


def as_metabase_runs_it(sql: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A question's SQL with its variables bound, and without the optional parts whose variables have no value."""
    without = re.sub(r"\[\[(.*?\{\{(\w+)\}\}.*?)\]\]", lambda part: part[1] if values.get(part[2]) is not None else "", sql)
    names = re.findall(r"\{\{(\w+)\}\}", without)
    return re.sub(r"\{\{(\w+)\}\}", r"$\1", without), {name: values[name] for name in names}


def test_every_question_answers_as_the_report_functions_do(published: Path) -> None:
    rng = Random(4)
    compared = 0
    with duckdb.connect(str(published), read_only=True) as db:
        used = db.execute("""
            select account_id, campaign_id, template_id, max(date_day) from marts.messaging_kpis_daily
            where campaign_messages > 0 and template_id is not null group by all order by all
        """).fetchall()  # fmt: skip
        for question in content.questions():
            report = re.search(r"reports\.(\w+)", question.sql)[1]
            for chosen in range(4):
                account, campaign, template, last = rng.choice(used)
                start, end = last - timedelta(days=rng.choice([0, 6, 29])), last
                values = {"account": account, "start_day": start, "end_day": end, "campaign": campaign if chosen % 2 else None,
                          "template": template if chosen > 1 else None}  # fmt: skip
                answer = db.execute(*as_metabase_runs_it(question.sql, values))
                names = [column[0] for column in answer.description]
                found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
                filters = {name: values[name] for name in content.FILTERS_OF_VIEW[question.view][3:]}
                expected = ask(db, report, account, start, end, **filters)
                assert names == list(question.columns)
                assert found == [{name: row[name] for name in names} for row in expected], question.name
                compared += len(found) * len(names)
    assert compared > 500


def test_without_days_a_question_is_about_the_last_seven(published: Path) -> None:
    question = next(one for one in content.questions() if one.name == "Messaging: by day")
    with duckdb.connect(str(published), read_only=True) as db:
        days = [row[0] for row in db.execute(*as_metabase_runs_it(question.sql, {"account": "acc_1"})).fetchall()]
        (today,) = db.execute("select current_date").fetchone()
    assert days == [today - timedelta(days=ago) for ago in range(6, -1, -1)] and isinstance(today, date)


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ([], {}, "METABASE_API_KEY is not set: expected a key of the group Administrators"),
        (["--url", "localhost"], {"METABASE_API_KEY": KEY}, "--url is 'localhost': expected an address such as http://127.0.0.1:3000."),
        (["--url", "http://127.0.0.1:9"], {"METABASE_API_KEY": KEY}, "Metabase cannot be reached at http://127.0.0.1:9: ConnectionError"),
        (["--url", "URL"], {"METABASE_API_KEY": "mb_wrong"}, "Metabase refuses the key in METABASE_API_KEY"),
        (["--url", "URL"], {"METABASE_API_KEY": KEY, "OUTREACH_PUBLISHED": "no/such.duckdb"}, "no/such.duckdb is not there"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_one_sentence_without_the_key(
    held: tuple[Held, str], published: Path, arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    command = [sys.executable, "-m", "bi.metabase", *(held[1] if argument == "URL" else argument for argument in arguments)]
    environment = os.environ | {"OUTREACH_PUBLISHED": str(published), "METABASE_API_KEY": ""} | variables
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert run.returncode == 2 and run.stdout.startswith(sentence) and len(run.stdout.splitlines()) == 1 and not run.stderr
    assert "mb_" not in run.stdout
    assert not held[0].asked
