"""Compares every report of a warehouse with the oracle's, in every column, for random ranges, campaigns and templates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from harness import NIGHTLY, Warehouse, ask, filters_of, rows_of
from oracle import PROJECT, Oracle
from random_landing import DAYS, FIRST_DAY

REPORTS = sorted(file.stem for file in (PROJECT / "models/reports").glob("*.sql"))
# Of each report, about each account, each time.
QUESTIONS = 4 if NIGHTLY else 2

CHOICES = {
    "campaign": [None, None, "c0", "c1", "c_unknown", "no such"], "template": [None, None, "t0", "t1", "no such"],
    "template_a": ["t0", "t1", "no such"], "template_b": ["t0", "t1", "t2", None],
}  # fmt: skip


def questions(rng: Random, account: str) -> Iterator[tuple[str, tuple, dict[str, str | None]]]:
    """Reports, ranges and filters to ask about an account."""
    for function in REPORTS:
        for _ in range(QUESTIONS):
            start = FIRST_DAY + timedelta(days=rng.randrange(-2, DAYS + 3))
            end = start + timedelta(days=rng.choice([0, 0, 1, 2, 6, 20, -1]))
            filters = {name: rng.choice(CHOICES[name]) for name in filters_of(function)}
            yield function, (account, start, end), filters


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)
    return found == expected and type(found) in (type(expected), float if type(expected) is float else type(expected))


def compare(warehouse: Warehouse, oracle: Oracle, rng: Random, accounts: list[str]) -> int:
    compared = 0
    with warehouse.connect() as db:
        for account in [*accounts, "a_unknown", "nobody"]:
            for function, arguments, filters in questions(rng, account):
                found = ask(db, function, *arguments, **filters)
                expected = getattr(oracle, function)(*arguments, **filters)
                expected = expected if isinstance(expected, list) else [expected]
                asked = f"{function}{(account, str(arguments[1]), str(arguments[2]), filters)}"
                assert [list(row) for row in found] == [list(row) for row in expected] or not expected, asked
                assert len(found) == len(expected), (asked, found, expected)
                for found_row, expected_row in zip(found, expected, strict=True):
                    wrong = {k: (found_row[k], v) for k, v in expected_row.items() if not same(found_row[k], v)}
                    assert not wrong, f"{asked}: found, expected {wrong}"
                    compared += len(expected_row)
        accounting = {row.pop("stream"): row for row in rows_of(db, "from marts.landing_accounting")}
        for stream, expected in oracle.accounting.items():
            assert {k: accounting[stream][k] for k in expected} == expected, stream
        for stream, expected in oracle.rejects.items():
            rejects = db.execute("select reason, count(*) from marts.rejected_events where stream = ? group by 1", [stream])
            assert dict(rejects.fetchall()) == expected
        assert set(db.execute("from marts.account_access").fetchall()) == oracle.account_access()
    return compared
