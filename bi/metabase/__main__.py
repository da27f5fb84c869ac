"""`make metabase`: writes the Reporting page's two views as questions and a dashboard into an existing Metabase."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import urlsplit

from rich.console import Console

from bi.metabase.server import Metabase, MetabaseError
from outreach.settings import HOST, Settings, shown, variable
from outreach.terminal import busiest_account
from outreach.warehouse.connection import opened

URL = f"http://{HOST}:3000"


def main() -> int:
    """Writes them, and returns the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="make metabase", description=__doc__, epilog="METABASE_API_KEY holds the key of an administrator."
    )
    parser.add_argument("--url", default=URL, help="of Metabase (default: %(default)s)")
    parser.add_argument("--file", help="the published file, by its path where Metabase runs (default: its path here)")
    parser.add_argument("--account", help="the account that is shown first (default: the busiest)")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    settings = Settings.from_environment()
    key = variable("METABASE_API_KEY", "")
    if not key:
        return refused("METABASE_API_KEY is not set: expected a key of the group Administrators (Admin settings, API keys).")
    if urlsplit(arguments.url).scheme not in ("http", "https"):
        return refused(f"--url is '{arguments.url}': expected an address such as {URL}.")
    if not settings.published.exists():
        return refused(f"{shown(settings.published)} is not there: `make build` publishes it.")
    with opened(settings.published) as db:
        account = arguments.account or busiest_account(db) or ""
    try:
        address = Metabase(arguments.url, key).bring(arguments.file or str(settings.published), account, console.print)
    except MetabaseError as error:
        return refused(str(error))
    console.print(address)
    return 0


def refused(why: str) -> int:
    """Prints why nothing was done, and returns the exit code."""
    Console(highlight=False, soft_wrap=True, markup=False).print(why, style="bold red")
    return 2


if __name__ == "__main__":
    sys.exit(main())
