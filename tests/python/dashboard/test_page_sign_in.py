"""Who sees what, with sign-in by a real OpenID Connect provider on loopback, and without."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from oracle import PROJECT
from page import MARKUP, Reporting, free_port, served, tab, wait_for, window
from playwright.sync_api import Browser, expect

# It uses a deprecated call of its library, which warns whatever the filters.
with warnings.catch_warnings(record=True):
    import oidc_provider_mock

PEOPLE = {
    "ada": {"email": "ada@example.com", "email_verified": True},
    "sub": {"email": "Sub@Example.com"},
    "stranger": {"email": "stranger@example.com", "email_verified": True},
    "unverified": {"email": "eve@example.com", "email_verified": False},
    "nameless": {},
}

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "only for this test, and long enough"
client_id = "reporting"
client_secret = "secret"
server_metadata_url = "http://127.0.0.1:{provider}/.well-known/openid-configuration"
"""


def home_with(folder: Path, secrets: str) -> str:
    """A home folder in which Streamlit finds these secrets."""
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit/secrets.toml").write_text(secrets)
    return str(folder)


@pytest.fixture(scope="module")
def address(chromium: Browser, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    users = [oidc_provider_mock.User(sub=name, claims=claims) for name, claims in PEOPLE.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as provider:
        port = free_port()
        home = home_with(tmp_path_factory.mktemp("home"), SECRETS.format(port=port, provider=provider.server_port))
        with served(published, port, HOME=home) as url:
            yield url


@pytest.fixture
def visitor(chromium: Browser, address: str) -> Iterator[Reporting]:
    """A visitor who has not signed in."""
    with window(chromium) as opened, tab(opened, address) as page:
        yield page


def sign_in(visitor: Reporting, person: str) -> None:
    visitor.tab.get_by_role("button", name="Sign in").click()
    visitor.tab.locator("input[name=sub]").fill(person)
    visitor.tab.locator("input[name=sub]").press("Enter")
    visitor.tab.wait_for_url("**/127.0.0.1:*/**")
    visitor.drawn()


def test_who_signs_in_sees_the_own_account_and_those_below(visitor: Reporting) -> None:
    visitor.open()
    visitor.notice("Sign in to see the reports of your account.")
    assert visitor.values() == {}
    sign_in(visitor, "ada")
    visitor.shows(sms_sent="6", reply_rate="50 %")
    visitor.notice("Signed in as ada@example.com")
    assert visitor.options("Account")[:2] == ["Known Agency", MARKUP]
    # No viewer can be picked, not even by the URL.
    expect(visitor.tab.get_by_role("combobox", name="Viewing as")).to_have_count(0)
    visitor.open(viewer="foreign")
    visitor.shows(sms_sent="6")
    visitor.open(viewer="foreign", account="foreign")
    visitor.notice("The link's account does not exist, or you may not see it.")
    assert visitor.values() == {}
    assert "Secret" not in visitor.tab.content()


def test_a_user_of_a_sub_account_sees_nothing_of_the_account_above(visitor: Reporting) -> None:
    visitor.open(account="known")
    sign_in(visitor, "sub")
    visitor.open(account="known")
    visitor.notice("The link's account does not exist, or you may not see it.")
    assert visitor.options("Account") == [MARKUP]


def test_who_signs_out_sees_nothing_more(visitor: Reporting) -> None:
    visitor.open()
    sign_in(visitor, "ada")
    visitor.shows(sms_sent="6")
    visitor.tab.get_by_role("button", name="Sign out").click()
    # The provider's own page.
    visitor.tab.get_by_role("button", name="End session").click()
    visitor.drawn()
    visitor.notice("Sign in to see the reports of your account.")
    assert visitor.values() == {}


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ("stranger", "No account belongs to stranger@example.com."),
        ("unverified", "Your sign-in provides no verified email address"),
        ("nameless", "Your sign-in provides no verified email address"),
    ],
)
def test_whom_nobody_knows_sees_nothing_but_a_message(visitor: Reporting, person: str, message: str) -> None:
    visitor.open(account="foreign")
    sign_in(visitor, person)
    visitor.notice(message)
    assert visitor.values() == {}
    expect(visitor.tab.get_by_role("combobox")).to_have_count(0)
    expect(visitor.tab.get_by_role("button", name="Sign out")).to_be_visible()


def dashboard(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard", "--port", str(free_port()), *arguments]
    return subprocess.run(command, cwd=PROJECT, env=os.environ | variables, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_without_sign_in_only_loopback_is_listened_on(tmp_path: Path, address: str) -> None:
    run = dashboard("--address", address, HOME=str(tmp_path))
    assert run.returncode == 2
    assert f"it listens only on loopback (127.0.0.1), not on {address}" in run.stderr


def test_incomplete_sign_in_names_what_is_missing(tmp_path: Path) -> None:
    run = dashboard(HOME=home_with(tmp_path, '[auth]\nredirect_uri = "http://127.0.0.1/oauth2callback"\n'))
    assert run.returncode == 2
    assert "[auth] in secrets.toml lacks cookie_secret" in run.stderr


def test_streamlit_itself_shows_nothing_beyond_loopback_without_sign_in(chromium: Browser, published: Path, tmp_path: Path) -> None:
    """Even when it is started without `make dashboard`."""
    port = free_port()
    options = ["--server.address", "0.0.0.0", "--server.port", str(port)]
    environment = os.environ | {"HOME": str(tmp_path), "OUTREACH_PUBLISHED": str(published)}
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", *options],
        cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with window(chromium) as opened, tab(opened, f"http://127.0.0.1:{port}") as page:
            wait_for(process, page.address)
            page.open(viewer="known")
            page.notice("it listens only on loopback (127.0.0.1), not on 0.0.0.0")
            assert page.values() == {}
    finally:
        process.terminate()
        process.wait()
