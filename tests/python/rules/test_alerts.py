"""Alerts: simulated accounts judged by the build's rule, and by a second implementation of it."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import NormalDist
from threading import Thread
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from dagster import AssetCheckSeverity, AssetKey, SkipReason, build_sensor_context
from harness import Warehouse, checks_of, warehouse_in
from stories import account_row, call, of_account, received, sent

from outreach.macros import call as macro

FIRST = date(2026, 9, 1)
HISTORY = 28


def judged(rows: list[dict[str, Any]]) -> set[tuple[str, str, date]]:
    """What the build's rule finds."""
    with duckdb.connect() as db:
        db.register("counts", pd.DataFrame(rows))
        found = db.execute(f"select thing, kind, date_day from ({macro('rates_out_of_line', 'counts')})").fetchall()
    return {(thing, kind, day.date() if hasattr(day, "date") else day) for thing, kind, day in found}


def read_anew(rows: list[dict[str, Any]]) -> set[tuple[str, str, date]]:
    """The same rule in plain Python, with the exact normal distribution."""
    by_thing = defaultdict(list)
    for one in rows:
        if one["whole"]:
            by_thing[one["thing"], one["kind"]].append(one)
    chances = defaultdict(list)
    for (thing, kind), found in by_thing.items():
        for one in found:
            ago = {id(other): (one["date_day"] - other["date_day"]).days for other in found}
            both = [other for other in found if 0 <= ago[id(other)] <= 1]
            before = [other for other in found if 2 <= ago[id(other)] <= HISTORY + 1]
            part, whole = (sum(values) for values in zip(*((min(o["part"], o["whole"]), o["whole"]) for o in both), strict=True))
            parts = [min(other["part"], other["whole"]) for other in before]
            wholes = [other["whole"] for other in before]
            if whole < 30 or len(before) < 7 or sum(wholes) < 30:
                continue
            expected, pooled = (sum(parts) + 0.5) / (sum(wholes) + 1), sum(parts) / sum(wholes)
            scatter = sum(size * (share / size - pooled) ** 2 for share, size in zip(parts, wholes, strict=True))
            dispersion = max(1.0, scatter / ((len(before) - 1) * expected * (1 - expected)))
            arcsines = [math.asin(math.sqrt(share)) for share in (part / whole, expected)]
            distance = one["bad"] * 2 * math.sqrt(whole) * (arcsines[0] - arcsines[1])
            distance /= math.sqrt((1 + whole / sum(wholes)) * dispersion)
            if dispersion > 1:
                freedom = len(before) - 1
                distance *= (1 - 1 / (4 * freedom)) / math.sqrt(1 + distance**2 / (2 * freedom))
            chance = 1 - NormalDist().cdf(distance) if distance > 0 else 1.0
            chances[one["date_day"]].append((chance, thing, kind))
    flagged = set()
    for day, of_day in chances.items():
        ranked = sorted(of_day)
        last = max((place for place, (chance, *_) in enumerate(ranked, 1) if chance <= 0.05 * place / len(ranked)), default=0)
        flagged |= {(thing, kind, day) for _, thing, kind in ranked[:last]}
    return flagged


def simulated(
    seed: int, things: int, days: int, messages: int, rate: float, doubled: int = 0, variance: float = 1.5
) -> list[dict[str, Any]]:
    """Blocked messages of accounts. The first few have twice their rate after the history.

    variance: the variance of a day's rate relative to a binomial one, at least 1.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(things):
        for day in range(HISTORY + days):
            whole = int(rng.poisson(messages))
            own = rate * (2 if n < doubled and day >= HISTORY else 1)
            if variance > 1:
                certainty = messages / (variance - 1)
                own = rng.beta(own * certainty, (1 - own) * certainty)
            part, date_day = int(rng.binomial(whole, own)), FIRST + timedelta(days=day)
            rows.append({"thing": f"a{n:03}", "kind": "carrier_block_rate", "date_day": date_day, "part": part, "whole": whole, "bad": 1})
    return rows


def after_history(found: set[tuple[str, str, date]]) -> set[tuple[str, str, date]]:
    return {one for one in found if one[2] >= FIRST + timedelta(days=HISTORY)}


def test_of_a_thousand_quiet_account_days_hardly_one_is_flagged() -> None:
    found = after_history(judged(simulated(seed=1, things=40, days=25, messages=500, rate=0.02)))
    assert len(found) <= 5


def test_a_doubled_block_rate_is_found_within_two_days_and_few_are_found_wrongly() -> None:
    found, wrong, in_time = 0, 0, 0
    for seed in range(10):
        flagged = after_history(judged(simulated(seed, things=40, days=2, messages=500, rate=0.03, doubled=10, variance=1)))
        doubled = {thing for thing, *_ in flagged if thing < "a010"}
        in_time += len(doubled)
        wrong += sum(thing >= "a010" for thing, *_ in flagged)
        found += len(flagged)
    assert in_time >= 90, f"{in_time} of 100"
    assert wrong <= 0.05 * found, f"{wrong} of {found}"


@pytest.mark.parametrize("seed", range(3))
def test_the_rule_is_the_same_in_sql_and_in_python(seed: int) -> None:
    rows = simulated(seed, things=12, days=20, messages=200, rate=0.1, doubled=3)
    # Days without messages or with few, rates over 1, falls that are bad, and no history.
    rng = np.random.default_rng(seed)
    for one in rows:
        if rng.random() < 0.1:
            one |= {"whole": int(rng.integers(0, 40)), "part": int(rng.integers(0, 50))}
        one["bad"] = 1 if one["thing"] < "a006" else -1
    rows += [row | {"kind": "reply_rate", "part": 0} for row in rows[:400:3]]
    found = judged(rows)
    assert found == read_anew(rows) and len(found) >= 3


@pytest.fixture(scope="module")
def out_of_line(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """An account whose calls end, whose cost doubles for a day, and whose messages end."""
    folder = tmp_path_factory.mktemp("out of line")
    warehouse = warehouse_in(folder)
    # Of its own, since the newest event of all says which days are closed.
    warehouse.landing.deliver(of_account(
        "a",
        account_row(),
        *(sent(f"m{day}", f"10-{day:02} 10:00", contact=f"p{day}", price="0.01") for day in range(1, 30)),
        *(event for day in range(1, 29) for event in call(f"k{day}", f"10-{day:02} 11:00")),
        *(sent(f"x{n}", "10-30 10:00", contact=f"q{n}", price="0.01") for n in range(30)),
        *(sent(f"y{n}", "10-31 10:00", contact=f"r{n}", price="0.01") for n in range(3)),
        received("z", "11-20 10:00", contact="somebody"),
    ))  # fmt: skip
    warehouse.build_for("alerts", "dim_campaigns", "dim_message_templates")
    return warehouse


def test_a_source_that_falls_silent_and_a_day_that_costs_twice_as_much_are_listed_once(out_of_line: Warehouse) -> None:
    with out_of_line.connect() as db:
        found = db.execute("select date_day::varchar, kind, level from marts.alerts order by all").fetchall()
    assert found == [
        ("2026-10-29", "no_calls", "account"), ("2026-10-30", "cost_doubled", "account"), ("2026-11-01", "no_messages", "account"),
    ]  # fmt: skip


@dataclass
class Webhook:
    """A webhook: the texts it received, and its first answers."""

    answers: list[int]
    texts: list[str] = field(default_factory=list)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch, out_of_line: Warehouse) -> Iterator[Webhook]:
    received = Webhook([500])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = received.answers.pop(0) if received.answers else 200
            if status == 200:
                received.texts.append(json.loads(body)["text"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OUTREACH_ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_port}/secret-path")
        monkeypatch.setenv("OUTREACH_PAGE_URL", "https://reports.example")
        # Alerts are read as they are published, and the warehouse has them under the same names.
        monkeypatch.setenv("OUTREACH_PUBLISHED", str(out_of_line.path))
        yield received
        server.shutdown()


def test_an_alert_is_told_to_the_webhook_once_with_a_link_and_again_only_where_it_was_not_taken(webhook: Webhook) -> None:
    from orchestration.alerts import tell_alerts

    refused = tell_alerts(build_sensor_context())
    assert isinstance(refused, SkipReason) and "500" in refused.skip_message and "secret-path" not in refused.skip_message
    told = tell_alerts(build_sensor_context())
    assert webhook.texts == [
        "a: No message was sent or received on 1 Nov 2026, after 28 days with some each. "
        "https://reports.example/?account=a&view=messaging&start=2026-11-01&end=2026-11-01"
    ]
    assert isinstance(tell_alerts(build_sensor_context(cursor=told.cursor)), SkipReason) and len(webhook.texts) == 1


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OUTREACH_ALERT_WEBHOOK": ""}, "OUTREACH_ALERT_WEBHOOK is not set."),
        ({"OUTREACH_ALERT_WEBHOOK": "http://127.0.0.1:1/", "OUTREACH_PUBLISHED": "no/such/file"}, "Nothing is published yet."),
    ],
)
def test_without_a_webhook_or_a_published_file_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], reason: str
) -> None:
    from orchestration.alerts import tell_alerts

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    skipped = tell_alerts(build_sensor_context())
    assert isinstance(skipped, SkipReason) and skipped.skip_message == reason


def test_an_alert_is_a_warning_of_the_run_and_stops_nothing(out_of_line: Warehouse) -> None:
    run = out_of_line.run("build", asset_selection=[AssetKey(["marts", "alerts"])])
    check = checks_of(run)["alerts", "nothing_is_out_of_line"]
    assert run.success and not check.passed and check.severity == AssetCheckSeverity.WARN
    assert check.description == "a: No message was sent or received on 1 Nov 2026, after 28 days with some each."
