"""An independent reading of raw tables: in Python, row by row, and without any of the mapping's code.

Raw tables are Fivetran's, as random snapshots that evolve: statuses settle, prices come, rows are repeated, deleted and hidden.
"""

from __future__ import annotations

import csv
import hmac
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from random import Random
from typing import Any

Row = dict[str, str | None]

CODES = set()
with open(Path(__file__).parents[3] / "seeds/carrier_block_codes.csv") as _seed:
    CODES = {row["error_code"] for row in csv.DictReader(_seed) if row["provider"] == "twilio"}

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWN = {"AC1": ["+15550100000", "+15550100009"], "AC2": ["+15550110000"]}
CONTACTS = [
    "+15550200001", "+1 (555) 020-0002", "whatsapp:+15550200003", "15550200004.0", "Client:ann", "sip:Bob@example.com", "+15550100009",
]  # fmt: skip
DIRECTIONS = ["inbound", "outbound-api", "outbound-api", "Outbound-API", "outbound-call", "outbound-reply", "outbound", "sideways"]
ENDS = ["delivered", "undelivered", "failed", "read", "sent", "canceled", "odd", "partially_delivered"]
CALL_STATUSES = [["queued", "ringing", "completed"], ["in-progress", "completed"], ["busy"], ["no-answer"]]
MESSAGE_DIRECTIONS = {direction.lower() for direction in DIRECTIONS} - {"sideways"}


# -- random tables


def _written(rng: Random, moment: datetime | None) -> str | None:
    if moment is None:
        return rng.choice([None, "", "soon"])
    style = rng.randrange(4)
    if style == 0:
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    if style == 1:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == 2:
        return format_datetime(moment)
    return (moment + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")


class Tables:
    """Messages and calls of two accounts that go on from step to step.

    Args:
        rng: decides all of it.
        messages: how many of them, and of calls half as many.
    """

    def __init__(self, rng: Random, messages: int) -> None:
        self.rng, self.step = rng, 0
        self.old: dict[str, list[Row]] = {"message": [], "call": []}
        self.lives = [self._message(n) for n in range(messages)] + [self._call(n) for n in range(messages // 2)]

    def _message(self, n: int) -> dict[str, Any]:
        rng = self.rng
        account = rng.choice(["AC1", "AC2"])
        direction = rng.choice(DIRECTIONS)
        ends = ["received"] if direction == "inbound" else ENDS
        statuses = (["receiving"] if direction == "inbound" else ["queued", "sending", "sent"])[rng.randrange(2) :] + [rng.choice(ends)]
        sent = NOON + timedelta(minutes=rng.randrange(2000))
        own, contact = rng.choice(OWN[account]), rng.choice(CONTACTS)
        return {
            "table": "message", "statuses": statuses, "born": rng.randrange(3), "sent": sent,
            "row": {
                "id": f"SM{n}", "account_id": account, "created_at": _written(rng, sent - timedelta(seconds=5)),
                "date_sent": _written(rng, sent if rng.random() < 0.8 else None), "direction": direction,
                "from": contact if direction == "inbound" else own, "to": own if direction == "inbound" else contact,
                "body": rng.choice(["Hi", "", "stop", "Ünï “quoted”, with\nlines", None]),
                "error_code": rng.choice([None, "30007", "30007.0", "21610", "30003"]), "num_media": rng.choice([None, "0", "1", "2.0"]),
                "messaging_service_sid": rng.choice([None, "MG1", "MG2"]),
            },
        }  # fmt: skip

    def _call(self, n: int) -> dict[str, Any]:
        rng = self.rng
        account, start = rng.choice(["AC1", "AC2"]), NOON + timedelta(minutes=rng.randrange(2000))
        direction = rng.choice(["inbound", "trunking-originating", "outbound-api", "outbound-dial", "trunking-terminating", "elsewhere"])
        is_in = direction in ("inbound", "trunking-originating")
        own, contact = rng.choice(OWN[account]), rng.choice(CONTACTS)
        return {
            "table": "call", "statuses": rng.choice(CALL_STATUSES), "born": rng.randrange(3), "sent": start,
            "row": {
                "id": f"CA{n}", "account_id": account, "created_at": _written(rng, start - timedelta(seconds=2)),
                "start_time": _written(rng, start if rng.random() < 0.8 else None),
                "end_time": _written(rng, start + timedelta(minutes=3) if rng.random() < 0.8 else None), "direction": direction,
                "from": contact if is_in else own, "to": own if is_in else contact,
                "answered_by": rng.choice([None, "human", "Human", "machine_start", "fax", "unknown"]),
                "duration": rng.choice([None, "180", "180.0", "soon"]),
                "parent_call_id": rng.choice([None, None, f"CA{rng.randrange(10)}"]),
            },
        }  # fmt: skip

    def advance(self) -> dict[str, list[Row]]:
        """The tables after one more step."""
        self.step += 1
        rng = self.rng
        now: dict[str, list[Row]] = {"message": [], "call": []}
        for life in self.lives:
            age = self.step - 1 - life["born"]
            if age < 0:
                continue
            status = life["statuses"][min(age, len(life["statuses"]) - 1)]
            settled = age > 1 or rng.random() < 0.5
            updated = life["sent"] + timedelta(minutes=age + 1)
            row = life["row"] | {
                "status": status, "updated_at": _written(rng, updated if rng.random() < 0.9 else None),
                "price": rng.choice(["-0.00790", "0.0079", "-0.0158"]) if settled else None,
                "_fivetran_synced": (NOON + timedelta(days=3 + self.step)).strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
                "_fivetran_deleted": "true" if life["row"]["id"].endswith("7") and rng.random() < 0.2 else rng.choice(["false", None]),
            }  # fmt: skip
            if life["table"] == "message":
                row |= {"num_segments": rng.choice(["1", "2", "2.0"]) if settled else "0"}
                if age > 2 and "555020" in re.sub(r"\D", "", row["to"] or ""):
                    row["to"] = "+1555020XXXX"
            now[life["table"]].append(row)
        tables = {name: rows + [row for row in self.old[name] if rng.random() < 0.1] for name, rows in now.items()}
        for name, rows in now.items():
            rng.shuffle(tables[name])
            self.old[name] = rows
        return tables


# -- what they mean


def moment(text: str | None) -> datetime | None:
    """A time in any of the ways in which tables have it, UTC."""
    if not text or not text.strip():
        return None
    text = text.strip()
    try:
        if text[0].isalpha():
            return parsedate_to_datetime(text).astimezone(UTC)
        at = datetime.fromisoformat(text.removesuffix(" UTC").replace("Z", "+00:00"))
    except (ValueError, TypeError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def normal(address: str | None) -> str | None:
    """An address in its normal form."""
    if not address:
        return None
    text = re.sub(r"^(\d+)\.0+$", r"\1", address.strip())
    text = re.sub(r"^[A-Za-z]+:", "", text)
    digits = re.sub(r"[\s+().-]", "", text)
    return f"+{digits}" if digits.isdigit() else text.lower()


def identified(address: str | None) -> str:
    return hmac.new(b"", (normal(address) or "").encode(), "sha256").hexdigest()[:32]


def number(text: str | None) -> int | None:
    return int(float(text)) if text and re.fullmatch(r"\d+(\.0+)?", text) else None


class Reading:
    """What has landed after some steps, each an ingestion of whole tables."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.contacts: dict[tuple[str, str], str] = {}
        self.inbound_calls: set[tuple[str, str]] = set()
        self.settled: dict[tuple[str, str], dict[str, tuple[datetime, Any]]] = {}

    def step(self, tables: dict[str, list[Row]]) -> None:
        """Reads the tables as they are now."""
        self.inbound_calls |= {
            (row["account_id"], row["id"]) for row in tables["call"] if row["direction"] in ("inbound", "trunking-originating")
        }
        for table, tell in (("message", self._message), ("call", self._call)):
            told: dict[tuple[str, str], list[tuple]] = {}
            for row in tables[table]:
                for kind, at, values in tell(row):
                    telling = (at, moment(row["_fivetran_synced"]), row, values)
                    told.setdefault((row["account_id"], f"{row['id']}:{kind}"), []).append(telling)
            self._identify(told)
            for key, tellings in told.items():
                if key not in self.events:
                    at, _, row, values = min(tellings, key=lambda telling: telling[:2])
                    self.events[key] = {"occurred_at": at, "contact_id": self.contacts[key[0], row["id"]], **values}

    def _identify(self, told: dict[tuple[str, str], list[tuple]]) -> None:
        of_row: dict[tuple[str, str], list[tuple]] = {}
        for (account, _), tellings in told.items():
            for _, synced, row, _ in tellings:
                side = row["from"] if row["direction"] in ("inbound", "trunking-originating") else row["to"]
                of_row.setdefault((account, row["id"]), []).append(("xxx" in (normal(side) or ""), synced, normal(side)))
        for key, sides in of_row.items():
            self.contacts.setdefault(key, identified(min(sides)[2]))

    def _sides(self, row: Row, *, is_in: bool) -> tuple[str | None, str | None]:
        contact, own = (row["from"], row["to"]) if is_in else (row["to"], row["from"])
        return contact, own

    def _is_own(self, account: str, address: str | None) -> bool:
        return normal(address) in OWN[account]

    def _message(self, row: Row) -> list[tuple[str, datetime, dict[str, Any]]]:
        direction, status = row["direction"].lower(), row["status"]
        known = {"inbound": ["received"], "outbound": ["sent", "delivered", "read", "partially_delivered", "undelivered", "failed"]}
        if row["_fivetran_deleted"] == "true" or direction not in MESSAGE_DIRECTIONS:
            return []
        contact, own = self._sides(row, is_in=direction == "inbound")
        if normal(contact) != normal(own) and self._is_own(row["account_id"], contact) and self._is_own(row["account_id"], own):
            return []
        if status not in known["inbound" if direction == "inbound" else "outbound"]:
            return []
        code = re.sub(r"\.0+$", "", row["error_code"] or "")
        if status == "failed" and code not in CODES:
            return []
        kinds = ["received"] if direction == "inbound" else ["sent"]
        kinds += {"delivered": ["delivered"], "read": ["delivered"], "partially_delivered": ["delivered"]}.get(status, [])
        kinds += ["undelivered"] if status in ("undelivered", "failed") else []
        is_automatic = direction in ("outbound-reply", "outbound-call")
        service = row["messaging_service_sid"]
        common = {
            "account_number": normal(own), "channel": "mms" if (number(row["num_media"]) or 0) > 0 else "sms",
            "campaign_id": None if is_automatic else service,
            "origin": "campaign" if is_automatic or service else "manual",
        }  # fmt: skip
        seen = self.settled.setdefault((row["account_id"], row["id"]), {})
        synced = moment(row["_fivetran_synced"])
        for name, value in (("segments", number(row["num_segments"]) or None), ("price", row["price"] and abs(Decimal(row["price"])))):
            if value is not None and (name not in seen or synced > seen[name][0]):
                seen[name] = (synced, value)
        found = []
        for kind in kinds:
            times = [row["date_sent"], row["created_at"], row["updated_at"]]
            at = next(filter(None, map(moment, [row["updated_at"], *times] if kind in ("delivered", "undelivered") else times)))
            body = row["body"] if kind in ("sent", "received") else None
            found.append((kind, at, common | {"body": body or None, "error_code": code or None if kind == "undelivered" else None}))
        return found

    def _call(self, row: Row) -> list[tuple[str, datetime, dict[str, Any]]]:
        is_in = row["direction"] in ("inbound", "trunking-originating")
        if row["_fivetran_deleted"] == "true" or row["direction"] == "elsewhere" or row["status"] == "queued":
            return []
        contact, own = self._sides(row, is_in=is_in)
        if re.match(r"(client|sip):", contact, re.I) or (normal(contact) != normal(own) and self._is_own(row["account_id"], contact)):
            return []
        if (row["account_id"], row["parent_call_id"]) in self.inbound_calls:
            return []
        begin = [row["start_time"], row["created_at"], row["updated_at"]]
        common = {"direction": "inbound" if is_in else "outbound", "answered_by": None, "duration_seconds": None}
        found = [("dialed", begin, common)]
        if row["status"] == "completed":
            by = (row["answered_by"] or "").lower()
            by = "machine" if by.startswith("machine") or by == "fax" else "human" if by == "human" else None
            found.append(("answered", begin, common | {"answered_by": by}))
            found.append(("ended", [row["end_time"], *begin], common | {"duration_seconds": number(row["duration"])}))
        return [(kind, next(filter(None, map(moment, times))), values) for kind, times, values in found]
