"""What the landing zone holds, and what in it is new, before a build takes it in: what the landing checks look at.

DuckDB counts everything, file by file, by the rules of the build itself (`macros/staging`, `macros/adapters`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from outreach.landing.files import BATCH, PARQUET_OPTIONS, SHORTEST_LIMIT, by_file, list_files, open_lines, read_each, repaired_rows
from outreach.landing.streams import EVENT_STREAMS, LANDING_RULES
from outreach.macros import call
from outreach.settings import Settings
from outreach.sql import literal_path, one_row, sql_name, sql_paths, sql_text

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
class StreamProfile:
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
        unexpected: of the new rows, how many have a value outside its column's vocabulary, by column and value.
        broken_files: new files with lines that are not JSON, each with how many.
        gone_files: files that the warehouse was built from and that are no longer there, each with its rows.
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
    unexpected: dict[tuple[str, str], int]
    broken_files: list[str]
    gone_files: list[str]
    unreadable_files: list[str]
    days: dict[date, Day]


@dataclass(frozen=True)
class LandingProfile:
    """The landing zone as it was found.

    Args:
        database: a DuckDB file with `landing_files`, one row per file, and a table per stream, named like it, of one row:
            what the stream's checks look at.
        streams: the state of each stream.
    """

    database: Path
    streams: dict[str, StreamProfile]


@contextmanager
def profiled(settings: Settings, *, everything: bool = False, oldest_days: int = 730) -> Iterator[LandingProfile]:
    """Counts what is in the landing zone, and reads the files that the warehouse does not hold yet.

    Args:
        settings: where the landing zone and the warehouse are. The warehouse may not be there yet.
        everything: whether all files count as new, as they are to a full refresh.
        oldest_days: an event that is further back than this many days from its file's ingest day counts as old.

    Yields:
        The profile. Its database is gone afterwards.

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
            for stream in LANDING_RULES:
                _sum_up(db, stream)
            streams = {stream: _stream_profile(db, stream) for stream in LANDING_RULES}
        yield LandingProfile(database, streams)


def _list(db: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    db.execute("""
        create table landing_files (
            path varchar, stream varchar, ingest_date date, bytes bigint, modified_at timestamp, problem varchar,
            is_new boolean default true, rows bigint default 0, broken_lines bigint default 0,
            rejects map(varchar, bigint), unexpected map(varchar, bigint), future_rows bigint default 0, old_rows bigint default 0,
            missing_columns varchar[]
        );
        create table known_accounts (account_id varchar);
        create table held_files (path varchar, stream varchar, rows bigint);
    """)
    files = [vars(file) for file in list_files(settings.landing, settings.landing_format) if file.stream in LANDING_RULES]
    db.execute(f"insert into landing_files by name {_rows(call('listed_columns'))}", [json.dumps(files, default=str)])


def _compare_with_warehouse(db: duckdb.DuckDBPyConnection, settings: Settings, everything: bool) -> None:
    """Takes the warehouse's count of the files that it was built from, and marks those that it holds as they are."""
    if not settings.warehouse.exists():
        return
    db.execute(f"attach {sql_text(settings.warehouse)} as warehouse (read_only)")
    query = "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'staging'"
    tables = {name for (name,) in db.execute(query).fetchall()}
    if "landing_files" in tables:
        db.execute("insert into held_files select path, stream, rows_landed from warehouse.staging.landing_files where file_id is not null")
    if "landing_files" in tables and not everything:
        db.execute("""
            update landing_files
            set is_new = false, rows = held.rows_landed, broken_lines = held.broken_lines, problem = held.problem
            from warehouse.staging.landing_files as held
            where
                landing_files.path = held.path and landing_files.bytes = held.bytes
                and landing_files.modified_at = held.modified_at and held.rules != ''
        """)
    if "stg_accounts" in tables and not everything:
        db.execute("insert into known_accounts select account_id from warehouse.staging.stg_accounts")
    db.execute("detach warehouse")


def _read_new_files(db: duckdb.DuckDBPyConnection, settings: Settings, stream: str, oldest_days: int) -> None:
    query = "select path, ingest_date from landing_files where stream = ? and is_new and problem is null order by path"
    days = dict(db.execute(query, [stream]).fetchall())
    if not days:
        return

    def read(paths: list[str], cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
        files = {str(Path(settings.landing, path)): days[path] for path in paths}
        found = _measure(cursor, files, stream, oldest_days)
        for file, measured in found.items():
            if measured["broken_lines"] and (lines := repaired_rows(file, cursor)):
                found |= _measure(cursor, {file: files[file]}, stream, oldest_days, lines)
        return list(found.values())

    measurements = read_each(settings.landing, list(days), read, db, at_once=1 if settings.landing_format == "parquet" else BATCH)
    failed = [[f"cannot be read: {found}", path] for path, found in zip(days, measurements, strict=True) if isinstance(found, str)]
    if failed:
        db.executemany("update landing_files set problem = ? where path = ?", failed)
    rows = [{"path": path} | found for path, found in zip(days, measurements, strict=True) if isinstance(found, dict)]
    if rows:
        columns = ", ".join(f"{name} = found.{name}" for name in MEASURED)
        db.execute(f"create or replace table measured as {_rows({'path': 'VARCHAR'} | MEASURED)}", [json.dumps(rows)])
        db.execute(f"update landing_files set {columns} from measured as found where landing_files.path = found.path")
        accounts = sorted({account for row in rows for account in row["account_ids"] if account is not None})
        db.execute("insert into known_accounts select unnest($1::varchar[])", [accounts])


def _rows(types: dict[str, str]) -> str:
    """The query that gives the rows of a list of objects, which it takes as JSON."""
    return str(call("duckdb__rows_of_json", "$1", types))


# What is counted of a file: columns of `landing_files`.
MEASURED = {
    "rows": "BIGINT", "broken_lines": "BIGINT", "rejects": "MAP(VARCHAR, BIGINT)", "unexpected": "MAP(VARCHAR, BIGINT)",
    "future_rows": "BIGINT", "old_rows": "BIGINT", "missing_columns": "VARCHAR[]",
}  # fmt: skip


def _measure(
    db: duckdb.DuckDBPyConnection, days: dict[str, date], stream: str, oldest_days: int, repaired: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Counts what is in files of a stream; the keys are columns of `landing_files`, and the account ids that each brings.

    Args:
        db: a cursor of its own.
        days: the files, each with the day that its folder names.
        stream: the stream that they are of.
        oldest_days: an event that is further back than this many days from its ingest day counts as old.
        repaired: rows whose line is JSON only once it is repaired, where there is but one file.
    """
    files = list(days)
    rules = LANDING_RULES[stream]
    is_events = stream in EVENT_STREAMS
    vocabularies = list(call("vocabularies", stream))
    needed = rules["required"] + (["event_type", "occurred_at"] if is_events else [])
    landed = {column: f"landed_{column}" if column in ("event_type", "occurred_at") else column for column in needed}
    # What is no event stream has no types and times to look at.
    typed = f"""
        {call("event_type", stream, "texts.landed_event_type")} as event_type,
        {call("parse_timestamp", "texts.landed_occurred_at")} as occurred_at,
    """ if is_events else "null::timestamp as occurred_at,"  # fmt: skip
    # Landed values that are outside their column's vocabulary, with the column in front.
    unexpected = [
        f"case when {call('vocabulary_word', stream, column, landed.get(column, column))} is null "
        f"then '{column} ' || {landed.get(column, column)} end"
        for column in vocabularies
    ]
    texts = _texts(db, files, landed | {column: landed.get(column, column) for column in vocabularies})
    result = db.execute(f"""
        with days as materialized (select unnest($files) as file, unnest($days) as ingest_date),

        texts as ({texts}),

        rows as (
            select texts.*, {typed} days.ingest_date
            from texts
            left join days on {"true" if len(files) == 1 else "texts.file = days.file"}
            where is_row
        ),

        judged_rows as (
            select rows.*, {call("reject_reason", stream)} as reject_reason
            from rows
            left join (select distinct account_id from known_accounts) as accounts
                on {"rows.account_id = accounts.account_id" if is_events else "false"}
        ),

        counts as (
            select
                file,
                count(*) as rows,
                histogram(reject_reason) filter (where reject_reason is not null) as rejects,
                count(*) filter (where occurred_at >= ingest_date + interval {1 + DAYS_AHEAD} day) as future_rows,
                count(*) filter (where occurred_at < ingest_date - interval {oldest_days} day) as old_rows,
                list_filter([
                    {", ".join(f"case when count({name}) = 0 then '{column}' end" for column, name in landed.items())}
                ], column_name -> column_name is not null) as missing_columns,
                {"list(distinct account_id)" if stream == "accounts" else "[]::varchar[]"} as account_ids
            from judged_rows as rows
            group by file
        ),

        broken as (select file, count(*) - len($repaired) as broken_lines from texts where not is_row group by file),

        unexpected_values as (
            select file, histogram(value) as unexpected
            from (select file, unnest([{", ".join(unexpected) or "null"}]::varchar[]) as value from rows)
            where value is not null
            group by file
        )

        select
            file,
            coalesce(rows, 0), coalesce(broken_lines, 0), rejects, unexpected, coalesce(future_rows, 0), coalesce(old_rows, 0),
            coalesce(missing_columns, []), coalesce(account_ids, [])
        from counts
        full join broken using (file)
        left join unexpected_values using (file)
    """, {"files": files, "days": list(days.values()), "repaired": list(repaired)})  # fmt: skip
    found = by_file(files, result.fetchall())
    nothing: tuple[Any, ...] = (0, 0, None, None, 0, 0, [], [])
    return {file: dict(zip([*MEASURED, "account_ids"], found.get(file, nothing), strict=True)) for file in files}


def _texts(db: duckdb.DuckDBPyConnection, files: list[str], columns: dict[str, str]) -> str:
    """Rows of files as trimmed text, each column under a name, with DuckDB's name of their file, and whether each line is a row at all."""
    if files[0].endswith(".parquet"):
        (file,) = files
        rows = f"read_parquet({sql_text(literal_path(file))}, {PARQUET_OPTIONS})"
        described = db.execute(f"describe select * from {rows}").fetchall()
        present = {name.lower(): sql_name(name) for name, *_ in described}
        values = [f"{call('trimmed', present.get(column, 'null'))} as {name}" for column, name in columns.items()]
        return f"select {sql_text(file)} as file, true as is_row, {', '.join(values)} from {rows}"
    for file in files:
        with open_lines(file) as lines:
            if file.endswith(".gz"):
                # To its end, which may be missing.
                deque(lines, maxlen=0)
    structure = json.dumps(dict.fromkeys(columns, "VARCHAR"))
    values = [f"{call('trimmed', f'fields.{column}')} as {name}" for column, name in columns.items()]
    return f"""
        select file, json is not null as is_row, {", ".join(values)}
        from (
            select file, json, json_transform(json, '{structure}') as fields
            from (
                select filename as file, json
                from read_json_objects(
                    {sql_paths(files)}, format = 'newline_delimited', ignore_errors = true, maximum_object_size = {SHORTEST_LIMIT},
                    filename = true
                )
                union all
                select {sql_text(files[0])} as file, cast(unnest($repaired) as json)
            )
        )
    """


def _sum_up(db: duckdb.DuckDBPyConnection, stream: str) -> None:
    """Writes the stream's own table, which its checks look at."""
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
                nullif(count(*) filter (where is_new and problem is not null), 0) as unreadable_files,
                -- An unknown type of event is a reason to reject its row, and counted as such.
                nullif(sum(list_sum(list_transform(
                    list_filter(map_entries(unexpected), entry -> not starts_with(entry.key, 'event_type ')), entry -> entry.value
                ))) filter (where is_new), 0) as unexpected_values,
                coalesce(sum(list_sum(map_values(rejects))) filter (where is_new), 0) as rejected_rows,
                coalesce(sum(future_rows), 0) as future_rows,
                coalesce(sum(old_rows), 0) as old_rows,
                -- What a stream brings at first may be years of history.
                case when bool_and(is_new) then 0 else coalesce(sum(old_rows), 0) end as old_rows_of_known_stream,
                nullif(string_agg(path || ' lacks ' || list_aggregate(missing_columns, 'string_agg', ', '), '; ' order by path) filter (
                    where len(missing_columns) > 0
                ), '') as missing_columns
            from files
        )

        select
            '{stream}' as stream,
            counts.*,
            broken_lines / nullif(new_rows + broken_lines, 0) as broken_share,
            unreadable_files / new_files as unreadable_share,
            rejected_rows / nullif(new_rows, 0) as rejected_share,
            future_rows / nullif(new_rows, 0) as future_share,
            old_rows / nullif(new_rows, 0) as old_share,
            -- Of the rows that the warehouse was built from: files that were merged or renamed have as many.
            counts.rows / nullif((select sum(rows) from held_files where stream = '{stream}'), 0) as share_left,
            volumes.closed_day_rows,
            volumes.usual_rows,
            volumes.closed_day_rows / nullif(volumes.usual_rows, 0) as volume_against_usual
        from counts
        cross join volumes
    """)


def _stream_profile(db: duckdb.DuckDBPyConnection, stream: str) -> StreamProfile:
    """What the stream holds, from its own table and those of its files."""

    def counted(column: str) -> dict[str, int]:
        return dict(db.execute(f"""
            select entry.key, sum(entry.value)::bigint
            from (select unnest(map_entries({column})) as entry from landing_files where stream = ? and is_new)
            group by 1 order by 2 desc, 1
        """, [stream]).fetchall())  # fmt: skip

    broken = """
        select format('{} ({:,} of {:,} lines)', path, broken_lines, rows + broken_lines)
        from landing_files where stream = ? and is_new and broken_lines > 0 order by broken_lines desc, path
    """
    gone = """
        select format('{} ({:,} rows)', path, rows) from held_files
        where stream = ? and path not in (select path from landing_files) order by rows desc, path
    """
    unreadable = "select path || ' ' || problem from landing_files where stream = ? and is_new and problem is not null order by path"
    days = db.execute("""
        select ingest_date, count(*), sum(bytes)::bigint, sum(rows)::bigint, count(*) filter (where is_new)
        from landing_files where stream = ? and ingest_date is not null group by 1 order by 1
    """, [stream]).fetchall()  # fmt: skip
    columns = "files, bytes::bigint, rows::bigint, latest_ingest_day, new_files, new_rows::bigint"
    files, size, rows, latest_ingest_day, new_files, new_rows = one_row(db.execute(f"select {columns} from {stream}"))
    unexpected = [(*value.partition(" "), count) for value, count in counted("unexpected").items()]
    return StreamProfile(
        stream, files, size, rows, latest_ingest_day, new_files, new_rows,
        reject_reasons=counted("rejects"),
        unexpected={(column, value): count for column, _, value, count in unexpected},
        broken_files=[file for (file,) in db.execute(broken, [stream]).fetchall()],
        gone_files=[file for (file,) in db.execute(gone, [stream]).fetchall()],
        unreadable_files=[problem for (problem,) in db.execute(unreadable, [stream]).fetchall()],
        days={day: Day(*counts) for day, *counts in days},
    )  # fmt: skip
