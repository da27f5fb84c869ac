"""Twilio's own client and published API description, as independent judges of the connector and of the mock of the API."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from oracle import PROJECT
from test_twilio_api import ingest, landed
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio_mock import TOKEN, Twilio, account, call, message

NODE = PROJECT / "tests/node/node_modules"
DESCRIPTIONS = NODE / "@twilio/cli-core/src/services/twilio-api"
ACCOUNT, SUB_ACCOUNT, SERVICE = "AC" + "1" * 32, "AC" + "2" * 32, "MG" + "1" * 32
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
SINCE = NOW - timedelta(days=4)


def twilio_of_valid_ids() -> Twilio:
    """Several pages of messages, some calls, a sub-account, and ids in Twilio's format."""
    twilio = Twilio(accounts=[account(ACCOUNT, ACCOUNT, "One"), account(SUB_ACCOUNT, ACCOUNT, "Two")])
    twilio.services = [{"sid": SERVICE, "account_sid": ACCOUNT, "friendly_name": "Spring", "date_created": "2026-01-01T00:00:00Z",
                        "date_updated": "2026-01-01T00:00:00Z"}]  # fmt: skip
    twilio.messages = [
        message(f"SM{n:032x}", SUB_ACCOUNT if n % 10 == 0 else ACCOUNT, NOW - timedelta(minutes=n), messaging_service_sid=SERVICE)
        for n in range(2_500)
    ]
    twilio.messages[0] |= {"status": "undelivered", "error_code": 30007, "error_message": "Message filtered"}
    twilio.messages[1] |= {"status": "queued", "date_sent": None, "price": None, "num_segments": "0"}
    twilio.messages[2] |= {"direction": "inbound", "status": "received", "from": "+15550200001", "to": "+15550100000"}
    twilio.calls = [call(f"CA{n:032x}", ACCOUNT, NOW - timedelta(minutes=n)) for n in range(5)]
    return twilio


class OnLoopback(TwilioHttpClient):
    """Twilio's own HTTP client, with every host on loopback."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, *arguments: Any, **more: Any) -> Response:
        place = urlsplit(url)
        query = f"?{place.query}" if place.query else ""
        return super().request(method, f"{self.url}{place.path}{query}", *arguments, **more)


def test_twilios_own_client_reads_the_mock_as_the_connector_does(tmp_path: Path) -> None:
    with twilio_of_valid_ids().served() as twilio:
        client = Client(ACCOUNT, TOKEN, http_client=OnLoopback(twilio.url))
        messages = [
            one for sid in (ACCOUNT, SUB_ACCOUNT)
            for one in client.api.v2010.accounts(sid).messages.stream(date_sent_after=SINCE, page_size=1000)
        ]  # fmt: skip
        calls = list(client.calls.stream(start_time_after=SINCE))
        assert [one.sid for one in client.api.v2010.accounts.stream()] == [ACCOUNT, SUB_ACCOUNT]
        assert [one.friendly_name for one in client.messaging.v1.services.stream()] == ["Spring"]
        assert {one.sid for one in messages} == {row["sid"] for row in twilio.messages} and len(calls) == 5
        by_sid = {one.sid: one for one in messages}
        assert [by_sid[row["sid"]].date_sent for row in twilio.messages[:3]] == [NOW, None, NOW - timedelta(minutes=2)]
        assert by_sid[twilio.messages[0]["sid"]].error_code == 30007
        run = ingest(tmp_path, twilio, "--since", f"{SINCE:%Y-%m-%d}", TWILIO_ACCOUNT_SID=ACCOUNT)
    assert run.returncode == 0, run.stdout + run.stderr
    events = [json.loads(row) for row in landed(tmp_path, "message_events")]
    # The connector and the client agree on what was sent.
    assert {one["message_id"] for one in events} == {one.sid for one in messages if one.status != "queued"}


@contextmanager
def prism(description: Path, upstream: str) -> Iterator[str]:
    """A proxy that rejects every request and answer that violates a description."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["node", NODE / "@stoplight/prism-cli/dist/index.js", "proxy", description, upstream, "--errors", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError(process.communicate(timeout=5)[0])
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def described() -> dict[str, Any]:
    """Twilio's description of the four lists, with both hosts in one. Without `format: uri`, which the validator takes too strictly."""
    core, messaging = (json.loads((DESCRIPTIONS / f"twilio_{name}.json").read_text()) for name in ("api_v2010", "messaging_v1"))
    lists = [
        (core, "/2010-04-01/Accounts.json"), (core, "/2010-04-01/Accounts/{AccountSid}/Messages.json"),
        (core, "/2010-04-01/Accounts/{AccountSid}/Calls.json"), (messaging, "/v1/Services"),
    ]  # fmt: skip
    schemas = messaging["components"]["schemas"] | core["components"]["schemas"]
    paths = {path: {"get": document["paths"][path]["get"]} for document, path in lists}
    whole = core | {"paths": paths, "servers": [{"url": "/"}], "components": core["components"] | {"schemas": schemas}}
    return dict(_without_uri(whole))


def _without_uri(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_uri(inner) for name, inner in value.items() if (name, inner) != ("format", "uri")}
    return [_without_uri(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.nightly
@pytest.mark.skipif(not shutil.which("node") or not NODE.exists(), reason="Node is missing: `apt-get install npm`, then `make nightly`")
def test_every_request_and_answer_is_as_twilios_description_has_it(tmp_path: Path) -> None:
    (tmp_path / "twilio.json").write_text(json.dumps(described()))
    with twilio_of_valid_ids().served() as twilio, prism(tmp_path / "twilio.json", twilio.url) as url:
        run = ingest(tmp_path, twilio, "--since", f"{SINCE:%Y-%m-%d}", TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_API_URL=url)
        assert run.returncode == 0 and "cannot be read" not in run.stdout, run.stdout + run.stderr
        assert sum(landed(tmp_path, "message_events").values()) == 2_498 * 2 + 1
        paths = {urlsplit(request).path for request in twilio.requests}
        assert len(paths) == 6, "both accounts' messages and calls, the accounts and the services"
        # The proxy does reject violations.
        twilio.messages[0]["num_segments"] = 1
        path = f"{url}/2010-04-01/Accounts/{SUB_ACCOUNT}/Messages.json"
        statuses = [
            requests.get(path, {"DateSent>": f"{SINCE:%Y-%m-%d}", "PageSize": size}, auth=(ACCOUNT, TOKEN)).status_code
            for size in (1_000, 2_000)
        ]
        assert statuses == [500, 422]
