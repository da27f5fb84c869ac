"""The vocabulary in which tests state landing rows: `sent("m1", "11-02 10:00", campaign="c1")`.

Every row gets the account of its test, and a `contact` of `p1` unless the test says otherwise. Times are of 2026, UTC.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

from oracle import LandedRow

# No two of any test process, as some of them share a landing zone.
_event_ids = (f"{os.environ.get('PYTEST_XDIST_WORKER', 'e')}-{number}" for number in count(1))

NAMES = {
    "campaign": "campaign_id", "template": "template_id", "contact": "contact_id", "label": "label_id",
    "number": "account_number", "by": "answered_by", "duration": "duration_seconds", "kind": "event_type",
}  # fmt: skip


def given(*rows: LandedRow) -> Callable:
    """States the landing rows of a test. One build serves all tests: each has an account of its own, named like the test."""

    def attach(test: Callable) -> Callable:
        account = test.__name__
        landed = of_account(account, *rows)
        if not any(r.stream == "accounts" for r in rows):
            landed.append(account_row(account_id=account))
        test.landed_rows = landed
        return test

    return attach


def of_account(account: str, *rows: LandedRow) -> list[LandedRow]:
    """Rows as those of an account, where they do not say otherwise."""
    return [LandedRow(r.stream, r.ingest_date, {"account_id": account} | r.values) for r in rows]


def at(moment: str) -> str:
    return f"2026-{moment.replace(' ', 'T')}{'' if moment.count(':') > 1 else ':00'}Z"


def row(stream: str, landed_on: str = "11-20", **values: Any) -> LandedRow:
    return LandedRow(stream, date.fromisoformat(f"2026-{landed_on}"), {NAMES.get(k, k): v for k, v in values.items()})


def event(stream: str, moment: str, defaults: dict[str, Any], values: dict[str, Any]) -> LandedRow:
    defaults = {"event_id": next(_event_ids), "contact": "p1", "occurred_at": at(moment)} | defaults
    return row(stream, **(defaults | values))


def sent(message: str, moment: str, **values: Any) -> LandedRow:
    """An outbound message of campaign c1, unless `campaign` or `origin` says otherwise."""
    return message_event("sent", message, moment, **({"campaign": "c1"} | values))


def manual(message: str, moment: str, **values: Any) -> LandedRow:
    return message_event("sent", message, moment, origin="manual", **values)


def received(message: str, moment: str, **values: Any) -> LandedRow:
    return message_event("received", message, moment, **values)


def message_event(kind: str, message: str, moment: str, **values: Any) -> LandedRow:
    return event("message_events", moment, {"kind": kind, "message_id": message}, values)


def contact_event(kind: str, moment: str, **values: Any) -> LandedRow:
    return event("contact_events", moment, {"kind": kind}, values)


def call_event(kind: str, call: str, moment: str, **values: Any) -> LandedRow:
    return event("call_events", moment, {"kind": kind, "call_id": call}, values)


def call(call_id: str, moment: str, duration: Any = None, by: str | None = "human", **values: Any) -> list[LandedRow]:
    """A call that is dialed, answered ten seconds later and ended."""
    dialed = datetime.fromisoformat(at(moment).rstrip("Z"))
    later = dialed.replace(second=10).strftime("%m-%d %H:%M:%S")
    return [
        call_event("dialed", call_id, moment, **values),
        call_event("answered", call_id, later, by=by, **values),
        call_event("ended", call_id, later, duration=duration, **values),
    ]


def account_row(**values: Any) -> LandedRow:
    return row("accounts", **({"timezone": "UTC", "updated_at": at("10-01 00:00")} | values))


def campaign_row(campaign: str, moment: str, campaign_type: str = "standard", **values: Any) -> LandedRow:
    return row("campaigns", campaign_id=campaign, created_at=at(moment), updated_at=at(moment), campaign_type=campaign_type, **values)
