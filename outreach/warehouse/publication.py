"""The copy that readers open: `marts` and `reports` of the warehouse, written beside the last one and renamed over it.

A reader that has the last one open goes on with it undisturbed; one that opens afterwards sees the new. Nobody sees half of one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from outreach.landing.streams import EVENT_STREAMS
from outreach.sql import one_row, sql_text
from outreach.warehouse.connection import STORAGE_VERSION, opened, written_beside


class PublicationError(Exception):
    """The warehouse lacks what is to be published, or what was written does not say what it says."""


@dataclass(frozen=True)
class Publication:
    """What was published.

    Args:
        path: the file.
        bytes: its size.
        published_at: when, UTC, without an offset.
        newest_event_at: time of the newest event in it, likewise; None without events.
        row_counts: rows by table.
    """

    path: Path
    bytes: int
    published_at: datetime
    newest_event_at: datetime | None
    row_counts: dict[str, int]


def publish(warehouse: Path, published: Path, manifest: Mapping[str, Any], run_id: str, built_from: str | None = None) -> Publication:
    """Publishes the marts and reports that stand in the warehouse.

    A model's `meta: {published: …}` says how: as a `table` (what holds without one), as a `view` over other published tables, or
    `no`. Tables are sorted by account and day, or by their first column, so that a report reads its account's rows only.

    Args:
        warehouse: the DuckDB file to publish from. It is only read.
        published: the file to replace.
        manifest: dbt's manifest, which names the models and the parameters of report functions.
        run_id: the run that publishes.
        built_from: the state of warehouse and project that is published (see `outreach.warehouse.standing`), if that can be told.

    Returns:
        What stands there now.

    Raises:
        duckdb.Error: something of it cannot be written or read back. The last publication stands as it was.
        PublicationError: likewise, where a report is missing, or its answer is not the warehouse's.
    """
    published.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(published, "unfinished") as beside:
        with duckdb.connect(config={"preserve_insertion_order": False}) as db:
            db.execute("set timezone = 'UTC'")
            db.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
            db.execute(f"attach {sql_text(beside)} as published (storage_version '{STORAGE_VERSION}')")
            # One transaction, because each waits for the disk.
            db.begin()
            db.execute("create schema published.marts; create schema published.reports")
            row_counts = _copy_marts(db, manifest)
            publication_id = uuid4().hex
            published_at, newest_event_at = _sign(db, publication_id, run_id, row_counts, built_from)
            copy_reports(db, manifest, publication_id)
            _comment(db, manifest)
            db.commit()
            db.execute("checkpoint published; use memory; detach published")
        _compare_reports(warehouse, beside, manifest)
        os.replace(beside, published)
    return Publication(published, published.stat().st_size, published_at, newest_event_at, row_counts)


def published_models(manifest: Mapping[str, Any], *schemas: str) -> list[Mapping[str, Any]]:
    """The models that are published, in the order of their names.

    Args:
        manifest: dbt's manifest.
        schemas: of these alone (default: of all that are published).
    """
    schemas = schemas or ("marts", "reports")
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] in schemas]
    return sorted((model for model in models if _form(model) != "no"), key=lambda model: model["name"])


def copied_models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The marts whose rows stand in the published file, in the order of their names.

    Args:
        manifest: dbt's manifest.
    """
    return [model for model in published_models(manifest, "marts") if _form(model) == "table"]


def _form(model: Mapping[str, Any]) -> str:
    return str(model["config"]["meta"].get("published", "table"))


def _copy_marts(db: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> dict[str, int]:
    row_counts = {}
    # Names in a view's text are those of the database that is in use.
    db.execute("use warehouse")
    for model in copied_models(manifest):
        name = model["name"]
        columns = [column for column, *_ in db.execute(f"describe marts.{name}").fetchall()]
        order = [column for column in ("account_id", "date_day") if column in columns] or columns[:1]
        db.execute(f"create table published.marts.{name} as select * from marts.{name} order by {', '.join(order)}")
        (row_counts[name],) = one_row(db.execute(f"select count(*) from published.marts.{name}"))
    db.execute("use published")
    copy_views(db, manifest)
    return row_counts


def copy_views(db: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """Copies the published views of the database attached as `warehouse` to the one that is in use, which has the tables.

    Args:
        db: the connection.
        manifest: dbt's manifest, which says what they read.

    Raises:
        PublicationError: a view is missing.
    """
    for name, query in _view_queries(db, manifest).items():
        db.execute(f"create view marts.{name} as {query}")


def _view_queries(db: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The query of each published view, by name, over tables alone.

    What reads a view could not be copied before it, and DuckDB's EXPORT DATABASE writes functions first.
    """
    query = "select view_name, sql from duckdb_views() where database_name = 'warehouse' and schema_name = 'marts'"
    definitions = dict(db.execute(query).fetchall())
    views = {model["unique_id"]: model for model in published_models(manifest, "marts") if _form(model) == "view"}
    queries: dict[str, str] = {}
    # A view comes after those that it reads.
    for view in TopologicalSorter({key: views.keys() & model["depends_on"]["nodes"] for key, model in views.items()}).static_order():
        _, _, body = _defined(definitions, views[view]).partition(" AS ")
        queries[views[view]["name"]] = _over_tables(body.rstrip().rstrip(";"), queries)
    return queries


def _over_tables(query: str, views: Mapping[str, str]) -> str:
    """A query of DuckDB's own writing with the views that it reads written out."""
    for name, body in views.items():
        query = re.sub(rf"\bmarts\.{name}\b( AS )?", partial(_written_out, name, body), query)
    return query


def _written_out(name: str, body: str, found: re.Match[str]) -> str:
    return f"({body}){found[1] or f' AS {name}'}"


def _defined(definitions: Mapping[str, str], model: Mapping[str, Any]) -> str:
    if model["name"] not in definitions:
        raise PublicationError(f"{model['schema']}.{model['name']} is not in the warehouse; build it first. Nothing was published.")
    return definitions[model["name"]]


def copy_reports(db: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], publication_id: str | None = None) -> None:
    """Copies the report functions of the database attached as `warehouse` to the one that is in use.

    Args:
        db: the connection.
        manifest: dbt's manifest, which names the functions and their parameters.
        publication_id: of the publication that they are copied to, if that is what they are copied to: they answer from no other.

    Raises:
        PublicationError: a function is missing.
    """
    query = "select function_name, macro_definition from duckdb_functions() where database_name = 'warehouse' and schema_name = 'reports'"
    definitions = dict(db.execute(query).fetchall())
    views = _view_queries(db, manifest)
    for function in published_models(manifest, "reports"):
        # DuckDB's catalogue does not tell the defaults of parameters.
        parameters = ", ".join(function["config"]["parameters"])
        query = _over_tables(_defined(definitions, function), views)
        if publication_id is not None:
            query = f"select * from ({query}) as report where ({_is_publication(publication_id)})"
        db.execute(f"create macro reports.{function['name']}({parameters}) as table {query}")


def _is_publication(publication_id: str) -> str:
    """Whether the database in use is this publication, as SQL that ends with an error where it is not.

    DuckDB binds a function's body when it is called, in the database in use, whichever the function stands in: with two files
    attached, one's function would give the other's numbers.
    """
    advice = "This report was published in another file than the one in use: run USE with the name of its file, then ask again."
    return f"""
        select case when max(publication_id) = {sql_text(publication_id)} then true else error({sql_text(advice)}) end
        from marts.publication
    """


def _comment(db: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """Writes each model's and column's description where BI tools show it."""
    for model in published_models(manifest, "marts"):
        name = f"marts.{model['name']}"
        db.execute(f"comment on {_form(model)} {name} is {sql_text(model['description'])}")
        for column, described in model["columns"].items():
            db.execute(f'comment on column {name}."{column}" is {sql_text(described["description"])}')


def _sign(
    db: duckdb.DuckDBPyConnection, publication_id: str, run_id: str, row_counts: dict[str, int], built_from: str | None
) -> tuple[datetime, datetime | None]:
    """Writes `marts.publication`, one row."""
    published_at = datetime.now(UTC).replace(tzinfo=None)
    newest = " union all ".join(f"select max(occurred_at) as occurred_at from warehouse.staging.stg_{stream}" for stream in EVENT_STREAMS)
    (newest_event_at,) = one_row(db.execute(f"select max(occurred_at) from ({newest})"))
    db.execute("""
        create table marts.publication (
            published_at timestamp not null, run_id varchar not null, newest_event_at timestamp, row_counts map(varchar, bigint) not null,
            built_from varchar, publication_id varchar not null
        );
        comment on table marts.publication is 'One row: when this file was published, and what is in it.';
        comment on column marts.publication.published_at is 'When it was published, UTC.';
        comment on column marts.publication.run_id is 'The Dagster run that published it.';
        comment on column marts.publication.newest_event_at is 'Time of the newest event in it, UTC.';
        comment on column marts.publication.row_counts is 'Rows by table.';
        comment on column marts.publication.built_from is
            'Fingerprint of the warehouse and the project that it was published from; a build that finds both unchanged has nothing to do.';
        comment on column marts.publication.publication_id is 'Of this file alone: its reports answer from no other.';
    """)
    counts = [list(row_counts), list(row_counts.values())]
    values = [published_at, run_id, newest_event_at, *counts, built_from, publication_id]
    db.execute("insert into marts.publication values ($1, $2, $3, map($4, $5), $6, $7)", values)
    return published_at, newest_event_at


def _compare_reports(warehouse: Path, published: Path, manifest: Mapping[str, Any]) -> None:
    """Asks each report function of both files the same, as a reader would.

    The catalogue's text of a function is DuckDB's own writing of it, and need not mean what was compiled.
    """
    with opened(warehouse) as one, opened(published) as other:
        busiest = "select account_id, max(date_day) from marts.fct_messages group by account_id order by count(*) desc, account_id limit 1"
        account, newest_day = one_row(one.execute(busiest)) or ("", date.today())
        for function in published_models(manifest, "reports"):
            query = f"select * from reports.{function['name']}($1, $2, $3) order by all"
            answers = [db.execute(query, [account, newest_day - timedelta(days=29), newest_day]).fetchall() for db in (one, other)]
            if answers[0] != answers[1]:
                raise PublicationError(f"reports.{function['name']} gives another answer than in the warehouse; nothing was published.")
