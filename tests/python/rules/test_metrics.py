"""Every metric of the semantic layer equals its report function, for random accounts, ranges, campaigns and templates."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from harness import PROJECT, Built, Warehouse, ask, manifest, project_of_this_process, rows_of, warehouse_in
from random_landing import FIRST_DAY, random_landing

from outreach.kpis.entries import kpis, of_view
from outreach.kpis.pages import generated

SCRIPT = PROJECT / "tests/python/support/metric_sql.py"


@dataclass(frozen=True)
class Chosen:
    """A selection on the page."""

    account: str
    start: date
    end: date
    campaign: str | None = None
    template: str | None = None

    @property
    def filters(self) -> dict[str, str | None]:
        return {"campaign": self.campaign, "template": self.template}

    def of(self, view: str, group_by: str | None) -> Chosen:
        """The part of it that a view and a breakdown are asked for: Calling knows no templates, a breakdown shows all of its key."""
        if group_by:
            return replace(self, campaign=None, template=None)
        return self if view == "messaging" else replace(self, template=None)


BREAKDOWNS = [
    ("messaging", "metric_time__day"), ("messaging", "campaign"), ("messaging", "template"), ("calling", "metric_time__day"),
    ("calling", "campaign"),
]  # fmt: skip


@dataclass(frozen=True)
class Metrics:
    """A published file, asked through MetricFlow and through the report functions.

    Args:
        db: the published file, under the warehouse's name.
        kpis: the metrics that are KPIs, by view.
        statements: MetricFlow's SQL by view, breakdown and what is chosen.
    """

    db: duckdb.DuckDBPyConnection
    kpis: dict[str, list[str]]
    statements: dict[tuple[str, str | None, Chosen], str]

    def ask(self, view: str, group_by: str | None = None) -> Iterator[tuple[Chosen, list[dict[str, Any]]]]:
        """What was chosen, and what the view's metrics answer."""
        for (asked_view, asked_group_by, chosen), statement in self.statements.items():
            if (asked_view, asked_group_by) == (view, group_by):
                yield chosen, rows_of(self.db, statement)


def statements(warehouse: Warehouse, kpis: dict[str, list[str]], choices: list[Chosen]) -> dict[tuple[str, str | None, Chosen], str]:
    """MetricFlow's SQL for every question of this module, generated in one go because MetricFlow takes seconds to start."""
    questions = [(view, None, chosen.of(view, None)) for view in kpis for chosen in choices]
    questions += [(view, group_by, chosen.of(view, group_by)) for view, group_by in BREAKDOWNS for chosen in choices[:6]]
    questions = list(dict.fromkeys(questions))
    requests = [
        {
            "metrics": kpis[view], "group_by": [group_by] if group_by else None, "start": str(chosen.start), "end": str(chosen.end),
            "where": [f"{{{{ Entity('account') }}}} = '{chosen.account}'", *(
                f"{{{{ Entity('{name}') }}}} = '{value}'" for name, value in chosen.filters.items() if value
            )],
        }
        for view, group_by, chosen in questions
    ]  # fmt: skip
    run = subprocess.run(
        [sys.executable, str(SCRIPT)], cwd=project_of_this_process(), env=os.environ | warehouse.places(), input=json.dumps(requests),
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return dict(zip(questions, json.loads(run.stdout.splitlines()[-1]), strict=True))


@pytest.fixture(scope="module")
def random_accounts(tmp_path_factory: pytest.TempPathFactory) -> Built:
    warehouse = warehouse_in(tmp_path_factory.mktemp("metrics"))
    warehouse.landing.deliver(random_landing(Random(5), accounts=6, events_per_account=120).rows)
    warehouse.build_and_publish()
    return Built(warehouse, "")


@pytest.fixture(scope="module", params=["sample", pytest.param("random_accounts", marks=pytest.mark.nightly)])
def metrics(request: pytest.FixtureRequest) -> Metrics:
    warehouse: Warehouse = request.getfixturevalue(request.param).warehouse
    with duckdb.connect() as db:
        # MetricFlow names the database that dbt builds in.
        db.execute(f"attach '{warehouse.published}' as warehouse (read_only); use warehouse; set timezone = 'UTC'")
        kpis = {view: [kpi.name for kpi in of_view(view)] for view in ("messaging", "calling")}
        yield Metrics(db, kpis, statements(warehouse, kpis, random_choices(db, Random(11), 14)))


def random_choices(db: duckdb.DuckDBPyConnection, rng: Random, count: int) -> list[Chosen]:
    """Ranges of accounts with and without a campaign, a template, or both as they were used together."""
    used = db.execute("""
        select distinct account_id, campaign_id, template_id from marts.messaging_kpis_daily
        where campaign_messages > 0 and template_id is not null order by all
    """).fetchall()  # fmt: skip
    first, last = db.execute("select min(date_day), max(date_day) from marts.messaging_kpis_daily where campaign_messages > 0").fetchone()
    first = max(first, FIRST_DAY - timedelta(days=40))
    choices = []
    for n in range(count):
        account, campaign, template = rng.choice(used)
        start = first + timedelta(days=rng.randrange((last - first).days + 1))
        end = start + timedelta(days=rng.choice([0, 1, 6, 6, 29]))
        choices.append(Chosen(account, start, end, campaign if n % 2 else None, template if n % 4 > 1 else None))
    # Everything there is of an account, and nothing.
    return [*choices, Chosen(used[0][0], first, last), Chosen(used[0][0], date(2020, 1, 1), date(2020, 1, 7))]


def report_name(metric: str) -> str:
    """The report's column of a metric."""
    return "leads" if metric == "calling_leads" else metric


def differing(metric_row: dict[str, Any], report_row: dict[str, Any], names: list[str]) -> dict[str, tuple[Any, Any]]:
    pairs = {name: (metric_row[name], report_row[report_name(name)]) for name in names}
    return {name: pair for name, pair in pairs.items() if not _same(*pair)}


def _same(one: Any, other: Any) -> bool:
    return one is other is None or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-12))


def test_what_repeats_the_entries_is_up_to_date() -> None:
    assert [file.name for file, text in generated().items() if file.read_text() != text] == [], "run `make pages`"


def test_the_reports_have_the_kpis_of_the_entries_and_no_others_in_their_order(metrics: Metrics) -> None:
    for view in ("messaging", "calling"):
        described = metrics.db.execute(f"describe from reports.{view}_report('a', current_date, current_date)").fetchall()
        assert [kpi.column for kpi in of_view(view)] == [name for name, *_ in described]
    assert all(text and text.strip() for kpi in kpis() for text in (kpi.label, kpi.description, kpi.formula, kpi.example, kpi.excludes))
    labels = [metric["label"] for metric in manifest()["metrics"].values()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("view", ["messaging", "calling"])
def test_metrics_answer_as_the_report(metrics: Metrics, view: str) -> None:
    for chosen, rows in metrics.ask(view):
        filters = {name: value for name, value in chosen.filters.items() if view == "messaging" or name == "campaign"}
        (report,) = ask(metrics.db, f"{view}_report", chosen.account, chosen.start, chosen.end, **filters)
        (row,) = rows
        assert differing(row, report, metrics.kpis[view]) == {}, chosen


@pytest.mark.parametrize(("view", "group_by"), BREAKDOWNS)
def test_metrics_by_day_campaign_and_template_answer_as_the_breakdown(metrics: Metrics, view: str, group_by: str) -> None:
    names = metrics.kpis[view]
    counted = {kpi.name for kpi in of_view(view) if kpi.unit == "count"}
    nothing = {name: 0 if name in counted else None for name in names}
    key = {"metric_time__day": "date_day", "campaign": "campaign_id", "template": "template_id"}[group_by]
    breakdown = f"{view}_by_{group_by.removeprefix('metric_time__')}"
    for chosen, rows in metrics.ask(view, group_by):
        by_key = {_day(row[group_by]): row for row in rows}
        for report in ask(metrics.db, breakdown, chosen.account, chosen.start, chosen.end):
            row = by_key.pop(report[key], nothing)
            assert differing({n: nothing[n] if row[n] is None else row[n] for n in names}, report, names) == {}, (chosen, report[key])
        # What no report row is about: what belongs to no campaign, and campaigns without activity in the range.
        for value, row in by_key.items():
            assert value is None or not any(row[name] for name in counted), (chosen, value)


def _day(value: Any) -> Any:
    return value.date() if hasattr(value, "date") else value
