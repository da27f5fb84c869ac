"""`make spark-build`: builds the same models on a Spark cluster, a local one or the one SPARK_MASTER names.

It reads the same landing zone as `make build`, builds and tests every model, and prints the last seven days of one account as Spark
answers them. With --publish it writes accounts to the published file, which the page and BI tools read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from outreach import zones
from outreach.kpis.entries import VIEWS, of_view
from outreach.landing.files import LandingError, check_landing
from outreach.landing.sample import ensure_landing
from outreach.settings import HOST, PROJECT, Settings, keep_private, shown, variable
from outreach.spark.cluster import ClusterError, standalone_cluster
from outreach.terminal import BUSIEST_ACCOUNT, report_table

CORES = os.cpu_count() or 2


def main() -> int:
    """Builds, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make spark-build", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--account", help="the account whose reports are shown (default: the busiest)")
    parser.add_argument(
        "--publish", nargs="*", metavar="ACCOUNT",
        help="publish these accounts and those below them to OUTREACH_PUBLISHED; without an account, all of them",
    )  # fmt: skip
    parser.add_argument("--no-tests", action="store_true", help="build the models and leave out their tests")
    parser.add_argument("--workers", type=int, default=2, help="workers of the machine's own cluster (default: 2)")
    parser.add_argument("--cores", type=int, default=max(1, CORES // 2), help="cores of each worker (default: the machine's, divided by 2)")
    parser.add_argument("--memory", default="2g", help="memory of each worker (default: 2g)")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=True)

    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    folder = Path(variable("OUTREACH_SPARK", "data/spark"))
    try:
        ensure_landing(settings, console.print)
        check_landing(settings.landing, settings.landing_format)
        master = os.environ.get("SPARK_MASTER")
        is_own_cluster = not master
        if master:
            console.print(f"Building on {master}")
            cluster: AbstractContextManager[str] = nullcontext(master)
        else:
            console.print(f"Starting a cluster of {arguments.workers} workers, {arguments.cores} cores and {arguments.memory} each")
            cluster = standalone_cluster(folder, arguments.workers, arguments.cores, arguments.memory)
        with cluster as master:
            os.environ |= {"SPARK_MASTER": master, "OUTREACH_SPARK_EXECUTOR_MEMORY": arguments.memory}
            os.environ.setdefault("SPARK_LOCAL_IP", HOST)
            return _build(arguments, settings, folder, console, is_own_cluster=is_own_cluster)
    except (LandingError, ClusterError) as error:
        console.print(f"[bold red]Nothing was built.[/] {escape(str(error))}")
        return 2


def _build(arguments: argparse.Namespace, settings: Settings, folder: Path, console: Console, *, is_own_cluster: bool) -> int:
    # Imported here: they take seconds, and a set-up error should not have to wait for them.
    from dbt.cli.main import dbtRunner

    from outreach.spark.export import ExportError, publish_accounts
    from outreach.spark.session import files_read, register_zones, spark_session

    os.environ["DBT_PROFILES_DIR"] = "profiles"
    target = folder / "target"
    command = [
        "build",
        "--target",
        "spark",
        "--target-path",
        str(target),
        *(["--exclude-resource-type", "test", "unit_test"] if arguments.no_tests else []),
    ]
    # Workers of the local cluster share this environment. Others may lack the zone database, so Java computes their days.
    if is_own_cluster:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        register_zones(spark_session())
    if not dbtRunner().invoke(command).success:
        console.print("[bold red]The build failed[/]; see above for what went wrong. What readers have open stays as it was.")
        return 1

    spark = spark_session()
    today = zones.today("Pacific/Kiritimati")
    try:
        busiest = spark.sql(BUSIEST_ACCOUNT).first()
        account = arguments.account or (busiest.account_id if busiest else None)
        newest = spark.sql(
            "select max(date_day) as day from marts.messaging_activity where account_id = :account and date_day <= :today",
            {"account": account, "today": today},
        ).first()
        end = (newest and newest.day) or today
        start = end - timedelta(days=6)
        for view in VIEWS:
            columns = ", ".join(kpi.column for kpi in of_view(view))
            report = spark.sql(
                f"select {columns} from reports.{view}_report(:account, :start, :end)", {"account": account, "start": start, "end": end}
            )
            console.print(report_table(f"{view.capitalize()}: {account}, {start} to {end}", of_view(view), tuple(report.collect()[0])))
            opened = files_read(report)
            console.print(
                f"It opened {sum(read for read, _ in opened.values())} of its tables' {sum(of for _, of in opened.values())} files.\n"
            )
        if arguments.publish is not None:
            manifest = json.loads((target / "manifest.json").read_text())
            run_id = f"spark {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            publication = publish_accounts(spark, arguments.publish, settings.published, manifest, folder / "transfer", run_id)
            console.print(
                f"Published {', '.join(arguments.publish) or 'all accounts'} to {shown(publication.path)}: `make dashboard` shows it."
            )
        else:
            console.print('`make spark-build ARGS="--publish ACCOUNT"` publishes an account and those below it for the page and BI tools.')
    except ExportError as error:
        console.print(f"[bold red]Nothing was published.[/] {escape(str(error))}")
        return 1
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
