"""Out of Spark, for readers: accounts' marts in a DuckDB file, so that the page and BI tools work as they do without Spark."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import run
from typing import Any

import duckdb
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

from outreach.landing.streams import EVENT_STREAMS
from outreach.settings import PROJECT
from outreach.warehouse.publication import Publication, copied_models, publish


class ExportError(Exception):
    """Nothing was published. The message says why, in one sentence."""


def publish_accounts(
    spark: SparkSession, accounts: Sequence[str], published: Path, manifest: Mapping[str, Any], folder: Path, run_id: str
) -> Publication:
    """Publishes accounts, and those below them, from what Spark has built.

    Spark writes each published table's rows of these accounts as Parquet; DuckDB takes them into a file, dbt adds the views and
    report functions to it, and that file is published as a warehouse is.

    Args:
        spark: the session.
        accounts: ids; none means all of them.
        published: the file to replace.
        manifest: dbt's manifest.
        folder: for what lies between: the driver and the workers must both see it. It is gone at the end.
        run_id: named in the publication.

    Returns:
        What stands there now.

    Raises:
        ExportError: an account is unknown.
    """
    visible = _visible_accounts(spark, accounts)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        warehouse = folder / "accounts.duckdb"
        with duckdb.connect(str(warehouse)) as db:
            db.execute("set timezone = 'UTC'; create schema marts; create schema staging")
            for model in copied_models(manifest):
                frame = spark.table(f"marts.{model['name']}")
                if not model["config"]["meta"].get("of_no_account"):
                    frame = _of_accounts(frame, visible if accounts else None)
                _copy(frame, db, f"marts.{model['name']}", model["columns"], folder / model["name"])
            for stream in EVENT_STREAMS:
                newest = _of_accounts(spark.table(f"staging.stg_{stream}"), visible if accounts else None).agg({"occurred_at": "max"})
                ((moment,),) = newest.collect()
                db.execute(f"create table staging.stg_{stream} as select $1::timestamp as occurred_at", [moment])
        _add_views_and_reports(warehouse)
        return publish(warehouse, published, manifest, run_id)
    finally:
        shutil.rmtree(folder)


def _visible_accounts(spark: SparkSession, accounts: Sequence[str]) -> list[str]:
    access = spark.table("marts.account_access")
    if unknown := set(accounts) - {row.account_id for row in access.where(col("account_id").isin(*accounts)).collect()}:
        raise ExportError(f"There is no account {', '.join(sorted(unknown))}; nothing was published.")
    below = access.where(col("viewer_account_id").isin(*accounts)).select("account_id").distinct()
    return sorted(row.account_id for row in below.collect())


def _of_accounts(frame: DataFrame, accounts: list[str] | None) -> DataFrame:
    if accounts is None:
        return frame
    columns = [name for name in ("account_id", "viewer_account_id") if name in frame.columns]
    if not columns:
        # Counts over all accounts are nobody's.
        return frame.limit(0)
    for name in columns:
        frame = frame.where(col(name).isin(*accounts))
    return frame


def _copy(frame: DataFrame, db: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any], folder: Path) -> None:
    frame.write.mode("overwrite").parquet(str(folder))
    # Spark's moments have a timezone in Parquet, and are UTC.
    typed = ", ".join(f"cast({name} as {column['data_type']}) as {name}" for name, column in columns.items())
    db.execute(f"create table {table} as select {typed} from read_parquet($1)", [f"{folder}/*.parquet"])
    shutil.rmtree(folder)


def _add_views_and_reports(warehouse: Path) -> None:
    arguments = ["run", "--quiet", "--target", "duckdb", "--select", "config.meta.published:view", "path:models/reports"]
    dbt = run(
        [Path(sys.executable).with_name("dbt"), *arguments, "--target-path", str(warehouse.parent / "target")], cwd=PROJECT,
        env=os.environ | {"OUTREACH_WAREHOUSE": str(warehouse), "DBT_PROFILES_DIR": "profiles"}, capture_output=True, text=True,
    )  # fmt: skip
    if dbt.returncode:
        raise ExportError(f"The views and reports could not be made; nothing was published. {dbt.stdout}{dbt.stderr}")
