"""The connectors: a provider's raw rows, and the landing rows they become."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from raw_rows import ACCOUNT, CALL, MESSAGE, landed, written_as_csv

from outreach.connectors.contacts import add_contact_macros, contact_id, normal_form
from outreach.connectors.ingestion import Ingestion, ingest, sources
from outreach.connectors.raw_tables import SourceError
from outreach.settings import Settings


@pytest.fixture
def ingested(tmp_path: Path) -> Callable[..., Ingestion]:
    """Ingests raw rows of Fivetran's tables; each call replaces the previous call's rows."""

    def run(messages: list[dict], calls: list[dict] = (), *, numbers: list[dict] = (), **options: Any) -> Ingestion:
        raw = tmp_path / "raw"
        raw.mkdir(exist_ok=True)
        written_as_csv(raw, message=messages, call=calls, account_history=[ACCOUNT], incoming_phone_number=numbers)
        settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
        return ingest(sources()["twilio-fivetran"], str(raw), None, settings, b"", **options)

    return run


@pytest.mark.parametrize(
    ("changes", "events"),
    [
        ({}, {"sent": "10:00:05", "delivered": "10:01:00"}),
        ({"status": "read"}, {"sent": "10:00:05", "delivered": "10:01:00"}),
        ({"status": "sent", "date_sent": None}, {"sent": "10:00:00"}),
        ({"status": "undelivered", "error_code": "30003"}, {"sent": "10:00:05", "undelivered": "10:01:00"}),
        ({"status": "failed", "error_code": "30007.0"}, {"sent": "10:00:05", "undelivered": "10:01:00"}),
        ({"status": "failed", "error_code": "21610"}, "not_sent"),
        ({"status": "queued"}, "not_sent"),
        ({"status": "seen"}, "unknown_status"),
        ({"direction": "sideways"}, "unknown_direction"),
        ({"direction": "inbound", "status": "received"}, {"received": "10:00:05"}),
        ({"direction": "inbound", "status": "receiving"}, "not_received"),
        ({"date_sent": "Fri, 20 Nov 2026 10:00:05 +0000"}, {"sent": "10:00:05", "delivered": "10:01:00"}),
    ],
)  # fmt: skip
def test_a_message_s_status_says_which_events_it_becomes(ingested, tmp_path, changes, events):
    found = ingested([MESSAGE | changes])
    if isinstance(events, str):
        assert (found.read["messages"].skipped, landed(tmp_path, "message_events")) == ({events: 1}, [])
    else:
        assert {row["event_type"]: row["occurred_at"][11:19] for row in landed(tmp_path, "message_events")} == events


@pytest.mark.parametrize(
    ("changes", "events"),
    [
        ({}, ["answered human", "dialed", "ended 180"]),
        ({"answered_by": "machine_start"}, ["answered machine", "dialed", "ended 180"]),
        ({"status": "no-answer"}, ["dialed"]),
        ({"status": "queued"}, "not_dialed"),
        ({"to": "client:bob"}, "agent_leg"),
        ({"direction": "elsewhere"}, "unknown_direction"),
    ],
)
def test_a_call_s_status_says_which_events_it_becomes(ingested, tmp_path, changes, events):
    found = ingested([], [CALL | changes])
    rows = landed(tmp_path, "call_events")
    if isinstance(events, str):
        assert (found.read["calls"].skipped, rows) == ({events: 1}, [])
    else:
        shown = ("event_type", "answered_by", "duration_seconds")
        assert sorted(" ".join(str(row[name]) for name in shown if row[name] is not None) for row in rows) == events


def test_a_message_lands_with_what_it_is_of_and_without_its_contact_s_number(ingested, tmp_path):
    ingested([MESSAGE])
    sent = next(row for row in landed(tmp_path, "message_events") if row["event_type"] == "sent")
    assert (sent["event_id"], sent["campaign_id"], sent["origin"]) == ("SM1:sent", "MG1", "campaign")
    assert sent["account_number"] == "+15550100000"
    assert sent["contact_id"] == contact_id("+15550200001", b"")
    assert b"5550200001" not in b"".join(file.read_bytes() for file in (tmp_path / "landing").rglob("*.jsonl"))
    assert [(row["segments"], float(row["price"])) for row in landed(tmp_path, "message_attributes")] == [(1, 0.0079)]


def test_only_what_is_new_is_written_and_what_settles_later_arrives(ingested, tmp_path):
    queued = MESSAGE | {"status": "queued", "price": None}
    assert ingested([queued]).written["message_events"] == 0
    assert ingested([MESSAGE | {"status": "sent", "price": None}]).written["message_events"] == 1
    settled = MESSAGE | {"_fivetran_synced": "2026-11-23 11:00:00 UTC"}
    assert ingested([settled]).written == {
        "accounts": 0, "campaigns": 0, "message_attributes": 1, "call_attributes": 0, "message_events": 1, "call_events": 0,
    }  # fmt: skip
    assert not any(ingested([settled, MESSAGE]).written.values())


AIRBYTE = {
    "messages": {
        "sid": "SM1", "account_sid": "AC1", "date_created": "2026-11-20T10:00:00Z", "date_sent": "2026-11-20T10:00:05Z",
        "date_updated": "2026-11-20T10:01:00Z", "direction": "outbound-api", "from": "+15550100000", "to": "+15550200001",
        "body": 'He said "hi", and left', "error_code": None, "num_segments": "1", "num_media": "0", "messaging_service_sid": "MG1",
        "price": -0.0079, "status": "delivered",
    },
    "calls": {
        "sid": "CA1", "account_sid": "AC1", "date_created": "2026-11-20T10:00:00Z", "start_time": "2026-11-20T10:00:01Z",
        "end_time": "2026-11-20T10:03:01Z", "date_updated": "2026-11-20T10:03:01Z", "direction": "outbound-dial",
        "from": "+15550100000", "to": "+15550200001", "status": "completed", "answered_by": "human", "duration": "180",
    },
    "accounts": {"sid": "AC1", "friendly_name": "One", "owner_account_sid": "AC1", "date_updated": "2026-01-01T00:00:00Z"},
}  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl", "duckdb"])
def test_rows_that_airbyte_nests_in_one_column_are_those_that_lie_flat(tmp_path, form):
    found = {}
    for shape in ("flat", "nested"):
        raw = tmp_path / shape / "raw"
        raw.mkdir(parents=True)
        place = raw / "tables.duckdb" if form == "duckdb" else raw
        for name, row in AIRBYTE.items():
            # A cell holds a nested row as JSON.
            cell = row if form == "jsonl" else json.dumps(row)
            of_shape = row if shape == "flat" else {"_airbyte_raw_id": "1", "_airbyte_extracted_at": 1763632800000, "_airbyte_data": cell}
            lines = (raw if form == "jsonl" else raw.parent) / f"{name}.jsonl"
            lines.write_text(json.dumps(of_shape) + "\n")
            with duckdb.connect(str(place) if form == "duckdb" else ":memory:") as db:
                if form == "csv":
                    db.execute(f"copy (from '{lines}') to '{raw / name}.csv'")
                elif form == "duckdb":
                    db.execute(f"create table {name} as from '{lines}'")
        settings = Settings(str(raw.parent / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
        ingest(sources()["twilio-airbyte"], str(place), None, settings, b"")
        streams = ("message_events", "call_events", "message_attributes", "accounts")
        found[shape] = {stream: landed(raw.parent, stream) for stream in streams}
    assert found["nested"] == found["flat"]
    assert [len(rows) for rows in found["flat"].values()] == [2, 3, 1, 1]


@pytest.mark.parametrize("form", ["csv", "duckdb"])
def test_what_the_loader_wrote_before_the_given_day_is_not_read(tmp_path, form):
    """Days are UTC. An offset may move a row by a day, so the day before is read too. A row without a known time is always read."""
    written = {
        "old": "2026-11-18 23:59:59 UTC", "day before": "2026-11-20T08:00:00Z", "new": "2026-11-21 10:00:00 UTC", "none": None,
        "epoch": "1700000000",
    }  # fmt: skip
    written_as_csv(tmp_path, message=[MESSAGE | {"id": sid, "_fivetran_synced": synced} for sid, synced in written.items()],
                   call=[CALL | {"_fivetran_synced": written["old"]}], account_history=[ACCOUNT])  # fmt: skip
    location = tmp_path
    if form == "duckdb":
        location = tmp_path / "raw.duckdb"
        with duckdb.connect(str(location)) as db:
            for name in ("message", "call", "account_history"):
                db.execute(f"create table {name} as from read_csv('{tmp_path / name}.csv', all_varchar = true)")
            db.execute("alter table call alter _fivetran_synced type timestamp using replace(_fivetran_synced, ' UTC', '')::timestamp")
    settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
    ingest(sources()["twilio-fivetran"], str(location), None, settings, b"", since=date(2026, 11, 21))
    assert {row["message_id"] for row in landed(tmp_path, "message_events")} == {"day before", "new", "none", "epoch"}
    assert landed(tmp_path, "call_events") == []


@pytest.mark.parametrize(
    ("created_at", "landed_on", "written_again"),
    [
        ("2026-11-20 10:00:00 UTC", "2026-11-13", 0),
        ("2026-11-20 10:00:00 UTC", "2026-11-12", 2),
        # Without a time that can be true, the whole landing zone is compared.
        (None, "2026-01-01", 0),
        ("2099-01-01 10:00:00 UTC", "2026-01-01", 0),
        ("0001-01-01 00:00:00 UTC", "2026-01-01", 0),
    ],
)  # fmt: skip
def test_a_part_of_the_source_is_compared_with_what_landed_from_a_week_before_it_was_created(
    ingested, tmp_path, created_at, landed_on, written_again
):
    message = MESSAGE | {"created_at": created_at}
    ingested([message])
    (day,) = (tmp_path / "landing/message_events").iterdir()
    day.rename(day.with_name(f"ingest_date={landed_on}"))
    assert ingested([message], since=date(2026, 11, 20)).written["message_events"] == written_again
    assert ingested([message]).written["message_events"] == 0


def test_the_contact_that_landed_first_stays_when_its_number_is_hidden(ingested, tmp_path):
    ingested([MESSAGE | {"status": "sent"}])
    ingested([MESSAGE | {"to": "+1555020XXXX"}])
    assert {row["contact_id"] for row in landed(tmp_path, "message_events")} == {contact_id("+15550200001", b"")}


def test_between_two_own_numbers_nothing_is_an_event(ingested):
    numbers = [{"account_id": "AC1", "phone_number": number} for number in ("+15550100000", "+15550200001")]
    assert ingested([MESSAGE], numbers=numbers).read["messages"].skipped == {"internal": 1}
    # A number that writes to itself stands for two numbers that were merged.
    assert ingested([MESSAGE | {"to": "15550100000"}], numbers=numbers).written["message_events"] == 2


def test_a_dry_run_writes_nothing_and_shows_the_first_rows(ingested, tmp_path):
    assert [row["event_type"] for row in ingested([MESSAGE], dry_run=True).samples["message_events"]] == ["sent", "delivered"]
    assert landed(tmp_path, "message_events") == []


def test_a_missing_table_or_key_is_one_clear_line(ingested, tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(SourceError, match="raw: there is no table 'message'"):
        ingest(sources()["twilio-fivetran"], str(tmp_path / "raw"), None, Settings.from_environment(), b"")
    (tmp_path / "raw/message.csv").write_text("sid,body\n1,x\n")
    with pytest.raises(SourceError, match="table 'message' has no column 'id'"):
        ingest(sources()["twilio-fivetran"], str(tmp_path / "raw"), None, Settings.from_environment(), b"")
    with pytest.raises(SourceError, match="there is no such folder or file"):
        ingest(sources()["twilio-fivetran"], str(tmp_path / "nowhere"), None, Settings.from_environment(), b"")


@pytest.mark.parametrize("key", [b"", b"secret", b"k" * 100])
def test_the_id_of_a_contact_is_the_same_in_sql_and_in_python(key):
    addresses = {
        "+1 (555) 010-0001": "+15550100001", "whatsapp:+15550100001": "+15550100001", "1555.010.0001": "+15550100001",
        "Client:Bob": "bob", "sip:Ann@Example.com": "ann@example.com", "+1555010XXXX": "+1555010xxxx", "+1\u00a0555": "+1555",
    }  # fmt: skip
    with duckdb.connect() as db:
        add_contact_macros(db, key)
        for written, normal in addresses.items():
            assert normal_form(written) == normal
            assert db.execute("select address($1), contact_id(address($1))", [written]).fetchone() == (normal, contact_id(written, key))


TELNYX = {
    "id": "m1", "organization_id": "org", "direction": "outbound", "type": "SMS", "from": {"phone_number": "+15550100000"},
    "to": [{"phone_number": "+15550200001", "status": "queued"}], "text": "Hi", "parts": 2, "messaging_profile_id": "profile",
    "tags": ["campaign:spring", "user:u1", "greetings"], "cost": {"amount": "0.0051", "currency": "USD"}, "errors": [],
}  # fmt: skip
BANDWIDTH = {
    "id": "m1", "applicationId": "app", "time": "2026-11-20T10:00:00Z", "from": "+15550100000", "to": ["+15550200001"], "text": "",
    "segmentCount": 2, "tag": "campaign:spring, template=t1", "media": [], "direction": "out",
}  # fmt: skip


def telnyx(kind: str, clock: str, **payload: Any) -> dict:
    return {"data": {"event_type": f"message.{kind}", "occurred_at": f"2026-11-20T{clock}Z", "payload": TELNYX | payload}}


def to_telnyx(status: str) -> list[dict]:
    return [{"phone_number": "+15550200001", "status": status}]


def twilio(kind: str, clock: str, **data: Any) -> dict:
    sides = {"from": "+15550100000", "to": "+15550200001"}
    return {
        "specversion": "1.0", "type": f"com.twilio.messaging.{kind}", "time": f"2026-11-20T{clock}Z",
        "data": {
            "accountSid": "AC1", "messageSid": "m1", "timestamp": f"2026-11-20T{clock}.000Z", "body": "Hi", "numberOfSegments": 2,
            "messagingServiceSid": "MG1", "tags": {"campaign": "spring"}, **sides, **data,
        },
    }  # fmt: skip


def bandwidth(kind: str, clock: str, code: int | None = None, **message: Any) -> list[dict]:
    told = {"type": f"message-{kind}", "time": f"2026-11-20T{clock}Z", "errorCode": code, "to": "+15550200001"}
    return [told | {"message": BANDWIDTH | message}]


@pytest.mark.parametrize(
    ("source", "log", "events"),
    [
        ("twilio", [twilio("message.sent", "10:00:01"), twilio("message.delivered", "10:00:09")],
         [("sent", "10:00:01", None), ("delivered", "10:00:09", None)]),
        ("twilio", [twilio("message.read", "10:00:09")], [("delivered", "10:00:09", None)]),
        # Two entries of different types may report the same event; the earlier one counts.
        ("twilio", [twilio("message.read", "10:00:30"), twilio("message.delivered", "10:00:09")], [("delivered", "10:00:09", None)]),
        ("twilio", [twilio("message.sent", "10:00:01"), twilio("message.failed", "10:00:09", errorCode=30007)],
         [("sent", "10:00:01", None), ("undelivered", "10:00:09", "30007")]),
        ("twilio", [twilio("message.failed", "10:00:09", errorCode=30007)],
         [("sent", "10:00:09", None), ("undelivered", "10:00:09", "30007")]),
        ("twilio", [twilio("message.failed", "10:00:09", errorCode=21610)], "not_sent"),
        ("twilio", [twilio("inbound-message.received", "10:00:09")], [("received", "10:00:09", None)]),
        ("twilio", [twilio("message.queued", "10:00:09")], "other_type"),
        ("telnyx", [telnyx("sent", "10:00:01"), telnyx("finalized", "10:00:09", to=to_telnyx("delivered"))],
         [("sent", "10:00:01", None), ("delivered", "10:00:09", None)]),
        ("telnyx",
         [telnyx("sent", "10:00:01"), telnyx("finalized", "10:00:09", to=to_telnyx("delivery_failed"), errors=[{"code": "40002"}])],
         [("sent", "10:00:01", None), ("undelivered", "10:00:09", "40002")]),
        ("telnyx", [telnyx("finalized", "10:00:09", to=to_telnyx("sending_failed"), errors=[{"code": "40310"}])], "not_sent"),
        ("telnyx", [telnyx("finalized", "10:00:09", to=to_telnyx("delivery_unconfirmed"))], [("sent", "10:00:09", None)]),
        ("telnyx", [telnyx("received", "10:00:09")], [("received", "10:00:09", None)]),
        ("telnyx", [{"data": {"event_type": "call.initiated", "payload": {}}}], "other_type"),
        ("bandwidth", [bandwidth("delivered", "10:00:09")], [("sent", "10:00:00", None), ("delivered", "10:00:09", None)]),
        ("bandwidth", [bandwidth("failed", "10:00:09", 4770)], [("sent", "10:00:00", None), ("undelivered", "10:00:09", "4770")]),
        ("bandwidth", [bandwidth("failed", "10:00:09", 4432)], "not_sent"),
        ("bandwidth", [bandwidth("received", "10:00:09")], [("received", "10:00:09", None)]),
    ],
)  # fmt: skip
def test_an_entry_of_a_log_says_which_events_it_becomes(tmp_path, source, log, events):
    name = "twilio-events" if source == "twilio" else f"{source}-webhooks"
    (tmp_path / "log").mkdir()
    for number, entry in enumerate(log):
        (tmp_path / f"log/{number}.json").write_text(json.dumps(entry))
    settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
    found = ingest(sources()[name], str(tmp_path / "log"), None, settings, b"")
    rows = sorted(landed(tmp_path, "message_events"), key=lambda row: row["occurred_at"])
    if isinstance(events, str):
        assert (found.read["messages"].skipped, rows) == ({events: 1}, [])
        return
    assert sorted((row["event_type"], row["occurred_at"][11:19], row["error_code"]) for row in rows) == sorted(events)
    inbound = events[0][0] == "received"
    assert {row["contact_id"] for row in rows} == {contact_id("+15550100000" if inbound else "+15550200001", b"")}
    assert {(row["provider"], row["campaign_id"], row["account_id"]) for row in rows} == {
        (source, "spring", {"twilio": "AC1", "telnyx": "org", "bandwidth": "app"}[source])
    }
    assert rows[0]["segments"] == 2 and landed(tmp_path, "accounts")[0]["account_id"] == rows[0]["account_id"]
    assert not any(ingest(sources()[name], str(tmp_path / "log"), None, settings, b"").written.values())
