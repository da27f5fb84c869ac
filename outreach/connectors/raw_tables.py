"""Raw tables as a loader leaves them, in a folder of files, a DuckDB file or Postgres. Each becomes a view of text columns.

Only columns that a mapping names are read, so an account's auth token, which some loaders copy, never gets in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from outreach.landing.files import PARQUET_OPTIONS
from outreach.sql import sql_name, sql_paths, sql_text

ENDINGS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")


class SourceError(Exception):
    """The source cannot be read. The message is one line that says what is missing or wrong."""


@dataclass(frozen=True)
class RawTable:
    """A table that a mapping reads.

    Args:
        name: its name in the source.
        key: the columns a row cannot do without.
        columns: the others, as `name` or `name as name in the mapping`; a column the source lacks is null.
        is_optional: whether the source may lack the table, which is then empty.
        synced: the column with the time the loader wrote a row; empty if there is none.
        since: leaves out rows the loader wrote before this day (UTC); None reads everything.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    is_optional: bool = False
    synced: str = ""
    since: date | None = None

    @property
    def read(self) -> dict[str, str]:
        """The columns to read: the mapping's names by the source's names."""
        return {name: alias or name for name, _, alias in (column.partition(" as ") for column in (*self.key, *self.columns))}


def add_raw_tables(
    db: duckdb.DuckDBPyConnection, tables: Iterable[RawTable], location: str, schema: str | None, say: Callable[[str], None]
) -> None:
    """Adds a view `raw.<table>` of each table to a connection.

    Args:
        db: the connection.
        tables: the tables the mapping reads.
        location: a folder, a DuckDB file, or `postgresql://…`.
        schema: the schema of the tables, for a database; None for `main` in DuckDB and `public` in Postgres.
        say: called with progress.

    Raises:
        SourceError: the location does not exist, or a table or key column is missing.
    """
    db.execute("create schema raw")
    try:
        if location.startswith(("postgres://", "postgresql://")):
            _add_from_postgres(db, list(tables), location, schema or "public", say)
        elif Path(location).is_dir():
            for table in tables:
                _add_view(db, table, _of_files(db, table, Path(location)), location)
        elif Path(location).is_file():
            _add_from_duckdb(db, list(tables), location, schema or "main")
        else:
            raise SourceError(f"{location}: there is no such folder or file")
    except duckdb.Error as error:
        raise SourceError(f"{_without_password(location)}: {str(error).splitlines()[0]}") from error


# -- one function per kind of location: a relation, with the names and types of its columns


@dataclass(frozen=True)
class _Relation:
    sql: str
    # Types by the name in the source.
    columns: dict[str, str]


def _of_files(db: duckdb.DuckDBPyConnection, table: RawTable, folder: Path) -> _Relation | None:
    files = [file for file in sorted(folder.iterdir()) if file.name.lower() in {table.name + ending for ending in ENDINGS}]
    for below in (entry for entry in sorted(folder.iterdir()) if entry.is_dir() and entry.name.lower() == table.name):
        files += [
            file for file in sorted(below.rglob("*"))
            if file.is_file() and file.name.endswith(ENDINGS) and not file.name.startswith((".", "_"))
        ]  # fmt: skip
    parts = []
    for ending, read in (("csv", _csv), ("jsonl", _json_lines), ("parquet", _parquet)):
        if of_ending := [str(file) for file in files if file.name.removesuffix(".gz").endswith(ending)]:
            parts.append(read(db, of_ending))
    if len(parts) < 2:
        return parts[0] if parts else None
    names = {name: "VARCHAR" for part in parts for name in part.columns}
    selects = " union all by name ".join(
        f"select {', '.join(f'cast({sql_name(name)} as varchar) as {sql_name(name)}' for name in part.columns)} from {part.sql}"
        for part in parts
    )
    return _Relation(f"({selects})", names)


def _csv(db: duckdb.DuckDBPyConnection, files: list[str]) -> _Relation:
    return _described(db, f"""read_csv(
        {sql_paths(files)}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', union_by_name = true,
        hive_partitioning = false, max_line_size = 16777216, parallel = false
    )""")  # fmt: skip


def _parquet(db: duckdb.DuckDBPyConnection, files: list[str]) -> _Relation:
    return _described(db, f"read_parquet({sql_paths(files)}, union_by_name = true, {PARQUET_OPTIONS})")


def _json_lines(db: duckdb.DuckDBPyConnection, files: list[str]) -> _Relation:
    objects = f"read_json_objects({sql_paths(files)}, format = 'newline_delimited', maximum_object_size = 67108864)"
    return _of_json(db, "json", objects)


def _of_json(db: duckdb.DuckDBPyConnection, value: str, relation: str, kept: dict[str, str] | None = None) -> _Relation:
    """Rows nested as JSON objects in one column: gives each key a column, and keeps the other columns."""
    kept = kept or {}
    keys = [key for (key,) in db.execute(f"select distinct unnest(json_keys({value})) from {relation} order by 1").fetchall()]
    values = [f"{value} ->> {sql_text('$.' + json.dumps(key))} as {sql_name(key)}" for key in keys]
    columns = ", ".join(values + [sql_name(name) for name in kept]) or "null as nothing"
    return _Relation(f"(select {columns} from {relation})", dict.fromkeys(keys, "VARCHAR") | kept)


def _described(db: duckdb.DuckDBPyConnection, relation: str) -> _Relation:
    return _Relation(relation, {name: kind for name, kind, *_ in db.execute(f"describe select * from {relation}").fetchall()})


def _add_from_duckdb(db: duckdb.DuckDBPyConnection, tables: list[RawTable], location: str, schema: str) -> None:
    db.execute(f"attach {sql_text(location)} as source (read_only)")
    query = """
        select table_schema, table_name from information_schema.tables where table_catalog = 'source' and lower(table_schema) = $1
    """
    names = {name.lower(): (found, name) for found, name in db.execute(query, [schema.lower()]).fetchall()}
    for table in tables:
        place = names.get(table.name)
        relation = _described(db, f"source.{sql_name(place[0])}.{sql_name(place[1])}") if place else None
        _add_view(db, table, relation, f"{location}, schema {schema}")


def _add_from_postgres(
    db: duckdb.DuckDBPyConnection, tables: list[RawTable], location: str, schema: str, say: Callable[[str], None]
) -> None:
    try:
        # Imported here, since only this kind of source needs it.
        import adbc_driver_postgresql.dbapi as postgres
    except ImportError:
        missing = "Postgres is read by adbc-driver-postgresql, which is not installed: pip install adbc-driver-postgresql"
        raise SourceError(missing) from None

    where = f"{_without_password(location)}, schema {schema}"
    try:
        with postgres.connect(location) as connection, connection.cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            cursor.execute(
                "select table_name, column_name from information_schema.columns where lower(table_schema) = lower($1)", (schema,)
            )
            # Postgres's own table names, by lower-case name.
            found: dict[str, dict[str, str]] = {}
            for name, column in cursor.fetchall():
                found.setdefault(name.lower(), {})[column] = name
            for table in tables:
                present = found.get(table.name, {})
                named = (*table.read, "_airbyte_data")
                wanted = [column for column in present if _plain(column) in named]
                if not wanted:
                    _add_view(db, table, None, where)
                    continue
                name = next(iter(present.values()))
                columns = ", ".join(f"cast({sql_name(column)} as text) as {sql_name(column)}" for column in wanted)
                cursor.execute(f"select {columns} from {sql_name(schema)}.{sql_name(name)}{_written_since(table, wanted, 'text')}")
                copy = sql_name(f"postgres_{table.name}")
                db.register("rows_of_postgres", cursor.fetch_record_batch())
                db.execute(f"create table {copy} as select * from rows_of_postgres")
                db.unregister("rows_of_postgres")
                say(f"  {table.name}: {len(db.table(copy)):,} rows read from Postgres")
                _add_view(db, table, _described(db, copy), where)
    except postgres.Error as error:
        raise SourceError(f"{where}: {' '.join(str(error).split())}") from error


# -- views


def _add_view(db: duckdb.DuckDBPyConnection, table: RawTable, relation: _Relation | None, where: str) -> None:
    if relation is None:
        if not table.is_optional:
            raise SourceError(f"{where}: there is no table '{table.name}'")
        nothing = ", ".join(f"null::varchar as {sql_name(column)}" for column in table.read.values())
        db.execute(f"create view raw.{table.name} as select {nothing} where false")
        return
    if data := next((name for name in relation.columns if _plain(name) == "_airbyte_data"), None):
        others = {name: kind for name, kind in relation.columns.items() if name != data}
        relation = _of_json(db, f"{sql_name(data)}::json", relation.sql, others)
    present = {_plain(name): (name, kind) for name, kind in relation.columns.items()}
    if missing := [column for column in table.key if column not in present]:
        raise SourceError(f"{where}: table '{table.name}' has no column '{missing[0]}'")
    columns = ", ".join(
        f"{_text(*present[column]) if column in present else 'null::varchar'} as {sql_name(alias)}" for column, alias in table.read.items()
    )
    db.execute(f"create view raw.{table.name} as select {columns} from {relation.sql}{_written_since(table, relation.columns)}")


def _written_since(table: RawTable, present: Iterable[str], text: str = "varchar") -> str:
    """The condition that leaves out rows the loader wrote before a day, for the source to apply. A row without a known time stays."""
    column = next((name for name in present if _plain(name) == table.synced), None)
    if table.since is None or column is None:
        return ""
    # ISO timestamps sort like their times except for offsets, which a day covers. Any other text may mean any time.
    value = f"cast({sql_name(column)} as {text})"
    return f" where {value} is null or {value} not like '____-__-__%' or {value} >= '{table.since - timedelta(days=1)}'"


def _text(name: str, kind: str) -> str:
    """A column as text, with numbers of any type written plainly."""
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        number = f"cast({sql_name(name)} as decimal(38, 9))"
        return f"rtrim(rtrim(cast({number} as varchar), '0'), '.')"
    return f"cast({sql_name(name)} as varchar)"


def _plain(name: str) -> str:
    """A column's name as the mapping spells it, whether the source has it in capitals or in quotes."""
    return name.strip('"').lower()


def _without_password(location: str) -> str:
    parts = urlsplit(location)
    return location.replace(f":{parts.password}@", ":…@") if parts.password else location


def add_log(db: duckdb.DuckDBPyConnection, location: str) -> None:
    """Adds a table `source_events` to a connection: an event log's events as JSON, in one column `event`.

    Args:
        db: the connection.
        location: a JSON file or a folder of them, with one event per line or an array of events, gzipped or not.

    Raises:
        SourceError: the location does not exist, or holds no such file.
    """
    place = Path(location)
    if not place.exists():
        raise SourceError(f"{location}: there is no such folder or file")
    endings = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
    files = sorted(str(file) for file in place.rglob("*") if file.name.endswith(endings)) if place.is_dir() else [location]
    if not files:
        raise SourceError(f"{location}: there is no file that ends in {', '.join(endings)}")
    selects = " union all ".join(
        f"select json from read_json_objects({sql_paths([file])}, format = 'auto', maximum_object_size = 67108864)" for file in files
    )
    try:
        db.execute(f"""
            create table source_events as select json as event from ({selects}) as logged
        """)
    except duckdb.Error as error:
        raise SourceError(f"{location}: {str(error).splitlines()[0]}") from error
