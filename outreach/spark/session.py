"""The Spark session that dbt works in, and what its plans tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import jinja2
import yaml
from pyspark.cloudpickle import register_pickle_by_value
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DateType, IntegerType, LongType, StringType

from outreach import zones
from outreach.settings import PROJECT


def spark_session() -> SparkSession:
    """The session of `profiles/profiles.yml`, target `spark`: the one that stands, or a new one."""
    text = (PROJECT / "profiles/profiles.yml").read_text()
    profile = yaml.safe_load(jinja2.Template(text).render(env_var=lambda name, default=None: os.environ.get(name, default)))
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in profile["outreach"]["outputs"]["spark"]["server_side_parameters"].items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def register_zones(spark: SparkSession) -> None:
    """Gives a session the functions that answer from the zone database (see `macros/adapters/time.sql`).

    Args:
        spark: the session.
    """
    # By value, so that workers need nothing of the project.
    register_pickle_by_value(zones)
    for function, returned in ((zones.local_day, DateType()), (zones.local_hour, IntegerType()), (zones.moment_of, LongType())):
        spark.udf.register(function.__name__, _null_of_null(function), returned)
    spark.udf.register("timezone_names", zones.timezone_names, ArrayType(StringType()))
    spark.udf.register("zone_release", lambda: zones.RELEASE, StringType())


def _null_of_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function as SQL has them, and DuckDB calls it: null if an argument is null."""
    return lambda *arguments: None if None in arguments else function(*arguments)


def files_read(frame: DataFrame) -> dict[str, tuple[int, int]]:
    """Runs a query, and tells which of its tables' files it has opened.

    Args:
        frame: the query.

    Returns:
        By table: how many files were opened, and how many it has.
    """
    frame.collect()
    found: dict[str, tuple[int, int]] = {}
    for scan in _scans(frame._jdf.queryExecution().executedPlan()):
        location = scan.relation().location()
        paths = {urlsplit(path).path for path in location.inputFiles()}
        if not paths:
            continue
        partitions = scan.inputRDD().filePartitions()
        opened = {str(file.filePath()) for index in range(partitions.size()) for file in partitions.apply(index).files()}
        name = next(iter(paths)).split("/")[-2]
        found[name] = (len(opened), len(paths))
    return found


def _scans(plan: Any) -> Iterator[Any]:
    """The plan's nodes that read files; what a query adapts itself to as it runs included."""
    kind = plan.getClass().getSimpleName()
    if kind == "AdaptiveSparkPlanExec":
        yield from _scans(plan.executedPlan())
    elif kind.endswith("QueryStageExec"):
        yield from _scans(plan.plan())
    elif kind == "FileSourceScanExec":
        yield plan
    else:
        children = plan.children()
        for index in range(children.size()):
            yield from _scans(children.apply(index))
