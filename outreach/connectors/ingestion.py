"""One ingestion: maps a source's raw rows to landing files, by SQL.

The landing zone is the only memory. What it holds is not written again, so a run that dies at any moment costs nothing but itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from outreach.connectors import twilio_api
from outreach.connectors.contacts import add_contact_macros
from outreach.connectors.memory import Memory
from outreach.connectors.raw_tables import RawTable, SourceError, add_log, add_raw_tables
from outreach.macros import call
from outreach.settings import PROJECT, Settings
from outreach.sql import one_row, sql_text
from outreach.turns import turn

if TYPE_CHECKING:
    from outreach.connectors.twilio_api import Runner

MAPPINGS = Path(__file__).parent

# Steps shared by all providers, and those shared by event logs.
SHARED = MAPPINGS / "shared"

# In writing order: what events refer to comes before them.
STREAMS = ("accounts", "campaigns", "message_attributes", "call_attributes", "message_events", "call_events")

MEMORY = "3GB"


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Args:
        name: its name for `make ingest`.
        tables: the raw tables its mapping reads; empty for an event log.
    """

    name: str
    tables: tuple[RawTable, ...]

    @property
    def folder(self) -> Path:
        """The folder of the source's own part of the mapping, below its provider's."""
        provider, kind = self.name.split("-", 1)
        return MAPPINGS / provider / kind

    def mapping(self, step: str) -> str:
        """The query of a step: the source's own if it has one, else the event logs', the provider's, or the shared one."""
        # Before the provider's, which reads raw tables.
        places = (self.folder, *([] if self.tables else [SHARED / "log"]), self.folder.parent, SHARED)
        return next(file for place in places if (file := place / f"{step}.sql").exists()).read_text()

    @property
    def provider(self) -> str:
        """The value of `provider` in its events."""
        return self.folder.parent.name


def sources() -> dict[str, Source]:
    """Every source with a mapping, by name."""
    found = {}
    folders = (path for path in MAPPINGS.glob("*/*") if path.is_dir() and path.parent != SHARED and not path.name.startswith("_"))
    for folder in sorted(folders):
        file = folder / "tables.yml"
        tables = yaml.safe_load(file.read_text()) if file.exists() else {}
        name = f"{folder.parent.name}-{folder.name}"
        found[name] = Source(name, tuple(
            RawTable(table, tuple(rules["key"]), tuple(rules["columns"]), rules.get("optional", False), rules.get("synced", ""))
            for table, rules in tables.items()
        ))  # fmt: skip
    return found


@dataclass
class Counts:
    """What became of one kind of raw rows.

    Args:
        rows: how many were read.
        skipped: rows that become no event, by reason.
        named: values the mapping does not know, each with its number of rows.
    """

    rows: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)


@dataclass
class Ingestion:
    """What an ingestion read and wrote.

    Args:
        read: what became of the raw rows, by kind.
        written: rows by landing stream.
        origins: how many of the new messages are campaign, manual and automatic ones.
        unsettled: outbound messages older than three days without a final status, and all messages of that age.
        warnings: what the user should know, one sentence each.
        samples: the first rows by landing stream, for a dry run.
    """

    read: dict[str, Counts] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)
    unsettled: tuple[int, int] = (0, 0)
    warnings: list[str] = field(default_factory=list)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@contextmanager
def place(
    source: Source, location: str, settings: Settings, since: date | None, lookback: int, say: Callable[[str], None],
    run: Runner = twilio_api.run_pipeline,
) -> Iterator[tuple[str, list[str]]]:  # fmt: skip
    """The location of a source's raw rows: the user's, or a temporary folder with an API's answers.

    Args:
        source: the kind of source.
        location: the user's location; empty for an API.
        settings: name the landing zone and the folder for raw rows.
        since: an API's first day; None to continue from the last run.
        lookback: how many days before the last run to ask an API for again.
        say: called with progress.
        run: runs the pipeline of an API.

    Yields:
        The location, and what the user should know about it, one sentence each.

    Raises:
        SourceError: the location is missing or not allowed, or the API cannot be read.
    """
    if source.name == twilio_api.SOURCE:
        if location:
            raise SourceError(f"{source.name} has no location: it is read from {twilio_api.API}")
        with twilio_api.extracted(source.tables, settings, since, lookback, say, run) as found:
            yield found
    elif not location:
        raise SourceError(f"--location is missing: it says where the raw rows of {source.name} are")
    else:
        yield location, []


def ingest(
    source: Source, location: str, schema: str | None, settings: Settings, key: bytes, *, without: tuple[str, ...] = (),
    since: date | None = None, dry_run: bool = False, say: Callable[[str], None] = lambda line: None,
) -> Ingestion:  # fmt: skip
    """Reads a source and writes what the landing zone lacks.

    Args:
        source: the kind of source.
        location: where its raw rows are.
        schema: the schema of its tables, for a database.
        settings: name the landing zone.
        key: the secret key of contact ids.
        without: raw tables the source may lack.
        since: leaves out rows the loader wrote before this day (UTC); None reads everything.
        dry_run: whether to write nothing and keep the first rows of each stream instead.
        say: called with progress.

    Returns:
        What it read and wrote.

    Raises:
        SourceError: the source cannot be read.
        LandingError: the landing zone cannot be read.
    """
    tables = [replace(table, is_optional=table.is_optional or table.name in without, since=since) for table in source.tables]
    landing = Path(settings.landing)
    with TemporaryDirectory(prefix="outreach-ingest-") as spill, duckdb.connect() as db:
        db.execute(f"set timezone = 'UTC'; set memory_limit = '{MEMORY}'; set temp_directory = '{spill}'")
        db.execute("set preserve_insertion_order = false")
        _add_macros(db, key)
        db.execute(f"create temp macro provider() as {sql_text(source.provider)}")
        say(f"Reading {source.name}")
        if source.tables:
            add_raw_tables(db, tables, location, schema, say)
        else:
            add_log(db, location)
        _add_seeds(db)
        with turn(landing, "make ingest", waiting=lambda other: say(f"Another ingestion is running ({other}); waiting for it to end")):
            say("Reading what has landed")
            memory = Memory(db, settings, is_part=since is not None or source.name == twilio_api.SOURCE)
            found = Ingestion()
            news = _News(db, Path(spill), settings.landing_format)
            _map(db, source, memory, news, found, say)
            for stream in STREAMS:
                if stream not in news.rows:
                    continue
                found.written[stream] = count = news.rows[stream]
                if dry_run:
                    first = "occurred_at, event_id" if stream.endswith("_events") else "all"
                    cursor = db.execute(f"select * from new_{stream} order by {first} limit 10")
                    names = [column[0] for column in cursor.description]
                    found.samples[stream] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
                elif count:
                    _write(db, news, stream, landing, source.name)
                    say(f"  {stream}: {count:,} rows written")
        return found


@dataclass
class _News:
    """The new rows of each stream, in a Parquet file with a view `new_<stream>`, so that they need not fit into memory."""

    db: duckdb.DuckDBPyConnection
    folder: Path
    landing_format: str
    rows: dict[str, int] = field(default_factory=dict)

    def file(self, stream: str) -> Path:
        return self.folder / f"new_{stream}.parquet"

    def add(self, stream: str, query: str) -> None:
        # Parquet landing files hold only text, so that files of different writers can be read together.
        columns = "cast(columns(*) as varchar)" if self.landing_format == "parquet" else "*"
        target = sql_text(self.file(stream))
        (self.rows[stream],) = one_row(self.db.execute(f"copy (select {columns} from ({query})) to {target} (format parquet)"))
        self.db.execute(f"create view new_{stream} as from read_parquet({target})")


def _map(db: duckdb.DuckDBPyConnection, source: Source, memory: Memory, news: _News, found: Ingestion, say: Callable[[str], None]) -> None:
    """Runs the mapping's steps, and counts what became of the raw rows."""

    def step(name: str, table: str | None = None, kind: str = "table") -> None:
        db.execute(f"create {kind} {table or name} as {source.mapping(name)}")

    if source.tables:
        for name in ("messages", "calls", "accounts", "services", "own_numbers"):
            step(f"raw_{name}", f"source_{name}", kind="view")
    else:
        db.execute("create view source_own_numbers as select null::varchar as account_id, null::varchar as phone_number where false")
        step("log_rows")
    step("own_numbers")
    memory.add_tables()
    db.execute("""
        create temp macro is_own(account, party) as
            coalesce((account, party) in (select (account_id, number) from own_numbers where account_id is not null), false)
            or coalesce(party in (select number from own_numbers where account_id is null), false);
        create temp macro is_internal(account, contact_party, own_party) as
            contact_party != own_party and is_own(account, contact_party) and is_own(account, own_party)
    """)
    step("message_snapshots")
    say("  messages: mapped")
    memory.add_messages("created_text" if source.tables else None)
    step("repeated_messages")
    step("new_messages")
    step("new_snapshots")
    step("told_messages", kind="view")
    news.add("message_events", source.mapping("message_events"))
    found.read["messages"] = _counts(db, "message_snapshots", "direction", "status")
    if source.tables:
        news.add("message_attributes", source.mapping("message_attributes"))
        memory.add_calls()
        step("call_snapshots")
        step("told_calls")
        for stream in ("call_events", "call_attributes", "campaigns"):
            news.add(stream, source.mapping(stream))
        found.read["calls"] = _counts(db, "call_snapshots", "landed_direction", None)
        for name in ("accounts", "services"):
            found.read[name] = Counts(rows=one_row(db.execute(f"select count(*) from source_{name}"))[0])
    # After the events, because a log names accounts only in its events.
    news.add("accounts", source.mapping("accounts"))
    _look_closely(db, source, found)


def _counts(db: duckdb.DuckDBPyConnection, snapshots: str, direction: str, status: str | None) -> Counts:
    rows = db.execute(f"select coalesce(skipped_because, ''), count(*) from {snapshots} group by 1 order by 2 desc, 1").fetchall()
    named: dict[str, int] = {}
    for reason, column in (("unknown_direction", direction), ("unknown_status", status)):
        if column:
            query = f"select coalesce({column}, ''), count(*) from {snapshots} where skipped_because = $1 group by 1 order by 2 desc, 1"
            named |= {f"{reason.removeprefix('unknown_')} '{value}'": count for value, count in db.execute(query, [reason]).fetchall()}
    return Counts(sum(count for _, count in rows), {reason: count for reason, count in rows if reason}, named)


def _look_closely(db: duckdb.DuckDBPyConnection, source: Source, found: Ingestion) -> None:
    """Warnings about the source as a whole."""
    found.origins = dict(db.execute("""
        select
            case when origin = 'manual' then 'manual' when campaign_id is null then 'automatic' else 'campaign' end as kind,
            count(*)
        from new_message_events where event_type = 'sent' group by 1 order by 1
    """).fetchall())  # fmt: skip
    if source.tables:
        unsettled, old = one_row(db.execute("""
            with latest as (
                select status, sent_at
                from message_snapshots
                anti join repeated_messages using (account_id, message_id)
                where direction != 'inbound' and coalesce(skipped_because, '') in ('', 'not_sent')
                union all
                select arg_max(status, synced_at) as status, min(sent_at) as sent_at
                from message_snapshots
                semi join repeated_messages using (account_id, message_id)
                where direction != 'inbound' and coalesce(skipped_because, '') in ('', 'not_sent')
                group by account_id, message_id
            )

            select count(*) filter (where status in ('sent', 'queued', 'sending')), count(*)
            from latest
            where sent_at < now()::timestamp - interval 3 day
        """))  # fmt: skip
        found.unsettled = (unsettled, old)
        if unsettled > 0.05 * old:
            found.warnings.append(
                f"{unsettled:,} of {old:,} outbound messages older than three days are still sent, queued or sending: the loader does not "
                "come back for statuses that settle later. Set its look-back (Airbyte) or sync these rows again."
            )
    bodies = db.execute(r"""
        select account_id from message_snapshots where body is not null and not regexp_full_match(body, ' *') group by account_id
        having
            count(*) >= 10
            and avg(regexp_full_match(body, ' *([A-Za-z0-9+/]{43}=|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32}) *')::int) > 0.9
        order by 1
    """).fetchall()  # fmt: skip
    for (account,) in bodies:
        found.warnings.append(f"Account {account}: its bodies are hashes. Opt-outs in replies cannot be read, nor segments counted.")
    origins = db.execute("""
        select account_id, count(*) filter (where origin = 'manual'), count(*) filter (where campaign_id is not null)
        from new_message_events where event_type = 'sent' group by account_id having count(*) >= 10 order by account_id
    """).fetchall()  # fmt: skip
    for account, manual, of_campaigns in origins:
        if not manual or not of_campaigns:
            found.warnings.append(
                f"Account {account}: no {'manual' if not manual else 'campaign'} message among those that are new. Whether a message is "
                "of a campaign follows from its messaging service; seeds/senders.csv says better."
            )


# -- what mappings build on


def _add_macros(db: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Adds the project's rules for values as SQL macros with short names."""
    utc = "replace(value, ' UTC', 'Z')"
    mail = "replace(value, 'GMT', '+0000')"
    db.execute(f"""
        create temp macro clean(value) as {call("trimmed", "value")};
        create temp macro whole_number(value) as {call("whole_number", "value")};
        create temp macro amount(value) as {call("amount", "value")};
        create temp macro error_code(value) as {call("error_code", "value")};
        -- A number column that has become text, such as 15550100001.0.
        create temp macro number_text(value) as regexp_replace(value, '^\\s*([0-9]+)\\.0+\\s*$', '\\1');
        -- ISO 8601, as Fivetran writes it, and RFC 2822, as the API does.
        create temp macro moment(value) as coalesce(
            {call("parse_timestamp", utc)},
            cast(try_strptime({mail}, ['%a, %d %b %Y %H:%M:%S %z', '%d %b %Y %H:%M:%S %z']) as timestamp)
        );
        create temp macro written(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ');
        -- The value of the first tag with a name, as `name:value` or `name=value`.
        create temp macro tagged(tags, name) as clean(
            list_filter(tags, tag -> regexp_matches(tag, '^' || name || '[:=]'))[1][length(name) + 2:]
        );
        create temp macro is_automatic(direction) as direction in ('outbound-reply', 'outbound-call');
    """)
    add_contact_macros(db, key)


def _add_seeds(db: duckdb.DuckDBPyConnection) -> None:
    seeds = PROJECT / "seeds"
    for name in ("senders", "carrier_block_codes"):
        file = sql_text(seeds / f"{name}.csv")
        db.execute(f"create table seed_{name} as from read_csv({file}, header = true, all_varchar = true, delim = ',')")
    db.execute("""
        create view senders as select
            clean(account_id) as account_id, clean(sender) as sender, clean(campaign_id) as campaign_id, clean(template_id) as template_id,
            lower(clean(origin)) as origin
        from seed_senders;
        create view carrier_block_codes as select error_code as code from seed_carrier_block_codes where provider = provider();
    """)


# -- writing


def _write(db: duckdb.DuckDBPyConnection, news: _News, stream: str, landing: Path, source: str) -> None:
    """Writes a stream's new rows as one file of the open day, whole or not at all."""
    now = datetime.now(UTC)
    folder = landing / stream / f"ingest_date={now:%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)
    for abandoned in folder.glob(f".{source}-*"):
        abandoned.unlink()
    file = folder / f"{source}-{now:%Y%m%dT%H%M%S%f}.{news.landing_format}"
    unfinished = file.with_name(f".{file.name}")
    if news.landing_format == "parquet":
        shutil.copyfile(news.file(stream), unfinished)
    else:
        db.execute(f"copy (from new_{stream}) to {sql_text(unfinished)} (format json)")
    with open(unfinished, "rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(file)
