"""Random raw tables in evolving snapshots, ingested step by step with kills, against an independent reading of their meaning."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from harness import NIGHTLY
from raw_reading import OWN, Reading, Row, Tables, moment
from raw_rows import ACCOUNT

from outreach.connectors import ingestion
from outreach.connectors.ingestion import ingest, sources
from outreach.settings import Settings

CASES = 12 if NIGHTLY else 2
STEPS = 5


def write(folder: Path, tables: dict[str, list[Row]], rng: Random) -> None:
    """The tables as files, in any of a loader's formats."""
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    tables = tables | {
        "account_history": [ACCOUNT | {"id": account} for account in OWN],
        "incoming_phone_number": [{"account_id": account, "phone_number": own} for account, numbers in OWN.items() for own in numbers],
    }
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        form = rng.choice(["csv", "jsonl", "parquet"])
        if form == "csv":
            with open(folder / f"{name}.csv", "w", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)
        else:
            lines = folder / f"{name}.jsonl"
            lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
            if form == "parquet" and rows:
                with duckdb.connect() as db:
                    types = ", ".join(f'"{column}": "varchar"' for column in columns).replace('"varchar"', "'varchar'")
                    source = f"read_json('{lines}', columns = {{{types}}}, format = 'newline_delimited')"
                    db.execute(f"copy (select * from {source}) to '{folder / name}.parquet' (format parquet)")
                lines.unlink()


def landed(folder: Path, stream: str) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((folder / stream).rglob("*.jsonl")) for line in file.read_text().splitlines()]


class Killed(Exception):
    """Stands for a kill: nothing after it is written."""


@pytest.mark.parametrize("seed", range(CASES))
def test_random_tables_land_as_another_reading_of_them_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = Random(seed)
    tables, reading = Tables(rng, 400 if NIGHTLY else 150), Reading()
    settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
    write_whole = ingestion._write

    def once() -> None:
        ingest(sources()["twilio-fivetran"], str(tmp_path / "tables"), None, settings, b"")

    for _ in range(STEPS):
        now = tables.advance()
        write(tmp_path / "tables", now, rng)
        if rng.random() < 0.5:
            # Killed after some of the streams were written.
            left = rng.randrange(4)

            def die(*arguments: Any) -> None:
                nonlocal left
                if left == 0:
                    raise Killed
                left -= 1
                write_whole(*arguments)

            monkeypatch.setattr(ingestion, "_write", die)
            with suppress(Killed):
                once()
            monkeypatch.setattr(ingestion, "_write", write_whole)
        once()
        reading.step(now)

    answers = 0
    events = landed(tmp_path / "landing", "message_events") + landed(tmp_path / "landing", "call_events")
    found = {(row["account_id"], row["event_id"]): row for row in events}
    assert len(found) == len(events), "an event has landed twice"
    assert found.keys() == reading.events.keys()
    for key, expected in reading.events.items():
        for name, value in expected.items():
            was = found[key][name] if name != "body" else found[key][name] or None
            was = moment(was).astimezone(UTC) if name == "occurred_at" else was
            assert was == value, (key, name, was, value)
            answers += 1
    settled = {(row["account_id"], row["message_id"]): row for row in landed(tmp_path / "landing", "message_attributes")}
    sent = {(row["account_id"], row["message_id"]): row["segments"] for row in events if row.get("message_id")}
    for key, values in reading.settled.items():
        row = settled.get(key, {})
        for name, (_, value) in values.items():
            was = row.get(name) if name == "price" else row.get(name) or sent.get(key)
            assert (was and Decimal(was)) == value, (key, name, was, value)
            answers += 1
    print(f"{answers} answers compared")
    assert answers > 1_500
