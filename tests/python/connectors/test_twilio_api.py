"""Twilio's API as a source: its answers become landing rows, whatever goes wrong on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import NIGHTLY
from oracle import PROJECT
from twilio_mock import ACCOUNT_TOKEN, TOKEN, Twilio, account, call, message

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
KILLS = 20 if NIGHTLY else 1


def story(messages: int = 30) -> Twilio:
    """An account and two sub-accounts, one of them closed."""
    twilio = Twilio(accounts=[account("AC1", "AC1", "One"), account("AC2", "AC1", "Two"), account("AC3", "AC1", "Closed")], closed={"AC3"})
    twilio.services = [{"sid": "MG1", "account_sid": "AC1", "friendly_name": "Spring", "date_created": "2026-01-01T00:00:00Z",
                        "date_updated": "2026-01-01T00:00:00Z"}]  # fmt: skip
    twilio.messages = [message(f"SM{n}", "AC1" if n % 3 else "AC2", NOW - timedelta(minutes=n)) for n in range(messages)]
    twilio.calls = [call(f"CA{n}", "AC1", NOW - timedelta(minutes=n)) for n in range(5)]
    return twilio


def command(folder: Path, twilio: Twilio, *arguments: str, **more: str) -> tuple[list[str], dict[str, str]]:
    variables = {
        "OUTREACH_LANDING": str(folder / "landing"), "OUTREACH_RAW": str(folder / "raw"), "OUTREACH_CONTACT_KEY": "key",
        "TWILIO_API_URL": twilio.url, "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": TOKEN,
    }  # fmt: skip
    return [sys.executable, "-m", "outreach.commands.ingest", "twilio-api", *arguments], os.environ | variables | more


def ingest(folder: Path, twilio: Twilio, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    line, variables = command(folder, twilio, *arguments, **more)
    return subprocess.run(line, cwd=PROJECT, env=variables, capture_output=True, text=True)


def landed(folder: Path, stream: str) -> Counter[str]:
    """The landed rows of a stream, without the time they were read."""
    rows = [json.loads(line) for file in (folder / "landing" / stream).rglob("*.jsonl") for line in file.read_text().splitlines()]
    return Counter(json.dumps({name: value for name, value in row.items() if name != "updated_at"}) for row in rows)


def test_what_the_api_tells_lands_and_what_settles_later_arrives(tmp_path: Path) -> None:
    with story().served() as twilio:
        # One message is not delivered yet; another was never sent, and has no time.
        twilio.messages[0] |= {"status": "sent", "price": None, "num_segments": "0"}
        twilio.messages.append(message("SM_queued", "AC1", None, status="queued"))
        first = ingest(tmp_path, twilio, "--since", f"{NOW - timedelta(days=2):%Y-%m-%d}")
        assert first.returncode == 0, first.stdout + first.stderr
        assert "The messages of account AC3 cannot be read (403) and are left out." in first.stdout
        assert sum(landed(tmp_path, "message_events").values()) == 30 + 29
        assert sum(landed(tmp_path, "call_events").values()) == 5 * 3
        assert sum(landed(tmp_path, "accounts").values()) == 3
        assert "Spring" in str(landed(tmp_path, "campaigns"))
        assert "Nothing is new" in ingest(tmp_path, twilio).stdout

        twilio.messages[0] |= {"status": "delivered", "price": "-0.00790", "num_segments": "2"}
        twilio.messages[-1] |= {"status": "sent", "date_sent": twilio.messages[-1]["date_created"]}
        again = ingest(tmp_path, twilio)
        assert again.returncode == 0, again.stdout + again.stderr
        assert sum(landed(tmp_path, "message_events").values()) == 30 + 29 + 2
        assert f"DateSent%3E={NOW + timedelta(hours=2) - timedelta(days=7):%Y-%m-%d}" in "".join(twilio.requests[-20:])


def test_every_seventh_answer_is_a_429_pages_end_early_and_all_arrives_without_a_number_or_a_token(tmp_path: Path) -> None:
    with story(3_500).served() as twilio:
        twilio.busy_every, twilio.broken_every = 7, 3
        run = ingest(tmp_path, twilio, "--since", f"{NOW - timedelta(days=4):%Y-%m-%d}")
        assert run.returncode == 0, run.stdout + run.stderr
        assert sum(landed(tmp_path, "message_events").values()) == 7_000
        assert twilio.cut >= 2, "in either way"
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()) + (run.stdout + run.stderr).encode()
    assert not any(secret.encode() in everything for secret in (TOKEN, ACCOUNT_TOKEN, "5550200001"))
    assert [path for path in (tmp_path / "raw").rglob("*") if not path.name.endswith(".lock")] == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "Nothing was written. Twilio does not accept the credentials of account AC1 (401)"),
        ({"TWILIO_ACCOUNT_SID": ""}, "Nothing was written. TWILIO_ACCOUNT_SID is not set"),
        ({"TWILIO_AUTH_TOKEN": ""}, "Nothing was written. TWILIO_AUTH_TOKEN is not set"),
    ],
)
def test_credentials_that_do_not_work_are_one_line(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    with story().served() as twilio:
        run = ingest(tmp_path, twilio, **variables)
    assert run.returncode == 2
    assert next(line for line in run.stdout.splitlines() if line.startswith("Nothing")).startswith(sentence)
    assert "Traceback" not in run.stdout + run.stderr and "wrong" not in run.stdout + run.stderr
    assert not (tmp_path / "landing").exists()


def test_a_key_that_may_not_list_accounts_reads_its_own_and_a_range_that_is_too_long_is_clamped(tmp_path: Path) -> None:
    with story().served() as twilio:
        twilio.may_list_accounts = False
        run = ingest(tmp_path, twilio, "--since", "2020-01-01", TWILIO_AUTH_TOKEN="", TWILIO_API_KEY="SK1", TWILIO_API_SECRET=TOKEN)
        assert run.returncode == 0, run.stdout + run.stderr
        assert "only account AC1 is read" in run.stdout and "The API goes back 400 days and no further" in run.stdout
        assert sum(landed(tmp_path, "message_events").values()) == 2 * 20


def test_who_speaks_twilios_api_under_another_path_is_read_as_well(tmp_path: Path) -> None:
    twilio = story(1_500)
    twilio.prefix = "/api/laml"
    with twilio.served():
        run = ingest(tmp_path, twilio, "--since", f"{NOW - timedelta(days=3):%Y-%m-%d}", TWILIO_API_URL=f"{twilio.url}/api/laml/")
    assert run.returncode == 0, run.stdout + run.stderr
    assert sum(landed(tmp_path, "message_events").values()) == 3_000


def test_a_run_that_is_killed_costs_nothing_but_itself(tmp_path: Path) -> None:
    with story(2_000).served() as twilio:
        since = f"{NOW - timedelta(days=3):%Y-%m-%d}"
        started = time.monotonic()
        assert ingest(tmp_path / "whole", twilio, "--since", since).returncode == 0
        seconds = time.monotonic() - started
        for n in range(KILLS):
            line, variables = command(tmp_path / "killed", twilio, "--since", since)
            process = subprocess.Popen(line, cwd=PROJECT, env=variables, stdout=subprocess.DEVNULL, start_new_session=True)
            time.sleep(seconds * (n + 1) / (KILLS + 1))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert ingest(tmp_path / "killed", twilio, "--since", since).returncode == 0
    for stream in ("accounts", "campaigns", "message_events", "message_attributes", "call_events", "call_attributes"):
        assert landed(tmp_path / "killed", stream) == landed(tmp_path / "whole", stream)
    assert [file for file in (tmp_path / "killed/landing").rglob(".*") if file.is_file() and not file.name.endswith(".lock")] == []
