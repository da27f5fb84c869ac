"""How fast the report functions answer, against plain counts over the same rows, and against unsorted facts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from outreach.sql import one_row
from outreach.warehouse.connection import STORAGE_VERSION
from outreach.warehouse.publication import copy_reports, copy_views

# Each report and breakdown, with the relation it reads and the column it is broken down by.
REPORTS = {
    "messaging_report": ("messaging_activity", None),
    "messaging_by_day": ("messaging_activity", "date_day"),
    "messaging_by_campaign": ("messaging_activity", "campaign_id"),
    "messaging_by_template": ("messaging_activity", "template_id"),
    "messaging_by_hour": ("fct_messages", "hour_of_day"),
    "messaging_by_step": ("fct_messages", "step"),
    "messages_after_opt_out": ("fct_messages_after_opt_out", None),
    "compare_templates": ("messaging_activity", "template_id"),
    "label_report": ("fct_label_additions", "label_id"),
    "responses_by_user": ("fct_response_times", "user_id"),
    "calling_report": ("fct_calls", None),
    "calling_by_day": ("fct_calls", "date_day"),
    "calling_by_campaign": ("fct_calls", "campaign_id"),
    "calling_by_user": ("fct_calls", "user_id"),
    "call_outcome_report": ("fct_call_outcomes", "outcome"),
}

# Only counts and sums: no distinct counts, no medians, no order.
PLAIN = {
    "messaging_activity": """
        count(*) filter (where activity = 'message'), sum(segments) filter (where activity = 'message'),
        count(*) filter (where activity = 'message' and is_campaign_message),
        count(*) filter (where activity = 'message' and status = 'carrier_blocked'),
        count(*) filter (where activity = 'message' and is_first), count(*) filter (where activity = 'reply'),
        count(*) filter (where activity = 'opt_out'), count(*) filter (where activity = 'ai_filter'),
        count(*) filter (where activity = 'lead'), count(response_seconds), sum(response_seconds)
    """,
    "fct_messages": "count(*), count(*) filter (where is_first_message), count(*) filter (where status = 'carrier_blocked')",
    # A list of messages, so against reading it.
    "fct_messages_after_opt_out": "date_day, sent_at, contact_id, message_id, campaign_id, template_id, opted_out_at",
    "fct_response_times": "count(*), sum(response_seconds)",
    "fct_label_additions": "count(*)",
    "fct_calls": "count(*), count(*) filter (where is_answered), sum(talk_seconds), count(*) filter (where is_lead)",
    "fct_call_outcomes": "count(*)",
}

RANGES = {"7 days": 7, "90 days": 90, "a year": 365}


@dataclass(frozen=True)
class Question:
    """A report with its arguments.

    Args:
        report: the function.
        account: the account.
        start, end: the days.
        filters: what else it is asked for, such as a campaign.
    """

    report: str
    account: str
    start: date
    end: date
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def arguments(self) -> list[Any]:
        """The parameters of its queries."""
        return [self.account, self.start, self.end, *(value for _, value in self.filters)]

    @property
    def sql(self) -> str:
        """The report."""
        named = "".join(f", {name} := ${number}" for number, (name, _) in enumerate(self.filters, start=4))
        return f"from reports.{self.report}($1, $2, $3{named})"

    @property
    def plain_sql(self) -> str:
        """Plain counts and sums over the rows that the report reads."""
        relation, key = REPORTS[self.report]
        where = "account_id = $1 and date_day between $2::date and $3::date"
        for column in ("campaign_id", "template_id"):
            entity = column.removesuffix("_id")
            chosen = [f"${number}" for number, (name, _) in enumerate(self.filters, start=4) if name.startswith(entity)]
            where += f" and {column} in ({', '.join(chosen)})" if chosen else ""
        group = f" group by {key}" if key else ""
        return f"select {f'{key}, ' if key else ''}{PLAIN[relation]} from marts.{relation} where {where}{group}"


def questions(db: duckdb.DuckDBPyConnection, account: str) -> dict[str, list[Question]]:
    """Every report and breakdown of an account, by range and filter.

    Args:
        db: a published file.
        account: the account.
    """
    (end,) = one_row(db.execute("select max(date_day) from marts.fct_messages where account_id = $1", [account]))
    busiest = """
        select campaign_id, template_id from marts.fct_messages
        where account_id = $1 and template_id is not null group by all order by count(*) desc, campaign_id, template_id limit 2
    """
    (campaign, template), (_, other) = db.execute(busiest, [account]).fetchall()
    pair = (("template_a", template), ("template_b", other))
    functions = "select function_name, parameters from duckdb_functions() where schema_name = 'reports'"
    parameters = dict(db.execute(functions).fetchall())
    found = {}
    for name, days in RANGES.items():
        plain = [
            Question(report, account, end - timedelta(days=days - 1), end, pair if "template_a" in parameters[report] else ())
            for report in REPORTS
        ]
        found[name] = plain
        for entity, chosen in (("campaign", campaign), ("template", template)):
            asked = [question for question in plain if entity in parameters[question.report]]
            found[f"{name}, a {entity}"] = [replace(question, filters=((entity, chosen), *question.filters)) for question in asked]
    return found


def accounts_by_size(db: duckdb.DuckDBPyConnection) -> list[str]:
    """The accounts, largest number of messages first."""
    sql = "select account_id from marts.fct_messages group by account_id order by count(*) desc, account_id"
    return [account for (account,) in db.execute(sql).fetchall()]


def seconds_in_turns(queries: Sequence[tuple[duckdb.DuckDBPyConnection, str]], arguments: list[Any], rounds: int) -> list[list[float]]:
    """Times queries in turns, so that a slow moment of the machine hits all of them alike. A first round warms up.

    Args:
        queries: each with the connection to ask.
        arguments: their parameters.
        rounds: how often to run each.
    """
    found: list[list[float]] = [[] for _ in queries]
    for _ in range(rounds + 1):
        for (db, sql), seconds in zip(queries, found, strict=True):
            started = time.perf_counter()
            db.execute(sql, arguments).fetchall()
            seconds.append(time.perf_counter() - started)
    return [seconds[1:] for seconds in found]


def against_plain_counts(db: duckdb.DuckDBPyConnection, asked: Iterable[Question], rounds: int = 15) -> dict[str, tuple[float, float]]:
    """For each report, the median seconds of its answer and of plain counts over the same rows."""
    found = {}
    for question in asked:
        answers, plain = seconds_in_turns([(db, question.sql), (db, question.plain_sql)], question.arguments, rounds)
        found[question.report] = (statistics.median(answers), statistics.median(plain))
    return found


def p95(values: Iterable[float]) -> float:
    """The 95th percentile; of few values, close to the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def unsorted_copy(published: Path, target: Path, manifest: dict[str, Any]) -> None:
    """A copy of the published file with its tables' rows shuffled.

    Args:
        published: the file.
        target: where to write the copy; replaced if it exists.
        manifest: dbt's manifest.
    """
    target.unlink(missing_ok=True)
    with duckdb.connect() as db:
        db.execute(f"attach '{published}' as warehouse (read_only); attach '{target}' as unsorted (storage_version '{STORAGE_VERSION}')")
        db.execute("create schema unsorted.marts; create schema unsorted.reports; use unsorted")
        tables = "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'marts'"
        for (table,) in db.execute(tables).fetchall():
            db.execute(f"create table marts.{table} as select t.* from warehouse.marts.{table} as t order by hash(t)")
        copy_views(db, manifest)
        copy_reports(db, manifest)
