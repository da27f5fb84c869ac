"""What the landing zone holds, and what in it is new, before a build takes it in: what the landing checks look at.

DuckDB counts everything, file by file, by the rules of the build itself (`macros/staging`, `macros/dialect`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from orchestration.dbt.macros import render
from orchestration.landing.files import SHORTEST_LIMIT, list_files, literal_path, read_each
from orchestration.settings import Settings
from orchestration.warehouse import sql_text

# By stream: `required`, the columns without which a row does not count, and `event_types`, of event streams.
LANDING_RULES: dict[str, dict[str, list[str]]] = ast.literal_eval(render("landing_rules()"))
EVENT_STREAMS = [stream for stream, rules in LANDING_RULES.items() if "event_types" in rules]

# A file holds events of its ingest day and of earlier ones. Clocks that are ahead are given a day.
DAYS_AHEAD = 1


@dataclass(frozen=True)
class Day:
    """The files of one ingest day in one stream.

    Args:
        files: how many.
        bytes: their size on disk.
        rows: rows in those that can be read.
        new_files: files of it that the warehouse does not hold.
    """

    files: int
    bytes: int
    rows: int
    new_files: int


@dataclass(frozen=True)
class StreamState:
    """What one stream of the landing zone holds.

    Args:
        stream: its name.
        files: its files.
        bytes: their size on disk.
        rows: rows in those that can be read.
        latest_ingest_day: the newest day with a file; None without files.
        new_files: files that the warehouse does not hold.
        new_rows: rows in them.
        reject_reasons: of the new rows, how many will be rejected, by reason.
        unreadable_files: new files that cannot be read, each with the reason.
        days: its ingest days.
    """

    stream: str
    files: int
    bytes: int
    rows: int
    latest_ingest_day: date | None
    new_files: int
    new_rows: int
    reject_reasons: dict[str, int]
    unreadable_files: list[str]
    days: dict[date, Day]


@dataclass(frozen=True)
class Survey:
    """The landing zone as it was found.

    Args:
        database: a DuckDB file with `landing_files`, one row per file, and a table per stream, named like it, of one row:
            what the stream's checks look at.
        streams: the state of each stream.
    """

    database: Path
    streams: dict[str, StreamState]


@contextmanager
def survey(settings: Settings, *, everything: bool = False, oldest_days: int = 730) -> Iterator[Survey]:
    """Counts what is in the landing zone, and reads the files that the warehouse does not hold yet.

    Args:
        settings: where the landing zone and the warehouse are. The warehouse may not be there yet.
        everything: whether all files count as new, as they are to a full refresh.
        oldest_days: an event that is further back than this many days from its file's ingest day counts as old.

    Yields:
        The survey. Its database is gone afterwards.

    Raises:
        LandingError: the landing zone cannot be listed.
        duckdb.IOException: another process holds the warehouse.
    """
    with TemporaryDirectory(prefix="outreach-landing-") as folder:
        database = Path(folder) / "landing.duckdb"
        with duckdb.connect(str(database)) as db:
            db.execute("set timezone = 'UTC'; set threads = 1")
            _list(db, settings)
            _compare_with_warehouse(db, settings, everything)
            for stream in LANDING_RULES:
                _read_new_files(db, settings, stream, oldest_days)
            streams = {stream: _sum_up(db, stream) for stream in LANDING_RULES}
        yield Survey(database, streams)


def _list(db: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    db.execute("""
        create table landing_files (
            path varchar, stream varchar, ingest_date date, bytes bigint, modified_at timestamp, problem varchar,
            is_new boolean default true, rows bigint default 0, broken_lines bigint default 0,
            rejects map(varchar, bigint), future_rows bigint default 0, old_rows bigint default 0, missing_columns varchar[]
        );
        create table known_accounts (account_id varchar);
    """)
    files = [
        [file.path, file.stream, file.ingest_date, file.bytes, file.modified_at, file.problem]
        for file in list_files(settings.landing, settings.landing_format)
        if file.stream in LANDING_RULES
    ]
    if files:
        columns = "path, stream, ingest_date, bytes, modified_at, problem"
        db.executemany(f"insert into landing_files ({columns}) values (?, ?, ?, ?, ?, ?)", files)


def _compare_with_warehouse(db: duckdb.DuckDBPyConnection, settings: Settings, everything: bool) -> None:
    """Marks the files that the warehouse holds as they are, and takes its count of them."""
    if everything or not settings.warehouse.exists():
        return
    db.execute(f"attach {sql_text(settings.warehouse)} as warehouse (read_only)")
    query = "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'staging'"
    tables = {name for (name,) in db.execute(query).fetchall()}
    if "landing_files" in tables:
        db.execute("""
            update landing_files
            set is_new = false, rows = held.rows_landed, broken_lines = held.broken_lines, problem = held.problem
            from warehouse.staging.landing_files as held
            where
                landing_files.path = held.path and landing_files.bytes = held.bytes
                and landing_files.modified_at = held.modified_at and held.rules != ''
        """)
    if "stg_accounts" in tables:
        db.execute("insert into known_accounts select account_id from warehouse.staging.stg_accounts")
    db.execute("detach warehouse")


def _read_new_files(db: duckdb.DuckDBPyConnection, settings: Settings, stream: str, oldest_days: int) -> None:
    query = "select path, ingest_date from landing_files where stream = ? and is_new and problem is null order by path"
    days = dict(db.execute(query, [stream]).fetchall())
    if not days:
        return

    def read(path: str, cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        return _measure(cursor, str(Path(settings.landing, path)), stream, days[path], oldest_days)

    for path, measured in zip(days, read_each(settings.landing, list(days), read, db), strict=True):
        if isinstance(measured, str):
            db.execute("update landing_files set problem = ? where path = ?", [f"cannot be read: {measured}", path])
            continue
        db.executemany("insert into known_accounts values (?)", [[account] for account in measured.pop("account_ids")] or [[None]])
        assignments = ", ".join(f"{column} = ${column}" for column in measured)
        db.execute(f"update landing_files set {assignments} where path = $path", measured | {"path": path})


def _measure(db: duckdb.DuckDBPyConnection, file: str, stream: str, ingest_day: date, oldest_days: int) -> dict[str, Any]:
    """Counts what is in one file; the keys are columns of `landing_files`, and the account ids that it brings."""
    rules = LANDING_RULES[stream]
    is_events = stream in EVENT_STREAMS
    columns = rules["required"] + (["event_type", "occurred_at"] if is_events else [])
    texts = {"occurred_at": "occurred_text"}
    # What is no event stream has no times to look at.
    moment = render("parse_timestamp('texts.occurred_at')") if is_events else "null::timestamp"
    of_known_accounts = "left join (select distinct account_id from known_accounts) as accounts on rows.account_id = accounts.account_id"
    result = db.execute(f"""
        with texts as ({_texts(db, file, columns)}),

        rows as (
            select * {"rename (occurred_at as occurred_text)" if is_events else ""}, {moment} as occurred_at
            from texts
            where is_row
        ),

        judged_rows as (
            select
                rows.*,
                {render("reject_reason(required, event_types)", required=rules["required"], event_types=rules.get("event_types"))}
                    as reject_reason
            from rows
            {of_known_accounts if is_events else ""}
        )

        select
            count(*) as rows,
            (select count(*) from texts where not is_row) as broken_lines,
            histogram(reject_reason) filter (where reject_reason is not null) as rejects,
            count(*) filter (where occurred_at >= $day + interval {1 + DAYS_AHEAD} day) as future_rows,
            count(*) filter (where occurred_at < $day - interval {oldest_days} day) as old_rows,
            case when count(*) = 0 then [] else list_filter([
                {", ".join(f"case when count({texts.get(column, column)}) = 0 then '{column}' end" for column in columns)}
            ], column_name -> column_name is not null) end as missing_columns,
            {"list(distinct account_id)" if stream == "accounts" else "[]"} as account_ids
        from judged_rows as rows
    """, {"day": ingest_day})  # fmt: skip
    names = [column[0] for column in result.description]
    return dict(zip(names, result.fetchone(), strict=True))


def _texts(db: duckdb.DuckDBPyConnection, file: str, columns: list[str]) -> str:
    """A file's rows as trimmed text, and whether each line is a row at all."""
    path = "'" + literal_path(file).replace("'", "''") + "'"
    if file.endswith(".parquet"):
        described = db.execute(f"describe select * from read_parquet({path}, hive_partitioning = false)").fetchall()
        present = {name.lower(): '"' + name.replace('"', '""') + '"' for name, *_ in described}
        values = [f"{render('trimmed(value)', value=present.get(column, 'null'))} as {column}" for column in columns]
        return f"select true as is_row, {', '.join(values)} from read_parquet({path}, hive_partitioning = false)"
    structure = json.dumps(dict.fromkeys(columns, "VARCHAR"))
    values = [f"{render('trimmed(value)', value=f'fields.{column}')} as {column}" for column in columns]
    return f"""
        select json is not null as is_row, {", ".join(values)}
        from (
            select json, json_transform(json, '{structure}') as fields
            from read_json_objects(
                {path}, format = 'newline_delimited', ignore_errors = true, maximum_object_size = {SHORTEST_LIMIT}
            )
        )
    """


def _sum_up(db: duckdb.DuckDBPyConnection, stream: str) -> StreamState:
    """Writes the stream's own table."""
    db.execute(f"""
        create table {stream} as
        with files as (select * from landing_files where stream = '{stream}'),

        latest as (select max(ingest_date) as latest_day from files),

        -- The newest day that is closed, and the same weekday of the four weeks before it.
        volumes as (
            select
                coalesce(sum(files.rows) filter (where files.ingest_date = latest_day - 1), 0) as closed_day_rows,
                sum(files.rows) filter (where files.ingest_date in (latest_day - 8, latest_day - 15, latest_day - 22, latest_day - 29))
                    / count(distinct files.ingest_date) filter (
                        where files.ingest_date in (latest_day - 8, latest_day - 15, latest_day - 22, latest_day - 29)
                    ) as usual_rows
            from files
            cross join latest
        ),

        counts as (
            select
                count(*) as files,
                coalesce(sum(bytes), 0) as bytes,
                coalesce(sum(rows), 0) as rows,
                max(ingest_date) as latest_ingest_day,
                date_diff('minute', max(modified_at), now() at time zone 'UTC') / 60.0 as hours_since_last_file,
                count(*) filter (where is_new) as new_files,
                coalesce(sum(rows) filter (where is_new), 0) as new_rows,
                coalesce(sum(broken_lines) filter (where is_new), 0) as broken_lines,
                coalesce(sum(list_sum(map_values(rejects))) filter (where is_new), 0) as rejected_rows,
                coalesce(sum(future_rows), 0) as future_rows,
                coalesce(sum(old_rows), 0) as old_rows,
                nullif(string_agg(path || ' lacks ' || list_aggregate(missing_columns, 'string_agg', ', '), '; ' order by path) filter (
                    where len(missing_columns) > 0
                ), '') as missing_columns
            from files
        )

        select
            '{stream}' as stream,
            counts.*,
            broken_lines / nullif(new_rows + broken_lines, 0) as broken_share,
            rejected_rows / nullif(new_rows, 0) as rejected_share,
            future_rows / nullif(new_rows, 0) as future_share,
            old_rows / nullif(new_rows, 0) as old_share,
            volumes.closed_day_rows,
            volumes.usual_rows,
            volumes.closed_day_rows / nullif(volumes.usual_rows, 0) as volume_against_usual
        from counts
        cross join volumes
    """)
    reject_reasons = db.execute("""
        select reject.key, sum(reject.value)::bigint
        from (select unnest(map_entries(rejects)) as reject from landing_files where stream = ? and is_new)
        group by 1 order by 2 desc, 1
    """, [stream]).fetchall()  # fmt: skip
    unreadable = "select path || ' ' || problem from landing_files where stream = ? and is_new and problem is not null order by path"
    days = db.execute("""
        select ingest_date, count(*), sum(bytes)::bigint, sum(rows)::bigint, count(*) filter (where is_new)
        from landing_files where stream = ? and ingest_date is not null group by 1 order by 1
    """, [stream]).fetchall()  # fmt: skip
    columns = "files, bytes::bigint, rows::bigint, latest_ingest_day, new_files, new_rows::bigint"
    return StreamState(
        stream,
        *db.execute(f"select {columns} from {stream}").fetchone(),
        reject_reasons=dict(reject_reasons),
        unreadable_files=[problem for (problem,) in db.execute(unreadable, [stream]).fetchall()],
        days={day: Day(*counts) for day, *counts in days},
    )
