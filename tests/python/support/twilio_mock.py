"""A stateful mock of Twilio's API on loopback: accounts, services, messages and calls that change, in pages, with faults on demand."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "a-token-that-nothing-may-hold"
ACCOUNT_TOKEN = "the-token-that-the-api-hands-out"


@dataclass
class Twilio:
    """The API's content, which tests change between requests.

    Args:
        accounts: resources; the first is the one that asks.
        services, messages, calls: resources.
        closed: sids of accounts that are refused.
        busy_every: every so many requests are answered with 429.
        broken_every: every so many pages end early.
        cut: pages that ended early so far.
        requests: of which paths there were some.
        prefix: of every path, as SignalWire has one.
    """

    accounts: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    may_list_accounts: bool = True
    busy_every: int = 0
    broken_every: int = 0
    cut: int = 0
    requests: list[str] = field(default_factory=list)
    prefix: str = ""
    url: str = ""

    @contextmanager
    def served(self) -> Iterator[Twilio]:
        """Serves on a free port of loopback."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"twilio": self}))
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of a request that was let in."""
        parts = path.strip("/").removesuffix(".json").split("/")
        if parts == ["v1", "Services"]:
            return self._page(path, "services", self.services, query)
        if parts == ["2010-04-01", "Accounts"]:
            if not self.may_list_accounts:
                return _error(403, 20003, "Permission Denied")
            return self._page(path, "accounts", self.accounts, query)
        if len(parts) != 4 or parts[:2] != ["2010-04-01", "Accounts"] or parts[3] not in ("Messages", "Calls"):
            return _error(404, 20404, "not found")
        account, name = parts[2], parts[3].lower()
        if account in self.closed:
            return _error(403, 20003, "account is not active")
        day, at = ("DateSent>", "date_sent") if name == "messages" else ("StartTime>", "start_time")
        # A day, or a moment as Twilio's own client writes it.
        since = datetime.fromisoformat(query.get(day, "2000-01-01")).date()
        if since < datetime.now(UTC).date() - timedelta(days=400):
            return _error(400, 20004, "date is too far in the past")
        rows = [
            row for row in getattr(self, name)
            if row["account_sid"] == account and (row[at] is None or parsedate_to_datetime(row[at]).date() >= since)
        ]  # fmt: skip
        return self._page(path, name, rows, query)

    def _page(self, path: str, name: str, rows: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        size, number = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        page = rows[number * size : (number + 1) * size]
        following = None
        if (number + 1) * size < len(rows):
            following = self.prefix + path + "?" + urlencode(query | {"Page": str(number + 1), "PageToken": f"PA{number + 1}"})
        if name == "services":
            return 200, {name: page, "meta": {"next_page_url": following and self.url + following, "key": name}}
        place = {"page": number, "page_size": size, "start": number * size, "end": number * size + max(len(page), 1) - 1}
        return 200, {name: page, "next_page_uri": following, **place}


def _error(status: int, code: int, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": message, "status": status, "more_info": f"https://www.twilio.com/docs/errors/{code}"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    twilio: Twilio

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        place, twilio = urlsplit(self.path), self.twilio
        twilio.requests.append(self.path)
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if given.split(":", 1)[-1] != TOKEN:
            return self._send(*_error(401, 20003, "Authenticate"))
        if twilio.busy_every and len(twilio.requests) % twilio.busy_every == 0:
            return self._send(*_error(429, 20429, "Too Many Requests"), {"Retry-After": "1"})
        if not place.path.startswith(twilio.prefix):
            return self._send(*_error(404, 20404, "not found"))
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        status, body = twilio.answer(place.path.removeprefix(twilio.prefix), query)
        self._send(status, body, is_cut=bool(twilio.broken_every) and len(twilio.requests) % twilio.broken_every == 0)

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None, *, is_cut: bool = False) -> None:
        content = json.dumps(body).encode()
        whole = len(content)
        if is_cut:
            content = content[: whole // 2]
            # In turn a proxy that gives the length of what it has, and a broken connection.
            self.twilio.cut += status == 200
            whole = len(content) if self.twilio.cut % 2 else whole
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(whole), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = is_cut


def account(sid: str, owner: str, name: str) -> dict[str, Any]:
    """An Account resource, with the token that the API hands out."""
    now = format_datetime(datetime(2026, 1, 1, tzinfo=UTC))
    return {
        "sid": sid, "friendly_name": name, "owner_account_sid": owner, "auth_token": ACCOUNT_TOKEN, "date_created": now,
        "date_updated": now, "status": "active", "type": "Full", "uri": f"/2010-04-01/Accounts/{sid}.json", "subresource_uris": {},
    }  # fmt: skip


def message(sid: str, account_sid: str, sent_at: datetime | None, **values: Any) -> dict[str, Any]:
    """A Message resource: outbound, delivered a minute later, priced."""
    created = format_datetime(sent_at or datetime.now(UTC))
    return {
        "sid": sid, "account_sid": account_sid, "api_version": "2010-04-01", "body": "Hi", "date_created": created,
        "date_sent": sent_at and created, "date_updated": format_datetime((sent_at or datetime.now(UTC)) + timedelta(minutes=1)),
        "direction": "outbound-api", "error_code": None, "error_message": None, "from": "+15550100000", "to": "+15550200001",
        "messaging_service_sid": "MG1", "num_media": "0", "num_segments": "1", "price": "-0.00790", "price_unit": "USD",
        "status": "delivered", "subresource_uris": {}, "uri": f"/2010-04-01/Accounts/{account_sid}/Messages/{sid}.json",
    } | values  # fmt: skip


def call(sid: str, account_sid: str, start: datetime, **values: Any) -> dict[str, Any]:
    """A Call resource: outbound, answered by a person, of two minutes."""
    return {
        "sid": sid, "account_sid": account_sid, "date_created": format_datetime(start), "start_time": format_datetime(start),
        "end_time": format_datetime(start + timedelta(minutes=2)), "date_updated": format_datetime(start + timedelta(minutes=2)),
        "direction": "outbound-api", "from": "+15550100000", "to": "+15550200001", "status": "completed", "answered_by": "human",
        "duration": "120", "parent_call_sid": None, "price": "-0.01400", "price_unit": "USD",
    } | values  # fmt: skip
