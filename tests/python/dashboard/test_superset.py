"""A real Superset: its API imports the bundle, its numbers equal the report functions', and viewers see only their own accounts."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from harness import PROJECT, ask, rows_of
from playwright.sync_api import Browser

from bi.superset import bundle
from bi.superset.server import ADMIN, Api, Superset, SupersetError

ENVIRONMENT = PROJECT / ".venv-superset"
VIEWER = "acc_1"

pytestmark = pytest.mark.skipif(not ENVIRONMENT.exists(), reason="Superset is not installed: make .venv-superset/.installed")

# The report behind each chart, by kind and name, and the report's key columns.
REPORTS = {
    "number": "{view}_report", "By day": "{view}_by_day", "By campaign": "{view}_by_campaign", "By template": "{view}_by_template",
    "Labels": "label_report", "Call outcomes": "call_outcome_report",
}  # fmt: skip
COLUMNS = {"labelled_contacts": "contacts"}


@pytest.fixture(scope="module")
def superset(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Superset(ENVIRONMENT, tmp_path_factory.mktemp("superset"), port)
    server.prepare(print)
    with server.serving():
        server.bring(published, [VIEWER])
        # A second time, as at the next start: nothing is duplicated.
        server.bring(published, [VIEWER])
        yield server


def chart_of(api: Api) -> dict[str, dict[str, Any]]:
    """The charts of the dashboard as Superset keeps them, by the bundle's id."""
    return {row["uuid"]: api.get(f"/api/v1/chart/{row['id']}")["result"] for row in api.all("/api/v1/chart/")}


def rows_of_chart(api: Api, chart: dict[str, Any], start: date, end: date, filters: dict[str, str]) -> list[dict[str, Any]]:
    """A chart's rows under the dashboard's filters, requested as the dashboard does."""
    context = json.loads(chart["query_context"])
    days = f"{start} : {end + timedelta(days=1)}"
    (query,) = context["queries"]
    query["time_range"] = days
    query["filters"] = [{"col": "date_day", "op": "TEMPORAL_RANGE", "val": days}]
    query["filters"] += [{"col": column, "op": "IN", "val": [value]} for column, value in filters.items()]
    return api.post("/api/v1/chart/data", json=context)["result"][0]["data"]


def test_every_chart_shows_the_numbers_of_the_report_functions(superset: Superset, published: Path) -> None:
    api, rng, compared = superset.signed_in(ADMIN), Random(3), 0
    charts = chart_of(api)
    with duckdb.connect(str(published), read_only=True) as db:
        accounts = [account for (account,) in db.execute("select account_id from marts.dim_accounts order by 1").fetchall()]
        (last,) = db.execute("select max(date_day) from marts.messaging_activity").fetchone()
        for chart in bundle.charts():
            function = REPORTS.get(chart.name, REPORTS["number"]).format(view=chart.view)
            for account in accounts * 2:
                start = last - timedelta(days=rng.choice([0, 6, 20]))
                chosen = {}
                if chart.dataset != "responses" and rng.random() < 0.5:
                    campaigns = rows_of(db, "select campaign_id from marts.dim_campaigns where account_id = $1 order by 1", [account])
                    chosen = {"campaign": rng.choice(campaigns)["campaign_id"]} if campaigns else {}
                found = rows_of_chart(
                    api, charts[chart.uuid], start, last, {"account_id": account} | {f"{name}_id": value for name, value in chosen.items()}
                )
                expected = ask(db, function, account, start, last, **chosen)
                key = [column for column in chart.columns if column.endswith("_id") or column == "outcome"]
                if chart.kind == "line":
                    # A line has no points for days on which nothing happened.
                    expected = [row for row in expected if any(row[COLUMNS.get(name, name)] for name in chart.metrics)]
                    found = [row for row in found if any(row[name] for name in chart.metrics)]
                wanted = sorted((tuple(row[k] for k in key), [row[COLUMNS.get(name, name)] for name in chart.metrics]) for row in expected)
                shown = sorted((tuple(row[k] for k in key), [row[name] for name in chart.metrics]) for row in found)
                assert [keys for keys, _ in shown] == [keys for keys, _ in wanted], (chart.name, account, chosen)
                for (_, left), (_, right) in zip(shown, wanted, strict=True):
                    assert all(map(same, left, right)), (chart.name, account, start, chosen, left, right)
                    compared += len(left)
    assert compared > 500


def same(shown: Any, expected: Any) -> bool:
    return shown == expected or (None not in (shown, expected) and math.isclose(float(shown), float(expected), rel_tol=1e-9))


def test_a_viewer_is_shown_their_own_accounts_and_no_others(superset: Superset, published: Path) -> None:
    of_viewer, of_admin = superset.signed_in(VIEWER), superset.signed_in(ADMIN)
    with duckdb.connect(str(published), read_only=True) as db:
        own = {account for (account,) in db.execute(
            "select account_id from marts.account_access where viewer_account_id = $1", [VIEWER]).fetchall()}  # fmt: skip
        others = {account for (account,) in db.execute("select account_id from marts.dim_accounts").fetchall()} - own
        first, last = db.execute("select min(date_day), max(date_day) from marts.messaging_activity").fetchone()
    assert own and others
    charts = chart_of(of_viewer)
    assert charts.keys() == {chart.uuid for chart in bundle.charts()}
    number = next(chart for chart in bundle.charts() if chart.metrics == ["sms_sent"])
    for account in sorted(own | others):
        (seen,) = rows_of_chart(of_viewer, charts[number.uuid], first, last, {"account_id": account})
        (all_of_it,) = rows_of_chart(of_admin, charts[number.uuid], first, last, {"account_id": account})
        assert seen["sms_sent"] == (all_of_it["sms_sent"] if account in own else 0), account
    by_campaign = next(chart for chart in bundle.charts() if chart.name == "By campaign")
    context = json.loads(charts[by_campaign.uuid]["query_context"])
    (query,) = context["queries"]
    query |= {"time_range": f"{first} : {last + timedelta(days=1)}", "filters": [], "columns": ["account_id"], "metrics": ["sms_sent"]}
    with pytest.raises(SupersetError, match="403"):
        of_viewer.post("/api/v1/sqllab/execute/", json={"database_id": 1, "sql": "select * from marts.fct_messages"})
    with pytest.raises(SupersetError, match=r"40[34]"):
        of_viewer.post("/api/v1/dataset/", json={"database": 1, "schema": "marts", "table_name": "fct_messages"})
    assert {row["account_id"] for row in of_viewer.post("/api/v1/chart/data", json=context)["result"][0]["data"]} <= own


def test_the_dashboard_is_drawn_with_the_numbers_of_the_first_account(superset: Superset, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 1400})
    page.goto(f"{superset.url}/login/")
    page.fill("input[type=text]", ADMIN)
    page.fill("input[type=password]", superset.secret(ADMIN))
    page.keyboard.press("Enter")
    page.wait_for_url("**/superset/welcome/")
    page.goto(f"{superset.url}/superset/dashboard/{bundle.SLUG}/")
    for view in ("Messaging", "Calling"):
        page.get_by_role("tab", name=view).click()
        # Superset's page blocks our scripts, so the test waits for what appears.
        page.locator(".superset-legacy-chart-big-number .header-line").locator("visible=true").nth(5).wait_for(timeout=90_000)
    assert page.get_by_text("error", exact=False).count() == 0
    page.close()
