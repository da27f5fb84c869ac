"""A second implementation of the rules in plain Python: no SQL, no tables, every answer counted afresh from the landed rows.

It follows the definitions of the KPIs, not the models, and is as slow and simple as possible. The warehouse must agree with it in
every column of every report.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

PROJECT = Path(__file__).parents[3]

EVENT_TYPES = {
    "message_events": {"sent", "delivered", "carrier_blocked", "undelivered", "received"},
    "contact_events": {"opted_out", "opted_in", "ai_filtered", "label_added", "lead_created"},
    "call_events": {"dialed", "answered", "ended", "outcome_recorded"},
}
OWN_ID = {"message_events": "message_id", "call_events": "call_id"}
ENTITY_ID = {
    "accounts": ("account_id",),
    "users": ("user_id",),
    "campaigns": ("account_id", "campaign_id"),
    "message_templates": ("account_id", "template_id"),
    "labels": ("account_id", "label_id"),
}

VOCABULARIES = {
    "origin": {"campaign", "manual"},
    "channel": {"sms", "mms"},
    "direction": {"outbound", "inbound"},
    "answered_by": {"human", "machine"},
    "campaign_type": {"standard", "keyword"},
}

GSM_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = set("\f^{}\\[~]|€")


@dataclass(frozen=True)
class LandedRow:
    """One row of the landing zone as it was delivered."""

    stream: str
    ingest_date: date
    values: dict[str, Any]


@dataclass
class Message:
    """A message, put together from all of its events."""

    account: str
    contact: str
    message_id: str
    is_outbound: bool
    at: datetime
    campaign: str | None
    template: str | None
    origin: str
    account_number: str | None
    segments: int
    status: str
    body: str | None
    is_campaign_message: bool
    user: str | None
    price: Decimal | None
    is_first: bool = False
    step: int | None = None


@dataclass
class ContactEvent:
    """An opt-out, AI filtering, label or lead, with what it is attributed to."""

    kind: str
    account: str
    contact: str
    event_id: str
    at: datetime
    campaign: str | None
    template: str | None
    label: str | None = None
    is_first: bool = False
    step: int | None = None


@dataclass(frozen=True)
class Response:
    """A wait that was answered."""

    account: str
    started: datetime
    answered: datetime
    user: str | None

    @property
    def seconds(self) -> float:
        return (self.answered - self.started).total_seconds()


@dataclass
class Call:
    """A call, put together from all of its events."""

    account: str
    contact: str
    call_id: str
    at: datetime
    campaign: str | None
    direction: str
    is_answered: bool
    talk_seconds: int | None
    outcomes: set[str]
    user: str | None
    price: Decimal | None


def text(value: Any) -> str | None:
    """Text without blanks around it; nothing but blanks is None."""
    return None if value is None else str(value).strip() or None


def timestamp(value: Any) -> datetime | None:
    """An ISO 8601 text; one without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text(value) or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if abs(moment.utcoffset()) <= timedelta(hours=18) else None


def word(column: str, value: Any) -> str | None:
    """The vocabulary word that a landed value means."""
    found = (text(value) or "").lower()
    if column == "direction":
        found = re.match("[a-z]*", found)[0]
    if column == "answered_by" and (found.startswith("machine") or found == "fax"):
        return "machine"
    return found if found in VOCABULARIES[column] else None


def price(value: Any) -> Decimal | None:
    """An amount without its sign."""
    return abs(Decimal(text(value))) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text(value) or "") else None


def whole_number(value: Any) -> int | None:
    return int(float(value)) if re.fullmatch(r"\+?[0-9]+(\.0*)?", text(value) or "") else None


def segments_of(body: str | None) -> int:
    """Segments by filling one after the other, character by character."""
    if not body:
        return 1
    if all(c in GSM_BASIC or c in GSM_EXTENSION for c in body):
        widths, single, multiple = [2 if c in GSM_EXTENSION else 1 for c in body], 160, 153
    else:
        widths, single, multiple = [len(c.encode("utf-16-le")) // 2 for c in body], 70, 67
    if sum(widths) <= single:
        return 1
    segments, room = 1, multiple
    for width in widths:
        if width > room:
            segments, room = segments + 1, multiple
        room -= width
    return segments


def _seed(name: str, seeds: Path) -> list[dict[str, str]]:
    with open(seeds / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Oracle:
    """Answers every report from the landed rows.

    Args:
        landed: all rows of the landing zone; broken lines are no rows.
        seeds: folder of the reference data.
    """

    def __init__(self, landed: Iterable[LandedRow], seeds: Path = PROJECT / "seeds"):
        self.phrases = _seed("opt_out_phrases", seeds)
        self.settings = {r["account_id"]: r for r in _seed("account_settings", seeds)}
        self.block_codes = {(r["provider"], r["error_code"]) for r in _seed("carrier_block_codes", seeds)}
        self.business_hours = _seed("business_hours", seeds)
        outcomes = _seed("call_outcomes", seeds)
        self.lead_outcomes = {r["outcome"] for r in outcomes if r["is_lead"] == "true"}
        self.deal_outcomes = {r["outcome"] for r in outcomes if r["is_deal"] == "true"}

        rows = defaultdict(list)
        for row in landed:
            rows[row.stream].append(row)
        self.entities = {stream: self._latest_versions(stream, rows[stream]) for stream in ENTITY_ID}
        self.accounts = {key[0]: values for key, values in self.entities["accounts"].items()}
        self.attributes = {
            "message_attributes": self._attributes(rows["message_attributes"], "message_id"),
            "call_attributes": self._attributes(rows["call_attributes"], "call_id"),
        }

        self.forgotten = {(text(r.values.get("account_id")), text(r.values.get("contact_id"))) for r in rows["forgotten_contacts"]}
        self.accounting: dict[str, dict[str, int]] = {}
        self.rejects: dict[str, dict[str, int]] = {}
        accepted = {stream: self._accept(stream, rows[stream]) for stream in EVENT_TYPES}

        messages = self._messages(accepted["message_events"])
        self.outbound = [m for m in messages if m.is_outbound]
        self.inbound = [m for m in messages if not m.is_outbound]
        self.contact_events = self._contact_events(accepted["contact_events"])
        self.opt_ins = self._opt_ins(accepted["contact_events"])
        self._attribute()
        self._find_firsts()
        self.response_times = self._response_times()
        self.calls = self._calls(accepted["call_events"])

    # -- what comes in

    def _latest_versions(self, stream: str, rows: list[LandedRow]) -> dict[tuple, dict]:
        versions = defaultdict(list)
        for row in rows:
            key = tuple(text(row.values.get(name)) for name in ENTITY_ID[stream])
            if None not in key:
                updated_at = timestamp(row.values.get("updated_at"))
                rank = (updated_at is not None, updated_at or datetime.min.replace(tzinfo=UTC), row.ingest_date)
                versions[key].append((rank, row.values))
        return {key: max(found, key=lambda version: version[0])[1] for key, found in versions.items()}

    def _attributes(self, rows: list[LandedRow], key: str) -> dict[tuple, dict[str, Any]]:
        """Column by column, the latest row that gives a value."""
        found: dict[tuple, dict[str, Any]] = defaultdict(dict)
        earliest = datetime.min.replace(tzinfo=UTC)
        for row in sorted(rows, key=lambda r: (timestamp(r.values.get("updated_at")) or earliest, r.ingest_date)):
            for name, value in row.values.items():
                value = word(name, value) if name in VOCABULARIES else text(value)
                if value is not None:
                    found[text(row.values.get("account_id")), text(row.values.get(key))][name] = value
        return found

    def _accept(self, stream: str, rows: list[LandedRow]) -> list[dict]:
        rejects: dict[str, int] = defaultdict(int)
        forgotten = 0
        events: dict[tuple, list[tuple]] = defaultdict(list)
        for row in rows:
            reason = self._reject_reason(stream, row)
            contact = text(row.values.get("account_id")), text(row.values.get("contact_id"))
            if reason in (None, "unknown_account") and contact in self.forgotten:
                forgotten += 1
                continue
            if reason:
                rejects[reason] += 1
                continue
            event = {name: value if name == "body" else text(value) for name, value in row.values.items()}
            event |= {name: word(name, event[name]) for name in VOCABULARIES if name in event}
            event["event_type"] = event["event_type"].lower()
            event["at"] = timestamp(row.values["occurred_at"])
            events[event["account_id"], event["contact_id"], event["event_id"]].append((row.ingest_date, event["at"], event))
        accepted = [min(versions, key=lambda version: version[:2])[2] for versions in events.values()]
        self.rejects[stream] = dict(rejects)
        self.accounting[stream] = {
            "landed_rows": len(rows),
            "accepted_rows": len(accepted),
            "duplicate_rows": sum(map(len, events.values())) - len(accepted),
            "rejected_rows": sum(rejects.values()),
            "forgotten_rows": forgotten,
        }
        return accepted

    def _reject_reason(self, stream: str, row: LandedRow) -> str | None:
        values = row.values
        required = ["event_id", "account_id", "contact_id", *([OWN_ID[stream]] if stream in OWN_ID else [])]
        for name in required:
            if text(values.get(name)) is None:
                return f"missing_{name}"
        if (text(values.get("event_type")) or "").lower() not in EVENT_TYPES[stream]:
            return "unknown_event_type"
        moment = timestamp(values.get("occurred_at"))
        if moment is None:
            return "invalid_occurred_at"
        if not datetime(1970, 1, 1, tzinfo=UTC) <= moment or moment.date() > row.ingest_date + timedelta(days=7):
            return "implausible_occurred_at"
        return None if text(values["account_id"]) in self.accounts else "unknown_account"

    # -- messages

    def _messages(self, events: list[dict]) -> list[Message]:
        by_message = defaultdict(list)
        for event in events:
            by_message[event["account_id"], event["contact_id"], event["message_id"]].append(event)
        return [self._message(*key, found) for key, found in by_message.items()]

    def _message(self, account: str, contact: str, message_id: str, events: list[dict]) -> Message:
        events = sorted(events, key=lambda e: (e["event_type"] != "sent", e["at"], e["event_id"]))

        known = self.attributes["message_attributes"].get((account, message_id), {})

        def attribute(name: str) -> Any:
            return known.get(name) or next((e[name] for e in events if e.get(name) is not None), None)

        sent = [e["at"] for e in events if e["event_type"] == "sent"]
        types = {e["event_type"] for e in events}
        blocked_by_code = any(
            e["event_type"] == "undelivered"
            and ((e.get("provider") or "").lower(), re.sub(r"^(\d+)\.0*$", r"\1", e.get("error_code") or "")) in self.block_codes
            for e in events
        )
        status = (
            "delivered" if "delivered" in types
            else "carrier_blocked" if "carrier_blocked" in types or blocked_by_code
            else "undelivered" if "undelivered" in types
            else "sent"
        )  # fmt: skip
        is_outbound = types != {"received"}
        origin = attribute("origin") or "campaign"
        given = whole_number(attribute("segments"))
        segments = given if given else 1 if attribute("channel") == "mms" else segments_of(attribute("body"))
        return Message(
            account, contact, message_id, is_outbound, min(sent or [e["at"] for e in events]), attribute("campaign_id"),
            attribute("template_id"), origin, attribute("account_number"), segments, status, attribute("body"),
            is_campaign_message=is_outbound and origin == "campaign" and attribute("campaign_id") is not None,
            user=attribute("user_id"), price=price(attribute("price")),
        )  # fmt: skip

    def _opt_ins(self, events: list[dict]) -> dict[tuple[str, str], list[datetime]]:
        found = defaultdict(list)
        for event in events:
            if event["event_type"] == "opted_in":
                found[event["account_id"], event["contact_id"]].append(event["at"])
        for message in self.inbound:
            if message.body is not None and normal_text(message.body) in ("start", "unstop"):
                found[message.account, message.contact].append(message.at)
        return found

    def _contact_events(self, events: list[dict]) -> list[ContactEvent]:
        return [
            ContactEvent(
                e["event_type"],
                e["account_id"],
                e["contact_id"],
                e["event_id"],
                e["at"],
                e.get("campaign_id"),
                e.get("template_id"),
                e.get("label_id"),
            )
            for e in events
            # It affects what may be sent from now on, but counts in no KPI.
            if e["event_type"] != "opted_in"
        ]

    def _attribute(self) -> None:
        touches = defaultdict(list)
        for message in self.outbound:
            if message.is_campaign_message:
                touches[message.account, message.contact].append(message)
        for found in touches.values():
            found.sort(key=lambda m: (m.at, m.message_id))
            for place, message in enumerate(found):
                message.step = min(10, 1 + sum(m.campaign == message.campaign for m in found[:place]))

        def latest(row: Message | ContactEvent, campaign: str | None = None) -> Message | None:
            before = [m for m in touches[row.account, row.contact] if m.at <= row.at and campaign in (None, m.campaign)]
            return before[-1] if before else None

        for row in (*self.inbound, *self.contact_events):
            touch = latest(row, row.campaign)
            if row.campaign is None and touch:
                row.campaign = touch.campaign
            if row.template is None and touch:
                row.template = touch.template
            row.step = touch.step if touch else None
        for message in self.outbound:
            if message.origin == "manual" and message.campaign is None and (touch := latest(message)):
                message.campaign = touch.campaign

    def _find_firsts(self) -> None:
        def mark(rows: Iterable, key: Callable, order: Callable) -> None:
            groups = defaultdict(list)
            for row in rows:
                groups[key(row)].append(row)
            for group in groups.values():
                min(group, key=order).is_first = True

        def by_campaign(row: Any) -> tuple:
            return row.account, row.contact, row.campaign

        def message_order(m: Message) -> tuple:
            return m.at, m.message_id

        mark((m for m in self.outbound if m.is_campaign_message), by_campaign, message_order)
        mark((m for m in self.inbound if m.campaign is not None), by_campaign, message_order)
        leads = (e for e in self.contact_events if e.kind == "lead_created")
        mark(leads, by_campaign, lambda e: (e.at, e.event_id))

    def _response_times(self) -> list[Response]:
        threads = defaultdict(list)
        for message in (*self.inbound, *(m for m in self.outbound if m.origin == "manual")):
            threads[message.account, message.contact, message.account_number].append(message)
        answers = []
        for (account, _, _), thread in threads.items():
            waiting_since = None
            for message in sorted(thread, key=lambda m: (m.at, m.is_outbound, m.message_id)):
                if not message.is_outbound:
                    waiting_since = waiting_since or message.at
                elif waiting_since:
                    answers.append(Response(account, waiting_since, message.at, message.user))
                    waiting_since = None
        return answers

    def is_opt_out(self, body: str | None) -> bool:
        if body is None:
            return False
        normal = normal_text(body)
        phrases = [(normal_text(p["phrase"]), p["match"]) for p in self.phrases]
        return any(phrase and (normal == phrase if match == "exact" else f" {phrase} " in f" {normal} ") for phrase, match in phrases)

    # -- calls

    def _calls(self, events: list[dict]) -> list[Call]:
        by_call = defaultdict(list)
        for event in events:
            by_call[event["account_id"], event["contact_id"], event["call_id"]].append(event)
        return [self._call(*key, found) for key, found in by_call.items()]

    def _call(self, account: str, contact: str, call_id: str, events: list[dict]) -> Call:
        events = sorted(events, key=lambda e: (e["event_type"] != "dialed", e["at"], e["event_id"]))

        known = self.attributes["call_attributes"].get((account, call_id), {})

        def attribute(name: str) -> Any:
            return known.get(name) or next((e[name] for e in events if e.get(name) is not None), None)

        dialed = [e["at"] for e in events if e["event_type"] == "dialed"]
        ended = [e for e in events if e["event_type"] == "ended"]
        answered = [e["at"] for e in events if e["event_type"] == "answered" and e.get("answered_by") != "machine"]
        given = [n for n in (whole_number(e.get("duration_seconds")) for e in ended) if n is not None]
        talk = None
        if given:
            talk = given[0]
        elif answered and ended:
            talk = max(0, math.floor((ended[0]["at"] - min(answered)).total_seconds()))
        return Call(
            account, contact, call_id, min(dialed or [e["at"] for e in events]), attribute("campaign_id"),
            attribute("direction") or "outbound", bool(answered), talk,
            {e["outcome"] for e in events if e["event_type"] == "outcome_recorded" and e.get("outcome")}
            | ({known["outcome"]} if "outcome" in known else set()),
            user=attribute("user_id"), price=price(attribute("price")),
        )  # fmt: skip

    # -- reports

    def day(self, account: str, moment: datetime) -> date:
        """The calendar day that the account's clocks show."""
        return moment.astimezone(self.zone(account)).date()

    def zone(self, account: str) -> tzinfo:
        """The account's timezone; UTC where it is none."""
        landed = text(self.accounts[account].get("timezone")) if account in self.accounts else None
        name = text(self.settings.get(account, {}).get("timezone")) or landed
        return ZoneInfo(name) if name in _TIMEZONES else UTC

    def _selector(self, account: str, start: date, end: date, campaign: str | None, template: str | None) -> Callable:
        def selected(row: Any, campaign_filter: bool = True, template_filter: bool = True) -> bool:
            return (
                row.account == account
                and start <= self.day(account, row.at) <= end
                and (not campaign_filter or campaign is None or row.campaign == campaign)
                and (not template_filter or template is None or row.template == template)
            )

        return selected

    def _created_campaigns(self, account: str, start: date, end: date, campaign: str | None) -> list[tuple[str, str | None]]:
        found = []
        for (owner, campaign_id), values in self.entities["campaigns"].items():
            created_at = timestamp(values.get("created_at"))
            is_chosen = owner == account and campaign in (None, campaign_id)
            if is_chosen and created_at and start <= self.day(account, created_at) <= end:
                found.append((campaign_id, word("campaign_type", values.get("campaign_type"))))
        return found

    def messaging_report(
        self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None
    ) -> dict[str, Any]:
        selected = self._selector(account, start, end, campaign, template)
        created = self._created_campaigns(account, start, end, campaign)
        sent = [m for m in self.outbound if selected(m)]
        campaign_messages = [m for m in sent if m.is_campaign_message]
        blocked = [m for m in campaign_messages if m.status == "carrier_blocked"]
        first = [m for m in campaign_messages if m.is_first]
        delivered = [m for m in first if m.status == "delivered"]
        replies = [m for m in self.inbound if selected(m)]
        events = [e for e in self.contact_events if selected(e)]
        contacts = {m.contact for m in campaign_messages}
        opted_out = {e.contact for e in events if e.kind == "opted_out"} | {m.contact for m in replies if self.is_opt_out(m.body)}
        filtered = {e.contact for e in events if e.kind == "ai_filtered"}
        responded = {m.contact for m in replies if m.is_first}
        leads = [e for e in events if e.kind == "lead_created" and e.is_first]
        waits = [response.seconds for response in self._responses_in(account, start, end)]
        return {
            "campaigns_created": len(created),
            "standard_campaigns": sum(kind == "standard" for _, kind in created),
            "keyword_campaigns": sum(kind == "keyword" for _, kind in created),
            "sms_sent": len(sent),
            "sms_segments_sent": sum(m.segments for m in sent),
            "campaign_messages": len(campaign_messages),
            "carrier_blocked_messages": len(blocked),
            "carrier_block_rate": rate(len(blocked), len(campaign_messages)),
            "replies_received": len(replies),
            "first_messages": len(first),
            "delivered_first_messages": len(delivered),
            "delivery_rate": rate(len(delivered), len(first)),
            "contacts": len(contacts),
            "opted_out_contacts": len(opted_out),
            "opt_out_rate": rate(len(opted_out), len(contacts)),
            "ai_filtered_contacts": len(filtered),
            "ai_filtering_rate": rate(len(filtered), len(contacts)),
            "responded_contacts": len(responded),
            "reply_rate": rate(len(responded), len(contacts)),
            "median_response_seconds": median(waits) if waits else None,
            "leads": len(leads),
            "sms_to_lead_rate": rate(len(leads), len(sent)),
            "contact_to_lead_rate": rate(len(leads), len(contacts)),
            "sms_cost": (cost := total(m.price for m in sent)),
            "priced_messages": sum(m.price is not None for m in sent),
            "cost_per_reply": None if cost is None else rate(cost, len(replies)),
            "cost_per_lead": None if cost is None else rate(cost, len(leads)),
            "messages_after_opt_out": len(self.messages_after_opt_out(account, start, end, campaign, template)),
        }

    def messaging_by_day(self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None):
        return [{"date_day": d} | self.messaging_report(account, d, d, campaign, template) for d in days(start, end)]

    def messaging_by_campaign(self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None):
        selected = self._selector(account, start, end, campaign, template)
        rows = [r for r in (*self.outbound, *self.inbound, *self.contact_events) if selected(r) and _is_activity(r)]
        keys = {r.campaign for r in rows} | {c for c, _ in self._created_campaigns(account, start, end, campaign)}
        return [
            {"campaign_id": key, "campaign_name": self._name("campaigns", account, key, "campaign_name")}
            | self.messaging_report(account, start, end, key, template)
            for key in sorted(keys - {None})
        ]

    def messaging_by_template(self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None):
        selected = self._selector(account, start, end, campaign, template)
        rows = [r for r in (*self.outbound, *self.inbound, *self.contact_events) if selected(r) and _is_activity(r)]
        answers = []
        for key in sorted({r.template for r in rows} - {None}):
            report = self.messaging_report(account, start, end, campaign, key)
            low, high = wilson(report["carrier_blocked_messages"], report["campaign_messages"])
            name = self._name("message_templates", account, key, "template_name")
            bounds = {"carrier_block_rate_low": low, "carrier_block_rate_high": high}
            answers.append({"template_id": key, "template_name": name} | report | bounds)
        return answers

    def compare_templates(
        self, account: str, start: date, end: date, campaign: str | None = None,
        template_a: str | None = None, template_b: str | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        active = {row["template_id"]: row for row in self.messaging_by_template(account, start, end, campaign)}
        a, b = active.get(template_a), active.get(template_b)
        if not a and not b:
            return []
        of_account = ("campaigns_created", "standard_campaigns", "keyword_campaigns", "median_response_seconds")
        kpis = [name for name in (a or b) if name not in of_account and not name.startswith(("template_", "carrier_block_rate_"))]
        return [compared(kpi, a, b) for kpi in kpis]

    def label_report(self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None):
        selected = self._selector(account, start, end, campaign, template)
        tagged = defaultdict(set)
        for event in self.contact_events:
            if event.kind == "label_added" and event.label is not None and selected(event):
                tagged[event.label].add(event.contact)
        total = sum(map(len, tagged.values()))
        return [
            {
                "label_id": label,
                "label_name": self._name("labels", account, label, "label_name"),
                "contacts": len(contacts),
                "share": rate(len(contacts), total),
            }
            for label, contacts in sorted(tagged.items(), key=lambda item: (-len(item[1]), item[0]))
        ]

    def messages_after_opt_out(
        self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None
    ) -> list[dict[str, Any]]:
        selected = self._selector(account, start, end, campaign, template)
        found = []
        for message in filter(selected, self.outbound):
            contact = (message.account, message.contact)
            outs = [e.at for e in self.contact_events if e.kind == "opted_out" and (e.account, e.contact) == contact]
            outs += [m.at for m in self.inbound if (m.account, m.contact) == contact and self.is_opt_out(m.body)]
            standing = [at for at in outs if at < message.at - timedelta(minutes=5)]
            if standing and not any(max(standing) <= at <= message.at for at in self.opt_ins[contact]):
                found.append({
                    "date_day": self.day(account, message.at), "sent_at": message.at.replace(tzinfo=None), "contact_id": message.contact,
                    "message_id": message.message_id, "campaign_id": message.campaign, "template_id": message.template,
                    "opted_out_at": max(standing).replace(tzinfo=None),
                })  # fmt: skip
        return sorted(found, key=lambda row: (row["sent_at"], row["contact_id"], row["message_id"]))

    def messaging_by_hour(self, account: str, start: date, end: date, campaign: str | None = None, template: str | None = None):
        selected = self._selector(account, start, end, campaign, template)
        first_replies = {(m.account, m.contact, m.campaign): m.at for m in self.inbound if m.is_first}
        zone = self.zone(account)

        def hour_of(moment: datetime) -> tuple[int, int]:
            local = moment.astimezone(zone)
            return local.isoweekday(), local.hour

        counts = {(weekday, hour): [0, 0, 0, 0] for weekday in range(1, 8) for hour in range(24)}
        for message in filter(selected, self.outbound):
            found = counts[hour_of(message.at)]
            found[0] += 1
            if message.is_first:
                found[2] += 1
                reply = first_replies.get((message.account, message.contact, message.campaign))
                found[3] += reply is not None and timedelta() <= reply - message.at <= timedelta(hours=72)
        for message in filter(selected, self.inbound):
            counts[hour_of(message.at)][1] += 1
        names = ("sms_sent", "replies_received", "first_messages", "answered_first_messages")
        return [
            {"weekday": weekday, "hour": hour} | dict(zip(names, found, strict=True)) | interval("answered_rate", found[3], found[2])
            for (weekday, hour), found in counts.items()
        ]

    def messaging_by_step(self, account: str, start: date, end: date, campaign: str | None = None):
        selected = self._selector(account, start, end, campaign, None)
        answers = []
        for step in range(1, 11):
            sent = [m for m in self.outbound if selected(m) and m.step == step]
            replies = [m for m in self.inbound if selected(m) and m.step == step]
            events = [e for e in self.contact_events if selected(e) and e.step == step and e.kind == "opted_out"]
            blocked = sum(m.status == "carrier_blocked" for m in sent)
            contacts = len({m.contact for m in sent})
            responded = len({m.contact for m in replies if m.is_first})
            opted_out = len({e.contact for e in events} | {m.contact for m in replies if self.is_opt_out(m.body)})
            if sent or responded or opted_out:
                answers.append(
                    {"step": step, "campaign_messages": len(sent), "carrier_blocked_messages": blocked}
                    | interval("carrier_block_rate", blocked, len(sent))
                    | {"contacts": contacts, "responded_contacts": responded}
                    | interval("reply_rate", responded, contacts)
                    | {"opted_out_contacts": opted_out}
                    | interval("opt_out_rate", opted_out, contacts)
                )
        return answers

    def _responses_in(self, account: str, start: date, end: date) -> list[Response]:
        return [r for r in self.response_times if r.account == account and start <= self.day(account, r.answered) <= end]

    def responses_by_user(self, account: str, start: date, end: date):
        found = defaultdict(list)
        for response in self._responses_in(account, start, end):
            found[response.user].append(response)
        answers = []
        for user, responses in sorted(found.items(), key=lambda entry: (entry[0] is None, entry[0] or "")):
            seconds = sorted(r.seconds for r in responses)
            place = 0.9 * (len(seconds) - 1)
            low, high = seconds[math.floor(place)], seconds[math.ceil(place)]
            answers.append({
                "user_id": user, "responses": len(responses), "median_response_seconds": median(seconds),
                "p90_response_seconds": low + (high - low) * (place - math.floor(place)),
                "within_5_minutes": rate(sum(value <= 300 for value in seconds), len(seconds)),
                "median_business_seconds": median(self.business_seconds(r) for r in responses),
            })  # fmt: skip
        return answers

    def business_seconds(self, response: Response) -> float:
        """The seconds of a wait that lie in the account's business hours; all of them without any."""
        hours = [row for row in self.business_hours if text(row["account_id"]) == response.account]
        hours = hours or [row for row in self.business_hours if text(row["account_id"]) is None]
        if not hours:
            return response.seconds
        zone, seconds = self.zone(response.account), 0.0
        for day in days(self.day(response.account, response.started), self.day(response.account, response.answered)):
            for row in hours:
                if int(row["weekday"]) == day.isoweekday():
                    opens, closes = (
                        (datetime.combine(day, datetime.min.time()) + timedelta(hours=int(clock[:2]), minutes=int(clock[3:])))
                        .replace(tzinfo=zone).astimezone(UTC)
                        for clock in (row["opens"], row["closes"])
                    )  # fmt: skip
                    seconds += max(0.0, (min(closes, response.answered) - max(opens, response.started)).total_seconds())
        return seconds

    def _calls_in(self, account: str, start: date, end: date, campaign: str | None) -> list[Call]:
        selected = self._selector(account, start, end, campaign, None)
        return [c for c in self.calls if c.direction == "outbound" and selected(c)]

    def calling_report(self, account: str, start: date, end: date, campaign: str | None = None) -> dict[str, Any]:
        return self._calling(self._calls_in(account, start, end, campaign))

    def calling_by_user(self, account: str, start: date, end: date, campaign: str | None = None) -> list[dict[str, Any]]:
        calls = self._calls_in(account, start, end, campaign)
        users = sorted({c.user for c in calls}, key=lambda user: (user is None, user or ""))
        return [{"user_id": user} | self._calling([c for c in calls if c.user == user]) for user in users]

    def _calling(self, calls: list[Call]) -> dict[str, Any]:
        answered = [c for c in calls if c.is_answered]
        conversations = [c for c in answered if c.talk_seconds is not None and c.talk_seconds > 90]
        talks = [c.talk_seconds for c in answered if c.talk_seconds is not None]
        leads = [c for c in calls if c.outcomes & self.lead_outcomes]
        deals = [c for c in calls if c.outcomes & self.deal_outcomes]
        return {
            "calls_dialed": len(calls),
            "calls_answered": len(answered),
            "conversations": len(conversations),
            "response_rate": rate(len(answered), len(calls)),
            "average_call_seconds": fmean(talks) if talks else None,
            "conversation_rate": rate(len(conversations), len(answered)),
            "leads": len(leads),
            "deals_closed": len(deals),
            "call_to_lead_rate": rate(len(leads), len(calls)),
            "lead_to_deal_rate": rate(len(deals), len(leads)),
            "call_cost": (cost := total(c.price for c in calls)),
            "priced_calls": sum(c.price is not None for c in calls),
            "cost_per_deal": None if cost is None else rate(cost, len(deals)),
        }

    def calling_by_day(self, account: str, start: date, end: date, campaign: str | None = None):
        return [{"date_day": d} | self.calling_report(account, d, d, campaign) for d in days(start, end)]

    def calling_by_campaign(self, account: str, start: date, end: date, campaign: str | None = None):
        keys = {c.campaign for c in self._calls_in(account, start, end, campaign)} - {None}
        return [
            {"campaign_id": key, "campaign_name": self._name("campaigns", account, key, "campaign_name")}
            | self.calling_report(account, start, end, key)
            for key in sorted(keys)
        ]

    def call_outcome_report(self, account: str, start: date, end: date, campaign: str | None = None):
        counts: dict[str, int] = defaultdict(int)
        for call in self._calls_in(account, start, end, campaign):
            for outcome in call.outcomes:
                counts[outcome] += 1
        total = sum(counts.values())
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [{"outcome": outcome, "calls": calls, "share": rate(calls, total)} for outcome, calls in ranked]

    def account_access(self) -> set[tuple[str, str]]:
        """(viewer, account): each account sees itself and every account below it."""

        def landed_parent(account: str) -> str | None:
            parent = text(self.accounts[account].get("parent_account_id"))
            return parent if parent in self.accounts else None

        def parent(account: str) -> str | None:
            above, seen = landed_parent(account), []
            while above is not None and above != account and above not in seen:
                seen.append(above)
                above = landed_parent(above)
            return None if above == account else landed_parent(account)

        pairs = set()
        for account in self.accounts:
            viewer: str | None = account
            while viewer is not None:
                pairs.add((viewer, account))
                viewer = parent(viewer)
        return pairs

    def _name(self, stream: str, account: str, key: str, column: str) -> str | None:
        return text(self.entities[stream].get((account, key), {}).get(column))


_TIMEZONES = available_timezones() - {"localtime"}


def _is_activity(row: Any) -> bool:
    """Everything that happened to a contact; a label event without a label is nothing that happened."""
    return not (isinstance(row, ContactEvent) and row.kind == "label_added" and row.label is None)


def normal_text(body: str) -> str:
    """A text as opt-out phrases are compared with it."""
    visible = "".join(c for c in unicodedata.normalize("NFC", body) if unicodedata.category(c) != "Cf").lower()
    for apostrophe in "’‘´`ʼ":
        visible = visible.replace(apostrophe, "'")
    return " ".join("".join(c if c.isalnum() or c == "'" else " " for c in visible).split())


def total(amounts: Iterable[Decimal | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return float(sum(known)) if known else None


def rate(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def interval(name: str, part: int, whole: int) -> dict[str, float | None]:
    """A rate with its interval, which more than the whole has none of."""
    low, high = wilson(part, whole) if part <= whole else (None, None)
    return {name: rate(part, whole), f"{name}_low": low, f"{name}_high": high}


# The parts of Messaging rates, and what is good of one.
RATES = {
    "carrier_block_rate": ("carrier_blocked_messages", "campaign_messages", "down"),
    "delivery_rate": ("delivered_first_messages", "first_messages", "up"),
    "opt_out_rate": ("opted_out_contacts", "contacts", "down"),
    "ai_filtering_rate": ("ai_filtered_contacts", "contacts", "none"),
    "reply_rate": ("responded_contacts", "contacts", "up"),
    "sms_to_lead_rate": ("leads", "sms_sent", "up"),
    "contact_to_lead_rate": ("leads", "contacts", "up"),
}


def compared(kpi: str, a: dict[str, Any] | None, b: dict[str, Any] | None) -> dict[str, Any]:
    """A KPI of two templates: Newcombe's interval, and how many messages it takes to tell as large a difference with a power of 80 %."""
    unit = "rate" if kpi in RATES else "money" if "cost" in kpi else "count"
    of_a, of_b = ((float(side[kpi]) if side and side[kpi] is not None else None) for side in (a, b))
    answer = {"kpi": kpi, "unit": unit, "value_a": of_a, "value_b": of_b, "difference": None if None in (of_a, of_b) else of_b - of_a}
    answer |= dict.fromkeys(("difference_low", "difference_high", "can_be_told_apart", "more_messages", "verdict"))
    if unit != "rate" or answer["difference"] is None:
        return answer
    part, whole, good = RATES[kpi]
    if any(side[part] > side[whole] for side in (a, b)):
        return answer
    (low_a, high_a), (low_b, high_b) = (wilson(side[part], side[whole]) for side in (a, b))
    difference = answer["difference"]
    low = difference - math.hypot(of_b - low_b, high_a - of_a)
    high = difference + math.hypot(high_b - of_b, of_a - low_a)
    answer |= {"difference_low": low, "difference_high": high, "can_be_told_apart": low > 0 or high < 0}
    if answer["can_be_told_apart"]:
        better = "B" if difference > 0 else "A"
        if good == "none":
            return answer | {"verdict": f"Template {better} has more."}
        return answer | {"verdict": f"Template {better if good == 'up' else 'AB'[better == 'A']} is better."}
    if difference == 0:
        return answer | {"verdict": "The same so far."}
    needed = (1.959963984540054 + 0.8416212335729143) ** 2 * (of_a * (1 - of_a) + of_b * (1 - of_b)) / difference**2
    messages = sum(max(needed - side[whole], 0) * side["sms_sent"] / side[whole] for side in (a, b))
    if not messages:
        return answer | {"verdict": "Cannot be told apart yet."}
    digits = 10 ** max(math.floor(math.log10(messages)) - 1, 0)
    more = math.ceil(messages / digits) * digits
    return answer | {"more_messages": more, "verdict": f"Cannot be told apart yet: that takes about {more} more messages."}


def wilson(part: int, whole: int) -> tuple[float | None, float | None]:
    """The 95 % Wilson score interval: the two solutions of |p̂ − p| = z √(p (1 − p) / n)."""
    if not whole:
        return None, None
    z, p, n = 1.959963984540054, part / whole, whole
    a, b, c = 1 + z * z / n, -(2 * p + z * z / n), p * p
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
