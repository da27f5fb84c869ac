"""Fivetran's raw rows, one per table, and the landing rows they become."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

MESSAGE = {
    "id": "SM1", "account_id": "AC1", "created_at": "2026-11-20 10:00:00.000000 UTC", "date_sent": "2026-11-20 10:00:05.000000 UTC",
    "updated_at": "2026-11-20 10:01:00.000000 UTC", "direction": "outbound-api", "from": "15550100000", "to": "+1 (555) 020-0001",
    "body": "Hi",
    "error_code": None, "num_media": "0", "num_segments": "1", "messaging_service_sid": "MG1", "price": "-0.00790", "status": "delivered",
    "_fivetran_synced": "2026-11-20 11:00:00.000000 UTC",
}  # fmt: skip
CALL = {
    "id": "CA1", "account_id": "AC1", "created_at": "2026-11-20 10:00:00 UTC", "start_time": "2026-11-20 10:00:01 UTC",
    "end_time": "2026-11-20 10:03:01 UTC", "updated_at": "2026-11-20 10:03:01 UTC", "direction": "outbound-dial", "from": "+15550100000",
    "to": "+15550200001", "status": "completed", "answered_by": "human", "duration": "180", "parent_call_id": None, "price": None,
    "_fivetran_synced": "2026-11-20 11:00:00 UTC",
}  # fmt: skip
ACCOUNT = {
    "id": "AC1", "friendly_name": "One", "owner_account_id": "AC1", "created_at": "2026-01-01 00:00:00 UTC",
    "updated_at": "2026-01-01 00:00:00 UTC",
}  # fmt: skip


COLUMNS = {"message": MESSAGE, "call": CALL, "account_history": ACCOUNT, "incoming_phone_number": ["account_id", "phone_number"]}


def written_as_csv(folder: Path, **tables: Iterable[dict]) -> None:
    """Fivetran's tables as files, with all of their columns."""
    for name, rows in tables.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, [*COLUMNS[name]])
            writer.writeheader()
            writer.writerows(rows)


def landed(tmp_path: Path, stream: str) -> list[dict]:
    files = sorted((tmp_path / "landing" / stream).rglob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
