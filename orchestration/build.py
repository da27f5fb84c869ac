"""The main job: `make build`. Landing zone in, reports out.

Writes a sample landing zone if there is none, runs the same job as Dagster's UI, and prints the last seven days of one account.
If nothing is new, no run is started.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from orchestration.instance import own_instance, prepare_home
from outreach.importing import much_to_import
from outreach.landing.files import LandingError, check_landing
from outreach.landing.sample import ensure_landing
from outreach.quality.rules import Limits
from outreach.settings import PROJECT, STALE_HOURS, Settings, SettingsError, keep_private, variable
from outreach.terminal import show_reports
from outreach.turns import turn
from outreach.warehouse.connection import WarehouseError, check_warehouse
from outreach.warehouse.dbt_process import DbtProcess
from outreach.warehouse.standing import Standing, hours_since, standing_publication


def main() -> int:
    """Builds, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make build", description=__doc__.splitlines()[0])
    parser.add_argument("--account", help="the account whose reports are shown (default: the busiest)")
    parser.add_argument("--full-refresh", action="store_true", help="build everything anew from the whole landing zone")
    parser.add_argument("--anyway", action="store_true", help="build and check also where nothing has changed since the last run")
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE", type=_limit,
        help="another limit of the landing checks, for this run alone, such as oldest_days=3650; may be given several times",
    )  # fmt: skip
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)

    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    try:
        settings.check_places()
        with turn(settings.warehouse, "make build", waiting=partial(say_who_builds, console=console)):
            return build(settings, arguments, console)
    except (LandingError, SettingsError, WarehouseError) as error:
        console.print(f"[bold red]Nothing was built.[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 2


def build(settings: Settings, arguments: argparse.Namespace, console: Console) -> int:
    """Builds if there is something to do, prints the reports, and returns the process's exit code.

    Args:
        settings: where everything is.
        arguments: the command's arguments.
        console: where to print.

    Raises:
        LandingError: the landing zone is not set up as the variables say.
        WarehouseError: the warehouse cannot be written.
    """
    is_new = ensure_landing(settings, partial(console.print, highlight=False))
    check_landing(settings.landing, settings.landing_format)
    check_warehouse(settings.warehouse)
    # A warehouse built from an earlier sample has nothing in common with this one.
    full_refresh = arguments.full_refresh or is_new
    if not (arguments.anyway or full_refresh) and (standing := standing_publication(settings)):
        say_that_nothing_is_new(standing, console)
        show_reports(settings, arguments.account, console)
        return 0
    if not run_job(settings, full_refresh=full_refresh, limits=dict(arguments.limit)):
        console.print(
            "[bold red]The build failed[/]; see above for what went wrong. Readers keep the last good publication.", soft_wrap=True
        )
        return 1
    show_reports(settings, arguments.account, console)
    return 0


def say_who_builds(other: str, console: Console) -> None:
    """Prints who is building before this process waits for its turn."""
    console.print(f"Another build works on this warehouse ({other}); waiting for it to end.", markup=False, highlight=False, soft_wrap=True)


def _limit(text: str) -> tuple[str, float]:
    """Parses a limit of the landing checks, written `NAME=VALUE`."""
    name, _, value = text.partition("=")
    known = {name: type(value) for name, value in asdict(Limits()).items()}
    if name not in known:
        raise argparse.ArgumentTypeError(f"there is no limit '{name}': expected one of {', '.join(known)}")
    try:
        return name, known[name](value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} is '{value}': expected a number") from None


def say_that_nothing_is_new(standing: Standing, console: Console) -> None:
    """Prints why no run is started, and how to start one anyway."""
    console.print(
        f"Nothing is new: the last run was whole, and no landing file, seed, macro, model or check has changed since "
        f"{standing.published_at:%Y-%m-%d %H:%M} UTC. [bold]make build ARGS=--anyway[/] builds all the same.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if (hours := hours_since(standing.newest_file_at)) > STALE_HOURS:
        console.print(f"[yellow]WARN[/] No landing file has come for {hours:,.0f} hours.", highlight=False, soft_wrap=True)


def run_job(settings: Settings, *, full_refresh: bool, limits: dict[str, float]) -> bool:
    """Runs the main job in this process, prints a line per step, and records the run for the UI.

    Args:
        settings: where everything is.
        full_refresh: whether to rebuild everything.
        limits: limits of the landing checks that differ from the defaults, by name.

    Returns:
        Whether all of its steps succeeded.
    """
    prepare_home(settings)
    # Only on Linux may a process fork safely once it has loaded libraries.
    if variable("OUTREACH_DBT", "") or sys.platform != "linux":
        return _run_job(settings, full_refresh=full_refresh, limits=limits)
    # dbt starts up while Dagster is imported and the landing zone is checked.
    with closing(DbtProcess()) as dbt:
        os.environ["OUTREACH_DBT"] = str(dbt.executable)
        return _run_job(settings, full_refresh=full_refresh, limits=limits)


def _run_job(settings: Settings, *, full_refresh: bool, limits: dict[str, float]) -> bool:
    # Imported here: it takes seconds, and a set-up error should not have to wait for it.
    with much_to_import():
        from orchestration.console import CONSOLE
        from orchestration.definitions import defs
        from orchestration.jobs import run_config

    with own_instance(settings) as instance, _own_output() as output:
        CONSOLE.file = output
        job = defs.resolve_job_def("full_refresh" if full_refresh else "build")
        config = run_config(full_refresh=full_refresh, **limits)
        return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False).success


@contextmanager
def _own_output() -> Iterator[TextIO]:
    """Keeps standard output for the run's own lines. dbt's further output goes to the run's log, as it does under the UI."""
    sys.stdout.flush()
    with open(os.dup(1), "w") as output, open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield output
        finally:
            sys.stdout.flush()
            os.dup2(output.fileno(), 1)


if __name__ == "__main__":
    sys.exit(main())
