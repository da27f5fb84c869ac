"""What has landed: the landing zone as an ingestion's memory, in the columns that mappings compare with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from outreach.landing.files import PARQUET_OPTIONS, LandingFile, list_files
from outreach.settings import Settings
from outreach.sql import one_row, sql_paths


def landed_files(settings: Settings) -> list[LandingFile]:
    """Every file that has landed; none where there is no landing zone yet.

    Args:
        settings: name the landing zone.

    Raises:
        LandingError: the landing zone cannot be read.
    """
    return list_files(settings.landing, settings.landing_format) if Path(settings.landing).is_dir() else []


class Memory:
    """What has landed, in the columns that mappings compare with.

    Args:
        db: the connection.
        settings: name the landing zone.
        is_part: whether only a part of the source is read. Then so is only a part of the landing zone.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, settings: Settings, *, is_part: bool) -> None:
        self._db = db
        self._is_part = is_part
        self._landing = Path(settings.landing)
        self._format = settings.landing_format
        self._files = [file for file in landed_files(settings) if not file.problem]

    def add_tables(self) -> None:
        """Adds what has landed of accounts and campaigns."""
        for stream, names in (
            ("accounts", ("account_id", "parent_account_id", "account_name", "updated_at")),
            ("campaigns", ("account_id", "campaign_id", "campaign_name", "updated_at")),
        ):
            self._add_rows(stream, names)
        self._db.execute("""
            create table landed_accounts as select account_id, parent_account_id, account_name, moment(updated_at) as updated_at
            from landed_rows_accounts
            qualify row_number() over (partition by account_id order by moment(updated_at) desc nulls last, ingest_date desc) = 1;

            create table landed_campaigns as select account_id, campaign_id, campaign_name, moment(updated_at) as updated_at
            from landed_rows_campaigns
            qualify row_number() over (
                partition by account_id, campaign_id order by moment(updated_at) desc nulls last, ingest_date desc
            ) = 1;
        """)

    def add_calls(self) -> None:
        """Adds what has landed of calls."""
        since = self._first_day("source_calls", "created_at")
        self._add_rows("call_attributes", ("account_id", "call_id", "price", "updated_at"), since)
        self._add_rows("call_events", ("account_id", "contact_id", "event_id", "call_id", "direction"), since)
        self._db.execute("""
            create table landed_call_attributes as select
                account_id, call_id,
                arg_max(amount(price), (moment(updated_at), ingest_date)) filter (where amount(price) is not null) as price,
                max(moment(updated_at)) as updated_at
            from landed_rows_call_attributes group by account_id, call_id;

            create table landed_call_events as select * replace (lower(direction) as direction) from landed_rows_call_events;

            create table landed_calls as select account_id, call_id, arg_min(contact_id, (ingest_date, contact_id)) as contact_id
            from landed_call_events group by account_id, call_id;
        """)

    def add_messages(self, created: str | None) -> None:
        """Adds what has landed of the messages in the source, and only of these.

        Args:
            created: the column of the snapshots with the time that a message was created; None if there is none.
        """
        since = self._first_day("message_snapshots", created) if created else None
        in_source = "clean(message_id) in (select message_id from message_snapshots)"
        self._add_rows("message_attributes", ("account_id", "message_id", "segments", "price", "updated_at"), since, in_source)
        self._add_rows("message_events", ("account_id", "contact_id", "event_id", "message_id", "segments"), since, in_source)
        self._db.execute("""
            create table landed_message_events as from landed_rows_message_events;

            create table landed_message_attributes as select
                account_id, message_id,
                arg_max(whole_number(segments), (moment(updated_at), ingest_date)) filter (where whole_number(segments) > 0) as segments,
                arg_max(amount(price), (moment(updated_at), ingest_date)) filter (where amount(price) is not null) as price,
                max(moment(updated_at)) as updated_at
            from landed_rows_message_attributes
            group by account_id, message_id;
        """)

    def _first_day(self, table: str, created: str) -> date | None:
        """The first ingest day that can hold something of a table's rows: nothing lands before it is created, give or take a week
        of clocks. None for any day, as where a row names no time at which it can have been created.
        """
        if not self._is_part:
            return None
        first, is_known = one_row(self._db.execute(f"""
            select min(created_at)::date, bool_and(coalesce(created_at between timestamp '1970-01-01' and now()::timestamp, false))
            from (select moment(clean({created})) as created_at from {table})
        """))  # fmt: skip
        return first - timedelta(days=7) if is_known else None

    def _add_rows(self, stream: str, names: Sequence[str], since: date | None = None, condition: str = "true") -> None:
        """Adds a view of a stream's landed rows that fulfil a condition, which reads the columns as they landed."""
        files = [file for file in self._files if file.stream == stream and not (since and file.ingest_date and file.ingest_date < since)]
        paths = sql_paths([str(self._landing / file.path) for file in files])
        day = "try_cast(regexp_extract(filename, 'ingest_date=(\\d{4}-\\d{2}-\\d{2})', 1) as date) as ingest_date"
        values = ", ".join(f"clean({name}) as {name}" for name in names)
        if not files:
            rows = f"select {', '.join(f'null::varchar as {name}' for name in names)}, null::date as ingest_date where false"
        elif self._format == "parquet":
            read = f"read_parquet({paths}, {PARQUET_OPTIONS}, union_by_name = true, filename = true)"
            present = {name.lower() for name, *_ in self._db.execute(f"describe select * from {read}").fetchall()}
            columns = ", ".join(f"cast({name if name in present else 'null'} as varchar) as {name}" for name in names)
            rows = f"select {values}, {day} from (select {columns}, filename from {read}) where {condition}"
        else:
            fields = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
            rows = f"""
                select {values}, {day} from read_json(
                    {paths}, columns = {{{fields}}}, format = 'newline_delimited', ignore_errors = true, filename = true,
                    maximum_object_size = 67108864
                ) where {condition}
            """
        self._db.execute(f"create view landed_rows_{stream} as {rows}")
