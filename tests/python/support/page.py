"""The Reporting page for its tests: a landing zone with known answers, the served page, and a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from harness import of_sample
from oracle import PROJECT, LandedRow
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")

# The first start of server and browser may be slow on a busy machine.
PATIENCE = 30_000

MARKUP = "<b>Bold</b> **stars** :red[ink] $x^2$ 🚀"
LONG = "A name of two hundred characters, " + "which goes on, " * 12
SECRET = "Foreign Secret Ltd"

# The page goes by the real clock. So that no midnight falls between the known rows and the last test, these accounts are where it
# was noon when the tests started; the process that starts the workers says when, and they inherit it.
STARTED = datetime.fromisoformat(os.environ.setdefault("TESTS_STARTED", datetime.now(UTC).isoformat()))
NOON = timezone(timedelta(hours=12 - STARTED.hour))
NOON_ZONE = f"Etc/GMT{STARTED.hour - 12:+d}"
TODAY = STARTED.astimezone(NOON).date()

_numbers = count(1)


def day(ago: int) -> str:
    """The day so many days ago, where it was noon."""
    return f"{TODAY - timedelta(days=ago)}"


def moment(ago: int, clock: str) -> str:
    """The moment of a day at a time, where it was noon."""
    return datetime.fromisoformat(f"{day(ago)}T{clock}").replace(tzinfo=NOON).isoformat()


def row(stream: str, **values: Any) -> LandedRow:
    return LandedRow(stream, TODAY, values)


def event(stream: str, account: str, kind: str, ago: int, clock: str, contact: str, **values: Any) -> LandedRow:
    about = {"event_type": kind, "account_id": account, "contact_id": contact, "occurred_at": moment(ago, clock)}
    return row(stream, event_id=f"e{next(_numbers)}", **about, **values)


def message(account: str, kind: str, ago: int, clock: str, contact: str, message_id: str, **values: Any) -> LandedRow:
    return event("message_events", account, kind, ago, clock, contact, message_id=message_id, **values)


def account(account_id: str, name: str, parent: str | None = None, zone: str = NOON_ZONE) -> LandedRow:
    values = {"account_name": name, "parent_account_id": parent, "timezone": zone, "updated_at": moment(60, "00:00")}
    return row("accounts", account_id=account_id, **values)


def user(user_id: str, account_id: str, email: str) -> LandedRow:
    return row("users", user_id=user_id, account_id=account_id, email=email, updated_at=moment(60, "00:00"))


def campaign(account_id: str, campaign_id: str, name: str, kind: str, ago: int) -> LandedRow:
    created_at = moment(ago, "08:00")
    values = {"campaign_name": name, "campaign_type": kind, "created_at": created_at, "updated_at": created_at}
    return row("campaigns", account_id=account_id, campaign_id=campaign_id, **values)


def template(account_id: str, template_id: str, name: str) -> LandedRow:
    return row("message_templates", account_id=account_id, template_id=template_id, template_name=name, updated_at=moment(60, "00:00"))


def of_known_answers() -> list[LandedRow]:
    """An agency with two accounts below it, and an account that is none of its business.

    Last 7 days of `known`: five campaign messages (four first ones, of which three were delivered and one blocked) and a manual answer
    after 1 h 5 min; two contacts replied, one of them to opt out; one was filtered; one became a lead. The four
    first messages cost a cent each. Seven days before: two messages.
    """
    first = {"campaign_id": "c1", "template_id": "t1", "segments": 1, "price": "-0.0100"}
    rows = [
        account("known", "Known Agency"),
        account("known_sub", MARKUP, "known", "Asia/Kolkata"),
        account("known_empty", LONG, "known"),
        account("foreign", SECRET),
        user("u1", "known", "Ada@Example.com "),
        user("u2", "known_sub", "sub@example.com"),
        user("u3", "foreign", "eve@example.com"),
        campaign("known", "c0", "Last week", "standard", 9),
        campaign("known", "c1", "Spring", "standard", 3),
        campaign("known", "c2", "Keyword JOIN", "keyword", 5),
        campaign("foreign", "c9", "Secret Campaign", "standard", 2),
        template("known", "t1", "Hello"),
        template("known", "t2", "Following up"),
        row("labels", account_id="known", label_id="l1", label_name="Hot", updated_at=moment(60, "00:00")),
        row("labels", account_id="known", label_id="l2", label_name=MARKUP, updated_at=moment(60, "00:00")),
        *(message("known", "sent", 9, "10:00", f"p{i}", f"old{i}", campaign_id="c0", segments=1) for i in (8, 9)),
        *(message("known", "sent", 2, "10:00", f"p{i}", f"m{i}", **first) for i in (1, 2, 3, 4)),
        *(message("known", "delivered", 2, "10:01", f"p{i}", f"m{i}") for i in (1, 2, 3)),
        message("known", "carrier_blocked", 2, "10:01", "p4", "m4"),
        message("known", "received", 2, "12:00", "p1", "r1", body="Yes, call me"),
        message("known", "received", 2, "12:00", "p2", "r2", body="STOP"),
        message("known", "sent", 2, "13:05", "p1", "a1", origin="manual", segments=1),
        message("known", "sent", 1, "10:00", "p3", "m5", campaign_id="c1", template_id="t2", segments=3),
        event("contact_events", "known", "ai_filtered", 2, "14:00", "p3"),
        event("contact_events", "known", "lead_created", 1, "14:00", "p1"),
        *(event("contact_events", "known", "label_added", 1, "14:00", contact, label_id="l1") for contact in ("p1", "p2")),
        event("contact_events", "known", "label_added", 1, "14:00", "p3", label_id="l2"),
        message("known_sub", "sent", 1, "10:00", "p1", "m1", origin="manual", segments=1),
        message("foreign", "sent", 1, "10:00", "p1", "m1", campaign_id="c9", segments=1),
    ]
    for call_id, seconds, outcome in (("k1", 120, "Lead"), ("k2", 60, "Deal closed"), ("k3", None, None)):
        rows.append(event("call_events", "known", "dialed", 1, "15:00", "p1", call_id=call_id, campaign_id="c1", direction="outbound"))
        if seconds:
            rows.append(event("call_events", "known", "answered", 1, "15:01", "p1", call_id=call_id, answered_by="human"))
            rows.append(event("call_events", "known", "ended", 1, "15:05", "p1", call_id=call_id, duration_seconds=seconds, price="0.75"))
            rows.append(event("call_events", "known", "outcome_recorded", 1, "15:06", "p1", call_id=call_id, outcome=outcome))
    return rows


def known_publication(folder: Path) -> Path:
    """Makes the published file of the sample, up to today, and of known answers.

    Args:
        folder: where it is made.
    """
    warehouse = of_sample(folder, TODAY)
    warehouse.landing.deliver(of_known_answers())
    return warehouse.build_and_publish()


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's chromium. Where it is missing the tests are skipped, unless the environment requires them."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is not there, so the Reporting page is not tested: apt-get install chromium"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # As root, in a container, and without the calls home that a closed network refuses.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield started
        started.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(published: Path, port: int, project: Path = PROJECT, **variables: str) -> Iterator[str]:
    """`make dashboard` on a port of its own, until the end; gives its address."""
    environment = os.environ | {"OUTREACH_PUBLISHED": str(published)} | variables
    command = [sys.executable, "-m", "dashboard", "--port", str(port)]
    log = published.with_name(f"page-{port}.log")
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=log.open("w"), stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(process, address)
        yield address
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait()


def wait_for(process: subprocess.Popen, address: str) -> None:
    """Waits until a page is served."""
    for _ in range(240):
        assert process.poll() is None, "the page's server ended"
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the page is not served within a minute")


@dataclass
class Reporting:
    """The page in a tab.

    Args:
        tab: the tab.
        address: where the page is served.
    """

    tab: Page
    address: str

    def open(self, **state: str) -> None:
        """Follows a link to the page, and waits until it is drawn."""
        self.tab.goto(f"{self.address}/?{urlencode(state)}")
        self.drawn()

    def drawn(self) -> None:
        """Waits until the server has finished drawing."""
        idle = '[data-testid="stApp"][data-test-script-state="notRunning"]'
        self.tab.wait_for_selector(f"{idle} :is(.st-key-whole_report, .notice.empty, .notice.error)", timeout=PATIENCE)

    def shows(self, **texts: str) -> None:
        """Expects cards with these values, by the names of their metrics."""
        for name, text in texts.items():
            # As a list of one: while the page draws itself anew, the old card is still there for a moment.
            expect(self.tab.locator(f"#card-{name} .value"), name).to_have_text([text], timeout=PATIENCE)

    def values(self) -> dict[str, str]:
        """The values of all cards, by the names of their metrics."""
        cards = self.tab.locator("article.card").evaluate_all(
            "cards => cards.map(card => [card.id.slice(5), card.querySelector('.value').textContent])"
        )
        return dict(cards)

    def choose(self, filter_name: str, option: str) -> None:
        """Chooses an option of one of the filters."""
        self.tab.get_by_role("combobox", name=filter_name).click()
        self.tab.get_by_role("option", name=option, exact=True).click()

    def options(self, filter_name: str) -> list[str]:
        """What a filter offers."""
        self.tab.get_by_role("combobox", name=filter_name).click()
        expect(self.tab.get_by_role("option").first).to_be_visible()
        found = [text.strip() for text in self.tab.get_by_role("option").all_inner_texts()]
        self.tab.keyboard.press("Escape")
        return found

    def choose_days(self, preset: str) -> None:
        """Chooses a preset of the date range."""
        self.tab.locator(".stPopover button").click()
        self.tab.get_by_role("radio", name=preset).locator("xpath=ancestor::label").click()

    def notice(self, text: str) -> None:
        """Expects a notice on the screen."""
        expect(self.tab.locator(".notice:visible", has_text=text).first).to_be_visible(timeout=PATIENCE)

    def state(self) -> str:
        """What of its state stands in the URL."""
        return self.tab.url.partition("?")[2]


@contextmanager
def window(started: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A window of the browser, with cookies and cache of its own."""
    context = started.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
    yield context
    context.close()


@contextmanager
def tab(opened: BrowserContext, address: str) -> Iterator[Reporting]:
    """A tab of a window, which must not complain of anything on its console."""
    errors: list[str] = []
    page = opened.new_page()
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" and address in line.location["url"] else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Reporting(page, address)
    page.close()
    assert not errors, errors
