"""A contact to forget leaves every table, and the bytes of both files, with the next build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from harness import NIGHTLY, Warehouse, assert_equal_to_full_refresh, checks_of, messaging, rows_of, warehouse_in
from stories import account_row, call, contact_event, event, manual, of_account, received, row, sent

# Unique names, so that their bytes can be searched for.
FORGOTTEN = "contact-forgotten-7d1f"
KEPT = "contact-kept-9e2a"
MARKERS = [FORGOTTEN, "msg-forgotten-7d1f", "+15550107777", "body-forgotten-7d1f"]


def story(contact: str, suffix: str) -> list:
    """One contact's landed rows: some in every stream, with a duplicate and a rejected row."""
    first = sent(f"msg-{suffix}", "11-10 10:00", contact=contact)
    rejected = event(
        "message_events", "11-10 11:00", {"kind": "exploded", "message_id": f"msg-{suffix}"},
        {"contact": contact, "body": f"body-{suffix}", "number": "+15550107777" if contact == FORGOTTEN else "+15550100000"},
    )  # fmt: skip
    return of_account(
        "a", first, first, rejected, received(f"in-{suffix}", "11-10 12:00", contact=contact, body=f"body-{suffix} stop"),
        manual(f"answer-{suffix}", "11-10 12:30", contact=contact), contact_event("lead_created", "11-10 13:00", contact=contact),
        contact_event("label_added", "11-10 13:00", contact=contact, label="hot"),
        *call(f"call-{suffix}", "11-10 14:00", 100, contact=contact),
    )  # fmt: skip


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, dict, dict, object]]:
    """A warehouse, its accounting and report before a contact was erased, and the run that erased it."""
    folder = tmp_path_factory.mktemp("erasure")
    warehouse = warehouse_in(folder)
    # Of an account that is not there yet, too.
    warehouse.landing.deliver([*of_account("a", account_row()), *story(FORGOTTEN, "forgotten-7d1f"), *story(KEPT, "kept")])
    warehouse.landing.deliver(of_account("late", sent("m1", "11-10 10:00", contact=FORGOTTEN)))
    warehouse.build_and_publish()
    assert holding(warehouse.path, MARKERS) == MARKERS
    assert holding(warehouse.published, MARKERS[:1]) == MARKERS[:1]
    before = accounting(warehouse), messaging(warehouse, "a")
    warehouse.landing.deliver([row("forgotten_contacts", account_id=f" {a} ", contact_id=FORGOTTEN) for a in ("a", "late")])
    run = warehouse.run("build")
    assert run.success
    yield warehouse, *before, run


def holding(file: Path, markers: list[str]) -> list[str]:
    """The markers that a file's bytes hold. DuckDB packs texts, so that what it reads back as text counts too."""
    content = file.read_bytes()
    found = {marker for marker in markers if marker.encode() in content}
    with duckdb.connect(str(file), read_only=True) as db:
        tables = db.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            text = json.dumps(db.execute(f"select * from {schema}.{table}").fetchall(), default=str)
            found |= {marker for marker in markers if marker in text}
    return [marker for marker in markers if marker in found]


def accounting(warehouse: Warehouse) -> dict[str, dict]:
    with warehouse.connect() as db:
        return {row.pop("stream"): row for row in rows_of(db, "from marts.landing_accounting")}


def test_everything_of_a_forgotten_contact_leaves_both_files(erased) -> None:
    warehouse, *_ = erased
    assert holding(warehouse.path, MARKERS) == []
    assert holding(warehouse.published, MARKERS) == []
    # The space of deleted rows is not kept: the file was rewritten.
    with warehouse.connect() as db:
        assert db.execute("select since_batch from intermediate.build_state where model_name = 'erased'").fetchone()[0] > 0


def test_the_kpis_are_those_of_the_other_contacts(erased) -> None:
    warehouse, _, report, _ = erased
    now = messaging(warehouse, "a")
    for kpi in ("sms_sent", "contacts", "replies_received", "leads", "opted_out_contacts", "responded_contacts"):
        assert (now[kpi], report[kpi]) == (report[kpi] / 2, now[kpi] * 2), kpi


def test_its_rows_count_as_forgotten_and_its_rejected_rows_lose_their_json(erased) -> None:
    warehouse, before, *_ = erased
    for stream, counts in accounting(warehouse).items():
        was = before[stream]
        assert counts["landed_rows"] == sum(counts[f"{state}_rows"] for state in ("accepted", "duplicate", "rejected", "forgotten"))
        assert (counts["landed_rows"], was["forgotten_rows"]) == (was["landed_rows"], 0)
    # Three messages, one of them twice, and one that waited for its account; what is rejected stays rejected.
    messages = accounting(warehouse)["message_events"]
    assert {name: messages[f"{name}_rows"] for name in ("accepted", "duplicate", "rejected", "forgotten")} == {
        "accepted": 3, "duplicate": 1, "rejected": 2, "forgotten": 5,
    }  # fmt: skip
    with warehouse.connect() as db:
        rejects = db.execute("select event_id is null, row_json is null, count(*) from marts.rejected_events group by all order by all")
        assert rejects.fetchall() == [(False, False, 1), (True, True, 1)]


def test_the_landing_files_that_still_hold_it_are_listed(erased) -> None:
    warehouse, *_, run = erased
    with warehouse.connect() as db:
        listed = db.execute("select landing_file, row_count from marts.landing_files_to_erase order by all").fetchall()
    on_disk = [
        str(file.relative_to(warehouse.landing.path)) for file in warehouse.landing.path.rglob("*.jsonl")
        if FORGOTTEN in file.read_text() and file.parts[-3] != "forgotten_contacts"
    ]  # fmt: skip
    assert [file for file, _ in listed] == sorted(on_disk)
    check = checks_of(run)["landing_files_to_erase", "forgotten_contacts_have_left_the_landing_zone"]
    assert (check.passed, check.severity.value) == (False, "WARN")


def test_what_lands_of_it_later_is_forgotten_as_well_and_another_accounts_contact_is_not(erased) -> None:
    warehouse, *_ = erased
    before = accounting(warehouse)["message_events"]
    warehouse.landing.deliver([
        *of_account("a", sent("msg-forgotten-7d1f", "11-12 10:00", contact=FORGOTTEN)), *of_account("late", account_row()),
        *of_account("b", account_row(), sent("m1", "11-12 10:00", contact=FORGOTTEN)),
    ])  # fmt: skip
    warehouse.build()
    now = accounting(warehouse)["message_events"]
    assert (now["forgotten_rows"], now["accepted_rows"]) == (before["forgotten_rows"] + 1, before["accepted_rows"] + 1)
    assert [messaging(warehouse, account)["sms_sent"] for account in ("late", "b")] == [0, 1]
    assert_equal_to_full_refresh(warehouse)
    # Its owner erases it from the landing zone. Nothing is left to list, and what was erased stays erased.
    for file in warehouse.landing.path.rglob("*.jsonl"):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if FORGOTTEN not in line or '"b"' in line or "forgotten" in file.parts[-3]))
    warehouse.build()
    with warehouse.connect() as db:
        assert db.execute("select * from marts.landing_files_to_erase").fetchall() == []
    assert accounting(warehouse)["message_events"]["forgotten_rows"] == 0
    if NIGHTLY:
        assert_equal_to_full_refresh(warehouse)
