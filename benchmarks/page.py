"""How fast the Reporting page is: `python -m benchmarks.page`.

Queries the published file as the page does. It times the first view in a browser with an empty cache, and the server's work for filter
changes that nothing has cached yet.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from benchmarks.reports import accounts_by_size
from outreach.settings import HOST, PROJECT, Settings
from outreach.sql import one_row

CHROMIUM = Path("/usr/bin/chromium")


@dataclass(frozen=True)
class PageTimes:
    """Seconds, each as measured.

    Args:
        first_views: from the click on a link until the cards are drawn; empty without a browser.
        filter_changes: the server's time, by what was changed.
    """

    first_views: list[float]
    filter_changes: dict[str, list[float]]


def filter_changes(account: str, rounds: int) -> dict[str, list[float]]:
    """The server's time for filter changes, measured in this process, without network or browser.

    Args:
        account: whose page it is.
        rounds: how often each filter changes, each time to a value not asked for before.
    """
    logging.disable()
    os.chdir(PROJECT)
    # Imported with the logs silenced.
    from streamlit import config
    from streamlit.testing.v1 import AppTest

    config.get_config_options()
    page = AppTest.from_file(str(PROJECT / "dashboard/app.py"), default_timeout=60)
    page.query_params["viewer"] = account
    page.run()
    found: dict[str, list[float]] = {}

    def change(name: str, **parameters: str) -> None:
        for parameter, value in parameters.items():
            page.query_params[parameter] = value
        started = time.perf_counter()
        page.run()
        found.setdefault(name, []).append(time.perf_counter() - started)
        assert not page.exception, page.exception

    last = Settings.from_environment().published
    with duckdb.connect(str(last), read_only=True) as db:
        (end,) = one_row(db.execute("select max(date_day) from marts.fct_messages where account_id = $1", [account]))
        sql = "select campaign_id from marts.dim_campaigns where account_id = $1 order by created_at desc limit $2"
        campaigns = [row[0] for row in db.execute(sql, [account, rounds]).fetchall()]
    for step in range(rounds):
        until = end - timedelta(days=step + 1)
        change("7 days", start=str(until - timedelta(days=6)), end=str(until))
        change("7 days, Calling", view="calling")
        change("7 days, a campaign", view="messaging", campaign=campaigns[step % len(campaigns)])
        change("30 days, a campaign", start=str(until - timedelta(days=29)))
        change("30 days", campaign="")
        change("90 days", start=str(until - timedelta(days=89)))
    return found


def first_views(account: str, rounds: int, published: Path) -> list[float]:
    """Seconds from opening a link until the cards are drawn, in a browser with an empty cache.

    Args:
        account: whose page it is.
        rounds: how often.
        published: the published file.
    """
    if not CHROMIUM.exists():
        return []
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"OUTREACH_PUBLISHED": str(published)}
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", str(port)],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found = []
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            for _ in range(rounds):
                window = browser.new_context(viewport={"width": 1440, "height": 900})
                tab = window.new_page()
                started = time.perf_counter()
                tab.goto(f"http://{HOST}:{port}/?viewer={account}", wait_until="commit")
                tab.wait_for_selector("article.card")
                found.append(time.perf_counter() - started)
                # Let the rest finish drawing, so that it does not slow the next round.
                tab.wait_for_timeout(1500)
                window.close()
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return found


def measure(rounds: int) -> PageTimes:
    """Measures the page over the published file.

    Args:
        rounds: how often to measure each.
    """
    published = Settings.from_environment().published
    with duckdb.connect(str(published), read_only=True) as db:
        account = accounts_by_size(db)[0]
    return PageTimes(first_views(account, rounds, published), filter_changes(account, rounds))


def main() -> int:
    """Prints the times, and returns the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (default: %(default)s)")
    times = measure(parser.parse_args().rounds)
    for name, seconds in {"first view (browser)": times.first_views, **times.filter_changes}.items():
        if seconds:
            print(f"{name:28} first {seconds[0]:.2f} s  median {statistics.median(seconds):.3f} s  slowest {max(seconds):.3f} s")
        else:
            print(f"{name:28} not measured: {CHROMIUM} is not there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
