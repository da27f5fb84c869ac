"""`make ingest` as a person runs it: what it prints, and one line if it cannot begin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from raw_rows import ACCOUNT, CALL, MESSAGE, landed, written_as_csv

from outreach.commands.ingest import main

Ingest = Callable[..., tuple[int, str]]

# When the loader wrote the message (MESSAGE["_fivetran_synced"]).
LOADED = "2026-11-20T11:00:00.000000Z"


@pytest.fixture
def ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ingest:
    """Runs the command over a folder with a sent message, one not sent, one of an unknown status, and a call."""
    raw = tmp_path / "raw"
    raw.mkdir()
    messages = [MESSAGE, MESSAGE | {"id": "SM2", "status": "queued"}, MESSAGE | {"id": "SM3", "status": "seen"}]
    written_as_csv(raw, message=messages, call=[CALL], account_history=[ACCOUNT], incoming_phone_number=[])
    monkeypatch.setenv("OUTREACH_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("OUTREACH_CONTACT_KEY", "key")

    def run(source: str = "twilio-fivetran", *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["make ingest", source, "--location", str(raw), *arguments])
        return main(), capsys.readouterr().out

    return run


def test_it_prints_what_was_read_skipped_and_why_and_what_was_written(ingest: Ingest, tmp_path: Path) -> None:
    code, printed = ingest()
    assert code == 0
    assert "│ messages │    3 │       2 │ not sent, or not yet (not_sent) 1; of a status" in printed
    assert "Unknown to the mapping: status 'seen' (rows: 1)" in printed
    assert "│ message_events     │    2 │" in printed and "│ call_events        │    3 │" in printed
    assert "New outbound messages: campaign 1" in printed
    assert printed.endswith("Run `make build` to take in what was written.\n")
    assert len(landed(tmp_path, "message_events")) == 2
    assert ingest()[1].endswith("Nothing is new.\n")


def test_a_dry_run_prints_the_first_rows_of_each_stream_and_writes_nothing(ingest: Ingest, tmp_path: Path) -> None:
    code, printed = ingest("twilio-fivetran", "--dry-run")
    assert code == 0 and not (tmp_path / "landing").exists()
    assert "What would be written" in printed and "Run `make build`" not in printed
    shown = [json.loads(line) for line in printed.splitlines() if line.startswith("  {")]
    assert {row["event_id"] for row in shown if "event_id" in row} == {
        "SM1:sent",
        "SM1:delivered",
        "CA1:dialed",
        "CA1:answered",
        "CA1:ended",
    }
    assert {"account_id": "AC1", "message_id": "SM1", "segments": 1, "price": "0.007900000", "updated_at": LOADED} in shown
    assert "5550200001" not in printed


@pytest.mark.parametrize(
    ("source", "variables", "sentence"),
    [
        ("telegram", {}, "there is no source 'telegram': expected one of bandwidth-webhooks, "),
        ("twilio-fivetran", {"OUTREACH_LANDING_FORMAT": "csv"}, "OUTREACH_LANDING_FORMAT is 'csv': expected jsonl or parquet."),
        ("twilio-api", {}, "twilio-api has no location: it is read from https://api.twilio.com"),
    ],
)
def test_what_cannot_begin_is_one_line(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, printed = ingest(source)
    assert code == 2 and printed.startswith(f"Nothing was written. {sentence}") and len(printed.splitlines()) == 1
    assert not (tmp_path / "landing").exists()
