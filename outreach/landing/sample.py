"""Writes a sample landing zone: realistic traffic, with everything in it that goes wrong in real ones.

One writer for every size: DuckDB makes all rows from hashes of the seed (`sample_events.sql`) and writes the files itself.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from outreach.settings import DEFAULT_LANDING, Settings
from outreach.sql import sql_text

EVENTS_SQL = Path(__file__).with_name("sample_events.sql")
RAW_TABLES_SQL = Path(__file__).with_name("sample_raw_tables.sql")

EVENT_STREAMS = ("message_events", "contact_events", "call_events")
ENTITY_STREAMS = ("accounts", "users", "campaigns", "message_templates", "labels")

# Outbound messages that one contact gets on average: the campaign steps up to its reply, and the agent's answers.
MESSAGES_PER_CONTACT = 4.1


@dataclass(frozen=True)
class SampleSize:
    """How much the sample holds.

    Args:
        messages: outbound messages, within a few per cent, since the data are generated contact by contact.
        days: days of traffic, the open one included.
    """

    messages: int = 4_000
    days: int = 60

    @property
    def contacts(self) -> int:
        return max(20, round(self.messages / MESSAGES_PER_CONTACT))

    @property
    def accounts(self) -> int:
        """One account of 40 % and equal others: of 0.5 % each when large, few enough to read when small."""
        return 121 if self.messages >= 100_000 else 10


def write_sample(
    landing: Path,
    *,
    end_day: date | None = None,
    size: SampleSize | None = None,
    seed: int = 7,
    file_format: str = "jsonl",
    progress: Callable[[str], None] = print,
) -> None:
    """Writes a landing zone that is the same for the same seed, end day, size and format.

    Args:
        landing: folder to write; each stream's folder in it must not exist yet.
        end_day: the open day, UTC (default: today). Its traffic ends at noon.
        size: messages and days.
        seed: any whole number; another seed gives other data.
        file_format: `jsonl` (closed days gzipped) or `parquet`.
        progress: is told what is under way, from the first second on.

    Raises:
        FileExistsError: a stream's folder is there already; nothing was written.
        ValueError: a format other than the two.
    """
    size = size or SampleSize()
    end_day = end_day or datetime.now(UTC).date()
    if file_format not in ("jsonl", "parquet"):
        raise ValueError(f"file_format is {file_format!r}: expected jsonl or parquet")
    for stream in (*ENTITY_STREAMS, *EVENT_STREAMS):
        if (landing / stream).exists():
            raise FileExistsError(f"{landing / stream} exists already: the sample is written to an empty landing zone only")

    started = time.monotonic()
    tell = _from_the_first_second_on(progress, started)
    # Written beside and renamed, so that a writer that is stopped leaves no half a landing zone.
    unfinished = landing.with_name(landing.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)

    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        if size.messages < 100_000:
            db.execute("set threads = 1")  # one writer, so that the files are equal byte by byte
        _make_events(db, size, end_day, seed, tell)
        for stream in ENTITY_STREAMS:
            db.execute(f"create or replace temp table landing_{stream} as select * from {stream}")
            _write_stream(db, stream, unfinished, end_day, file_format)
        for stream in EVENT_STREAMS:
            tell(f"writing {stream}")
            _add_what_goes_wrong(db, stream)
            _write_stream(db, stream, unfinished, end_day, file_format)

    landing.mkdir(parents=True, exist_ok=True)
    for folder in sorted(unfinished.iterdir()):
        folder.rename(landing / folder.name)
    unfinished.rmdir()
    tell("written")


def ensure_landing(settings: Settings, progress: Callable[[str], None]) -> bool:
    """Writes the sample where the default landing zone is empty and nothing was ever built: one that somebody named is never written to.

    Args:
        settings: say where the landing zone is.
        progress: is told that a sample is written, and what is under way.

    Returns:
        Whether the sample was written.
    """
    landing = Path(settings.landing)
    if settings.landing != DEFAULT_LANDING or settings.warehouse.exists() or any(landing.glob("*/ingest_date=*")):
        return False
    progress(f"No landing zone yet: writing a sample to {landing}")
    write_sample(landing, file_format=settings.landing_format, progress=progress)
    return True


RAW_TABLES = ("message", "call", "account_history", "messaging_service")


def write_raw_sample(
    folder: Path,
    *,
    end_day: date | None = None,
    size: SampleSize | None = None,
    seed: int = 7,
    file_format: str = "csv",
    progress: Callable[[str], None] = print,
) -> None:
    """Writes the same data as Fivetran's raw tables of Twilio: a file per table, for `make ingest` to read.

    Args:
        folder: folder to write; none of the tables may be in it yet.
        end_day: the last day, UTC (default: today). Its traffic ends at noon.
        size: messages and days.
        seed: any whole number; another seed gives other data.
        file_format: `csv` or `parquet`.
        progress: is told what is under way, from the first second on.

    Raises:
        FileExistsError: a table is there already; nothing was written.
    """
    files = {table: folder / f"{table}.{file_format}" for table in RAW_TABLES}
    for file in files.values():
        if file.exists():
            raise FileExistsError(f"{file} exists already: the sample is written to an empty folder only")
    tell = _from_the_first_second_on(progress, time.monotonic())
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        _make_events(db, size or SampleSize(), end_day or datetime.now(UTC).date(), seed, tell)
        tell("bringing it into raw tables")
        db.execute(RAW_TABLES_SQL.read_text())
        for table, file in files.items():
            unfinished = file.with_name(f".{file.name}")
            db.execute(f"copy raw_{table} to {sql_text(unfinished)} (format {file_format}{', header' if file_format == 'csv' else ''})")
            unfinished.rename(file)
    tell("written")


def _from_the_first_second_on(progress: Callable[[str], None], started: float) -> Callable[[str], None]:
    def tell(step: str) -> None:
        seconds = time.monotonic() - started
        if seconds > 1:
            progress(f"sample: {step} ({seconds:.0f} s)")

    return tell


def _make_events(db: duckdb.DuckDBPyConnection, size: SampleSize, end_day: date, seed: int, tell: Callable[[str], None]) -> None:
    large = size.accounts > 100
    variables = {
        "seed": seed,
        "end_day": end_day.isoformat(),
        "days": size.days,
        "contacts": size.contacts,
        "accounts": size.accounts,
        "campaigns_largest": 40 if large else 6,
        "campaigns_other": 8 if large else 3,
    }
    for name, value in variables.items():
        db.execute(f"set variable {name} = ?", [value])
    for statement in duckdb.extract_statements(EVENTS_SQL.read_text()):
        table = re.search(r"temp table (\w+)", statement.query)
        db.execute(statement)
        if table:
            tell(f"made up {table[1].removeprefix('sample_')}")


def _columns(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in db.execute(f"describe {table}").fetchall()]


def _add_what_goes_wrong(db: duckdb.DuckDBPyConnection, stream: str) -> None:
    """Turns a stream's clean rows into landed text: late, repeated, with blanks, in several time formats, and bad rows."""
    common = ("event_id", "event_type", "account_id", "contact_id", "occurred_at")
    attributes = [c for c in _columns(db, stream) if c not in common]
    own_id = {"message_events": "message_id", "call_events": "call_id"}.get(stream)
    db.execute(f"""
        create or replace temp table landing_{stream} as
        with delivered as (
            select
                events.*,
                -- Most rows land on their day, some up to three days late.
                least(
                    greatest(occurred_at::date, clock.first_day)
                    + case when dice('late', event_id) < 0.03 then 1 + (dice('how late', event_id) * 3)::int else 0 end,
                    clock.end_day
                ) as ingest_date,
                clock.end_day
            from {stream} as events
            cross join clock
        ),

        -- At least once: some come again, on the same day or a later one.
        repeated as (
            select * from delivered
            union all
            select * replace (least(ingest_date + (dice('again on', event_id) * 3)::int, end_day) as ingest_date)
            from delivered
            where dice('again', event_id) < 0.02
        ),

        landed as (
            select
                case when dice('blanks', event_id) < 0.01 then '  ' || event_id || ' ' else event_id end as event_id,
                event_type,
                account_id,
                contact_id,
                case
                    when dice('time format', event_id) < 0.9 then strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ')
                    when dice('time format', event_id) < 0.95
                        then strftime(occurred_at + interval 2 hours, '%Y-%m-%dT%H:%M:%S.%g') || '+02:00'
                    else strftime(occurred_at, '%Y-%m-%d %H:%M:%S.%g')
                end as occurred_at,
                {", ".join(f"{c}::varchar as {c}" for c in attributes)},
                ingest_date
            from repeated
        ),

        -- One of each kind even in a small stream.
        chosen_rows as (
            select *, row_number() over (order by dice('bad', event_id), event_id) as place
            from landed
            where dice('bad', event_id) < greatest(0.004, 30 / (select count(*) from landed))
        ),

        bad_rows as (
            select
                * exclude (place),
                case when place <= 8 then place - 1 else floor(dice('kind', event_id) * 8) end as kind
            from chosen_rows
            where place <= 8 or dice('bad', event_id) < 0.004
        )

        select * from landed
        union all
        select
            * exclude (kind) replace (
                case when kind = 0 then ' ' else event_id || 'b' end as event_id,
                case when kind = 1 then null when kind = 2 then 'acc_closed' else account_id end as account_id,
                case when kind = 3 then '' else contact_id end as contact_id,
                case when kind = 4 then 'opened' else event_type end as event_type,
                case when kind = 5 then 'yesterday' when kind = 6 then null else occurred_at end as occurred_at
                {f", case when kind = 7 then null else {own_id} end as {own_id}" if own_id else ""}
            )
        from bad_rows
        where kind < {8 if own_id else 7}
    """)


def _write_stream(db: duckdb.DuckDBPyConnection, stream: str, landing: Path, end_day: date, file_format: str) -> None:
    """Writes one stream's files, shuffled within the day: `<stream>/ingest_date=…/sample-….<format>`."""
    rows = f"landing_{stream}"
    columns = [c for c in _columns(db, rows) if c != "ingest_date"]
    target = str(landing / stream).replace("'", "''")
    shuffled = f"order by ingest_date, hash(getvariable('seed'), {columns[0]})"
    layout = "partition_by (ingest_date), overwrite_or_ignore, filename_pattern 'sample-{i}'"
    if file_format == "parquet":
        text = ", ".join(_as_text(db, rows, c) for c in columns)
        db.execute(f"copy (select {text}, ingest_date from {rows} {shuffled}) to '{target}' (format parquet, compression zstd, {layout})")
        return
    fields = ", ".join(f"{c} := {_as_text(db, rows, c, alias=False)}" for c in columns)
    # Broken lines: cut off in the middle, as a writer that was stopped leaves them.
    line = f"to_json(struct_pack({fields}))::varchar"
    db.execute(f"""
        create or replace temp table landing_lines as
        select {line} as line, ingest_date from {rows} {shuffled}
    """)
    if stream in EVENT_STREAMS:
        db.execute("insert into landing_lines select line[:length(line) // 2], ingest_date from landing_lines where hash(line) % 500 = 0")
    # Text as it is: no quoting, so quote and delimiter are characters that JSON never holds.
    as_lines = r"format csv, header false, delimiter e'\x01', quote e'\x02', escape e'\x02'"
    db.execute(f"""
        copy (select * from landing_lines where ingest_date < '{end_day}' order by ingest_date)
        to '{target}' ({as_lines}, compression gzip, file_extension 'jsonl.gz', {layout})
    """)
    db.execute(f"""
        copy (select * from landing_lines where ingest_date >= '{end_day}')
        to '{target}' ({as_lines}, file_extension 'jsonl', {layout})
    """)


def _as_text(db: duckdb.DuckDBPyConnection, table: str, column: str, alias: bool = True) -> str:
    kind = {row[0]: row[1] for row in db.execute(f"describe {table}").fetchall()}[column]
    text = f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ')" if kind == "TIMESTAMP" else f"{column}::varchar"
    return f"{text} as {column}" if alias else text
