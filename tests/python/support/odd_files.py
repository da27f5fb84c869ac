"""Landing files as other writers leave them, for the tests of both engines. All rows are of account a."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

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


# Names that engines or the project's own macros give to something, and names that have to be quoted.
ODD_NAMES = [
    "file_index", "filename", "file_row_number", "file_path", "path", "value", "fields", "json", "keys", "is_row", "landed_row",
    "ingest_date", "file_id", "_metadata", "rowid", "landed", "files", "select", "order by", "a.b", "it's", "`quoted`", '"quoted"', "a,b;c",
    " blanks ", "Zoë 💥", "x" * 200, "{{ x }}", "$1", "?", "%s", "\\", "--", "/*",
]  # fmt: skip

# Values of each type, as SQL. Both engines make the same texts of them, and none names an account of the tests.
VALUES_BY_TYPE = {
    "varchar": ["'a'", "'sent'", "'it''s'", "'  '", "'2026-11-10T03:00:00Z'", "null"],
    "blob": ["encode('a')", "encode('Zoë')", "encode('received')", "null"],
    "integer": ["1", "-7", "null"],
    "bigint": ["1", "9007199254740993", "null"],
    "decimal(12, 3)": ["1.5", "-0.007", "null"],
    "boolean": ["false", "null"],
    "date": ["date '2026-11-10'", "null"],
    "double": ["2.5", "-0.5", "null"],
}

# Those that Spark has no type for.
ONLY_DUCKDB = {"uuid": ["uuid '00000000-0000-0000-0000-000000000001'", "null"], "time": ["time '03:00:00.5'", "null"]}


def write_random_parquet(file: Path, rng: Random, contract: list[str], values: Mapping[str, list[str]], rows: int = 20) -> int:
    """Writes a Parquet file with some of the contract's columns and some odd ones, in any case and order, each of any type.

    Args:
        file: to write; its folder is made.
        rng: the source of all chance.
        contract: the stream's columns.
        values: the types, each with its values.
        rows: how many.

    Returns:
        How many values are in it, nulls aside.
    """
    names = rng.sample(contract, rng.randint(1, len(contract))) + rng.sample(ODD_NAMES, rng.randint(0, 6))
    rng.shuffle(names)
    columns = {rng.choice([str, str, str.upper, str.title])(name): rng.choice(list(values)) for name in names}
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in columns}
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        db.execute(f"create table written ({', '.join(f'{quoted[name]} {kind}' for name, kind in columns.items())})")
        for _ in range(rows):
            db.execute(f"insert into written values ({', '.join(rng.choice(values[kind]) for kind in columns.values())})")
        db.execute(f"copy written to '{file}' (format parquet)")
        (count,) = db.execute(f"select {' + '.join(f'count({name})' for name in quoted.values())} from written").fetchone()
        return count
