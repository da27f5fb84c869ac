"""`make superset`: serves a local Superset with the Reporting page's two views, or writes their bundle for an existing one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from bi.superset import bundle
from bi.superset.server import ADMIN, Superset, SupersetError
from outreach.settings import HOST, PROJECT, Settings, keep_private, shown, variable

PORT = 8088


def main() -> int:
    """Serves until it is interrupted, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make superset", description=__doc__)
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="write the bundle for Superset's Dashboards, Import, and serve nothing")
    parser.add_argument("--viewer", action="append", default=[], metavar="ACCOUNT",
                        help="a user for those who may see this account and those below it; may be given several times")  # fmt: skip
    parser.add_argument("--port", type=int, default=PORT, help=f"on {HOST} (default: %(default)s)")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    keep_private()
    settings = Settings.from_environment()
    if not settings.published.exists():
        console.print(f"{shown(settings.published)} is not there: `make build` publishes it.", style="bold red")
        return 2
    if arguments.bundle:
        target = arguments.bundle.resolve()
        bundle.write(target, settings.published)
        console.print(f"{target}: import it in Superset, at Dashboards, Import. It reads {settings.published}.")
        return 0
    os.chdir(PROJECT)
    superset = Superset(PROJECT / ".venv-superset", PROJECT / variable("OUTREACH_SUPERSET", "data/superset"), arguments.port)
    try:
        superset.prepare(console.print)
        console.print("Starting Superset")
        with superset.serving() as server:
            superset.bring(settings.published, arguments.viewer)
            console.print(f"\n{superset.url}/superset/dashboard/{bundle.SLUG}/")
            for user in (ADMIN, *arguments.viewer):
                console.print(f"  sign in as {user}, password {superset.secret(user)}")
            console.print("Ctrl+C ends it.")
            return server.wait()
    except SupersetError as error:
        console.print(str(error), style="bold red")
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
