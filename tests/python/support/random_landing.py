"""Random landing zones with everything that goes wrong in real ones, small enough for every combination to occur.

Ids, times and texts come from small pools, so that ties, shared campaigns, repeated messages, midnights and clock changes
are the rule and not the exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from oracle import EVENT_TYPES, LandedRow

# The clocks of New York and of Berlin change within these days, at different ones.
FIRST_DAY = date(2026, 10, 23)
DAYS = 12

TIMEZONES = [
    "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/St_Johns", "UTC",
    None, "Mars/Base", " Asia/Kathmandu ", "PST", "america/new_york",
]  # fmt: skip

BODIES = [
    None, "", "  ", "Hello", "Yes please", "STOP", " stop. ", "Stop all", "please REMOVE ME now", "don’t text me", "do not  contact",
    "ARRE\u0302T", "st\u00adop\u200b", "Don´t message me!", "dont contact", "ʼstopʼ", "stop it", "remove", "\ufeffSTOP",
    "no\u00a0more texts", "stop\ufffd", "START", " unstop!", "start now",
    "nonstop", "I will not stop", "quit", "quitting", "opt-out", "optout!", "Take me off", "unsubscribe me", "end", "The end", "cancel it",
    "x" * 160, "x" * 161, "x" * 306, "x" * 307, "€" * 80, "x" * 159 + "€", "x" * 152 + "€" + "x" * 152, "é^" * 90,
    "ж" * 70, "ж" * 71, "ж" * 134, "ж" * 135, "😀" * 35, "😀" * 36, "ж" * 66 + "😀" + "ж" * 66, "ж" + "😀" * 66, "ç" * 71, "line\nbreak\r",
]  # fmt: skip


CAMPAIGN_TYPES = ["standard", "Keyword ", None, "drip"]


@dataclass(frozen=True)
class RandomLanding:
    """Rows in the order of their delivery, and what to ask the warehouse about them."""

    rows: list[LandedRow]
    accounts: list[str]


def random_landing(rng: Random, *, accounts: int, events_per_account: int = 60) -> RandomLanding:
    """A landing zone.

    Args:
        rng: the source of all chance.
        accounts: accounts with events; some never arrive, some arrive late, some are each other's parents.
        events_per_account: about how many events each has.
    """
    account_ids = [f"a{n}" for n in range(accounts)]
    rows = [row for n, account in enumerate(account_ids) for row in _account_rows(rng, account, account_ids)]
    for account in account_ids:
        rows += _entities(rng, account)
        if rng.random() < 0.3:
            forgotten = {"account_id": account, "contact_id": _blanked(rng, f"p{rng.randrange(4)}")}
            rows.append(LandedRow("forgotten_contacts", _day(rng), forgotten))
        rows += _attributes(rng, account)
        for _ in range(rng.randint(events_per_account // 2, events_per_account * 3 // 2)):
            rows += _event(rng, account)
    rows.append(LandedRow("accounts", _day(rng), {"account_id": " ", "account_name": "of nobody"}))
    rng.shuffle(rows)
    rows.sort(key=lambda row: row.ingest_date)
    return RandomLanding(rows, account_ids)


def _day(rng: Random) -> date:
    return FIRST_DAY + timedelta(days=rng.randrange(DAYS))


def _moment(rng: Random) -> datetime:
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=rng.randrange(DAYS))
    return midnight + rng.choice([
        timedelta(hours=rng.randrange(24)), timedelta(minutes=15 * rng.randrange(96)),
        timedelta(seconds=rng.randrange(86400)), timedelta(milliseconds=rng.randrange(86_400_000)),
    ])  # fmt: skip


def _written(rng: Random, moment: datetime) -> str:
    zone = rng.choice(["Z", "+00:00", "", "+05:30", "-03:00"])
    shifted = moment + {"+05:30": timedelta(hours=5, minutes=30), "-03:00": timedelta(hours=-3)}.get(zone, timedelta())
    text = shifted.replace(tzinfo=None).isoformat(sep=rng.choice("T "), timespec=rng.choice(["auto", "microseconds"]))
    return rng.choice(["", " "]) + text + zone


def _blanked(rng: Random, value: Any) -> Any:
    return rng.choice([f" {value}", f"{value}  ", f"\t{value}\n"]) if isinstance(value, str) and rng.random() < 0.05 else value


def _account_rows(rng: Random, account: str, all_accounts: list[str]) -> list[LandedRow]:
    if rng.random() < 0.1:
        return []
    rows = []
    # The name tells versions apart; versions of the same time and day must not differ, since nothing rules which one holds.
    versions = {(_moment(rng), _day(rng)) for _ in range(rng.choice([1, 1, 2, 3]))}
    for version, (updated_at, day) in enumerate(sorted(versions)):
        rows.append(LandedRow("accounts", day, {
            "account_id": _blanked(rng, account), "account_name": f"{account} v{version}", "timezone": rng.choice(TIMEZONES),
            "parent_account_id": rng.choice([None, "nobody", account, *rng.sample(all_accounts, min(6, len(all_accounts)))]),
            "created_at": _written(rng, updated_at), "updated_at": _written(rng, updated_at),
        }))  # fmt: skip
    return rows


def _entities(rng: Random, account: str) -> list[LandedRow]:
    rows = []

    def add(stream: str, id_column: str, key: str, **values: Any) -> None:
        for updated_at, day in {(_moment(rng), _day(rng)) for _ in range(rng.choice([0, 1, 1, 2]))}:
            row = {id_column: rng.choice([key] * 30 + [None]), "account_id": account, "updated_at": _written(rng, updated_at)}
            rows.append(LandedRow(stream, day, row | {"created_at": _written(rng, _moment(rng))} | values))

    for n in range(3):
        add("campaigns", "campaign_id", f"c{n}", campaign_name=f"{account} {n}", campaign_type=rng.choice(CAMPAIGN_TYPES))
        add("message_templates", "template_id", f"t{n}", template_name=f"T{n}", body=rng.choice(BODIES))
    for n in range(2):
        add("labels", "label_id", f"l{n}", label_name=f"L{n}")
        add("users", "user_id", f"u{n}{account}", email=f" User{n}@{account}.Example ")
    return rows


def _attributes(rng: Random, account: str) -> list[LandedRow]:
    rows = []
    # Versions of the same time and day must not differ, since nothing rules which one holds.
    for moment, day in {(_moment(rng), _day(rng)) for _ in range(rng.choice([0, 3, 12]))}:
        known: dict[str, Any] = {
            "account_id": _blanked(rng, account), "campaign_id": rng.choice([None, None, "c0", "c2"]), "user_id": rng.choice([None, "u2"]),
            "price": rng.choice([None, "0.05", "none"]), "updated_at": _written(rng, moment),
        }  # fmt: skip
        if rng.random() < 0.7:
            known |= {
                "message_id": rng.choice([*(f"m{n}" for n in range(14)), None, "m_unknown"]), "template_id": rng.choice([None, "t1"]),
                "origin": rng.choice([None, None, "campaign", "Manual", "robot"]), "segments": rng.choice([None, None, "2", "0", "many"]),
            }  # fmt: skip
            rows.append(LandedRow("message_attributes", day, known))
        else:
            known |= {"call_id": f"k{rng.randrange(6)}", "outcome": rng.choice([None, "Lead", "No answer"])}
            rows.append(LandedRow("call_attributes", day, known))
    return rows


def _event(rng: Random, account: str) -> list[LandedRow]:
    stream = rng.choices(list(EVENT_TYPES), [6, 2, 2])[0]
    moment = _moment(rng)
    event: dict[str, Any] = {
        "event_id": f"e{rng.randrange(10**6)}",
        "event_type": rng.choice([str, str, str.upper, str.title])(rng.choice(sorted(EVENT_TYPES[stream]))),
        "account_id": account,
        "contact_id": f"p{rng.randrange(4)}",
        "occurred_at": _written(rng, moment),
        "campaign_id": rng.choice([None, "c0", "c0", "c1", "c2", "c_unknown"]),
    }
    if stream == "message_events":
        event |= {
            "message_id": f"m{rng.randrange(14)}",
            "template_id": rng.choice([None, "t0", "t1", "t2"]),
            "origin": rng.choice([None, "campaign", "campaign", "manual", "MANUAL", "bot"]),
            "channel": rng.choice([None, "sms", "sms", "mms", "Mms", "rcs"]),
            "account_number": rng.choice([None, "+1555", "+1556"]),
            "body": rng.choice(BODIES),
            "segments": rng.choice([None, None, None, "1", 2, " 3 ", "0", "-1", "two", "2.5", "4.0"]),
            "provider": rng.choice([None, "twilio", "telnyx", "TWILIO"]),
            "error_code": rng.choice([None, "30007", "30003", 40002, "30007.0", "30007."]),
            "user_id": rng.choice([None, None, "u0", "u1"]),
            "price": rng.choice([None, None, "-0.00790", "0.007900000", 1, "1e-3", "free", ".5"]),
        }
    elif stream == "contact_events":
        event |= {"template_id": rng.choice([None, "t0", "t1"]), "label_id": rng.choice([None, "l0", "l1", "l_unknown"])}
    else:
        event |= {
            "call_id": f"k{rng.randrange(6)}",
            "direction": rng.choice([None, "outbound", "Outbound-API", "outbound_dial", "inbound", "INBOUND", "outbounds", "transfer"]),
            "answered_by": rng.choice([None, "human", "Human", "machine", "machine_start", "Fax", "unknown"]),
            "user_id": rng.choice([None, "u0", "u1"]),
            "price": rng.choice([None, None, "-0.013", "0.02"]),
            "duration_seconds": rng.choice([None, None, "0", "89", "90", 91, "91.0", "400", "-5", "long", "90.5"]),
            "outcome": rng.choice([None, "Lead", "Deal closed", "No answer", " Lead "]),
        }
    if rng.random() < 0.06:
        event = _broken(rng, stream, event)
    event = {name: _blanked(rng, value) if name != "body" else value for name, value in event.items()}
    if rng.random() < 0.2:
        event = {name: value for name, value in event.items() if value is not None}
    if rng.random() < 0.1:
        event["carrier_name"] = "unknown to the contract"
    first_day = max(FIRST_DAY, moment.date())
    deliveries = [LandedRow(stream, first_day + timedelta(days=rng.choice([0, 0, 0, 1, 2])), event)]
    while rng.random() < 0.15:
        deliveries.append(_again(rng, deliveries[-1], moment))
    return deliveries


def _broken(rng: Random, stream: str, event: dict[str, Any]) -> dict[str, Any]:
    own_ids = [name for name in ("message_id", "call_id") if name in event]
    ways = [{name: value} for name in ["event_id", "account_id", "contact_id", *own_ids] for value in (None, " ")]
    ways += [{"event_type": t} for t in ("opened", None, "queued")] + [{"account_id": "a_unknown"}]
    ways += [{"occurred_at": t} for t in (None, "", "yesterday", "2026-02-30T00:00:00Z", "1730462709", "infinity", "epoch")]
    ways += [{"occurred_at": t} for t in ("2087-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31")]
    ways += [{"occurred_at": f"2026-10-25T10:00:00{offset}"} for offset in ("+18:01", "+99:00")]
    return event | rng.choice(ways) | (rng.choice(ways) if rng.random() < 0.3 else {})


def _again(rng: Random, row: LandedRow, moment: datetime) -> LandedRow:
    """The same event once more: the same content, or another content at another time or on another day."""
    if rng.random() < 0.6:
        return LandedRow(row.stream, row.ingest_date + timedelta(days=rng.choice([0, 1])), row.values)
    other_type = rng.choice(sorted(EVENT_TYPES[row.stream]))
    moved = _written(rng, moment + timedelta(microseconds=rng.randrange(1, 10**9)))
    return LandedRow(row.stream, row.ingest_date, row.values | {"occurred_at": moved, "event_type": other_type})
