"""Landing files as other writers leave them, for the tests of both engines. All rows are of account a."""

from __future__ import annotations

from pathlib import Path

import duckdb


def write_parquet_of_other_types(folder: Path) -> None:
    """A Parquet file of message events, each column of its own type: a message sent in two segments, and a row without a contact."""
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"""
        copy (
            select 9 as event_id, 'sent' as EVENT_TYPE, 'a' as account_id, 5.5::double as contact_id,
                timestamptz '2026-11-10 03:00:00+00' as occurred_at, 77::bigint as message_id, 2::double as segments, [1, 2] as campaign_id
            union all select 10, 'opened', 'a', null, null, null, null, null
        ) to '{folder}/native.parquet' (format parquet)
    """)


def write_parquet_of_other_writers(folder: Path) -> None:
    """A Parquet file of message events, of texts without the mark that they are UTF-8: a reply that opts out, and a row without a contact.

    Further columns have the names of an engine's own, or of the project's macros.
    """
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"""
        copy (
            select 'e11' as event_id, 'received'::blob as event_type, 'a' as account_id, encode('Zoë') as contact_id,
                '2026-11-10T04:00:00Z' as occurred_at, 'm11'::blob as message_id, encode('ARRÊT') as body,
                7 as file_index, 'x' as filename, null as file_row_number, 'y' as file_path, 'z' as landed_row, false as is_row,
                'it''s' as "it's `a` name"
            union all
            select 'e12', 'received'::blob, 'a', null, '2026-11-10T04:00:00Z', 'm12'::blob, null, 7, 'x', null, 'y', 'z', false, null
        ) to '{folder}/others.parquet' (format parquet)
    """)
