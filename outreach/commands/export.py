"""`make export`: writes each published table to a file, for spreadsheets and other tools that read CSV or Parquet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from outreach.settings import Settings, shown
from outreach.sheets import FORMULA
from outreach.sql import one_row, sql_name, sql_text
from outreach.warehouse.connection import opened

# A spreadsheet's row limit, less the heading.
MOST_SHEET_ROWS = 1_048_575

# Tables only for metrics and operators.
NOT_EXPORTED = (
    "account_activity", "calling_metric_rows", "contact_activity", "landing_accounting", "messaging_activity", "messaging_metric_rows",
    "publication", "response_choices", "time_spine",
)  # fmt: skip


def main() -> int:
    """Exports, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make export", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder to write; files of an earlier export are replaced")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv", help="(default: csv)")
    parser.add_argument("--account", help="only what this account and those below it may see (default: every account)")
    parser.add_argument("--table", action="append", default=[], help="only this one, such as messaging_kpis_daily; repeatable")
    arguments = parser.parse_args()
    published = Settings.from_environment().published
    if not published.exists():
        print(f"{shown(published)}: not there yet; `make build` writes it", file=sys.stderr)
        return 1
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        with opened(published) as db:
            tables = _tables(db)
            if unknown := set(arguments.table) - tables.keys():
                print(f"There is no table {', '.join(sorted(unknown))}: expected some of {', '.join(tables)}.", file=sys.stderr)
                return 2
            if arguments.account is not None and not _is_account(db, arguments.account):
                print(f"There is no account '{arguments.account}'.", file=sys.stderr)
                return 2
            for table in arguments.table or tables:
                file = arguments.folder / f"{table}.{arguments.format}"
                rows = _export(db, table, tables[table], file, arguments.account)
                note = f"; more than a sheet's {MOST_SHEET_ROWS:,}" if file.suffix == ".csv" and rows > MOST_SHEET_ROWS else ""
                print(f"{file}: {rows:,} rows{note}")
    except (OSError, duckdb.Error) as error:
        print(f"{arguments.folder} cannot be written: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def _tables(db: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """The daily tables, facts and dimensions, with the name and type of each column."""
    query = """
        select table_name, list((column_name, data_type) order by ordinal_position) as columns
        from information_schema.columns
        where table_schema = 'marts'
        group by table_name order by table_name
    """
    return {table: columns for table, columns in db.execute(query).fetchall() if table not in NOT_EXPORTED}


def _is_account(db: duckdb.DuckDBPyConnection, account: str) -> bool:
    (found,) = one_row(db.execute("select count(*) from marts.dim_accounts where account_id = $1", [account]))
    return bool(found)


def _export(db: duckdb.DuckDBPyConnection, table: str, columns: Sequence[tuple[str, str]], file: Path, account: str | None) -> int:
    """Writes a table beside the existing file and renames it over that. Returns the number of rows."""
    names = [name for name, _ in columns]
    key = next((name for name in ("account_id", "viewer_account_id") if name in names), None)
    of_account = f"select account_id from marts.account_access where viewer_account_id = {sql_text(account)}"
    where = f"where {key} in ({of_account})" if account is not None and key else ""
    values = ", ".join(_cell(name) if kind == "VARCHAR" and file.suffix == ".csv" else sql_name(name) for name, kind in columns)
    unfinished = file.with_name(f".{file.name}")
    # Starts with the byte-order mark by which Excel recognizes UTF-8.
    heading, end = sql_text("\ufeff" + ",".join(names) + "\n"), sql_text("\n")
    as_csv = f"format csv, header false, prefix {heading}, suffix {end}"
    options = as_csv if file.suffix == ".csv" else "format parquet, compression zstd"
    (rows,) = one_row(db.execute(f"copy (select {values} from marts.{table} {where}) to {sql_text(unfinished)} ({options})"))
    unfinished.rename(file)
    return int(rows)


def _cell(name: str) -> str:
    """A text that a spreadsheet shows and never runs as a formula."""
    column = sql_name(name)
    return f"case when regexp_matches({column}, {sql_text(FORMULA.pattern)}) then '''' || {column} else {column} end as {column}"


if __name__ == "__main__":
    sys.exit(main())
