"""`make export`: published tables as files for spreadsheets."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import duckdb
import pytest

from outreach.commands.export import main


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An agency, an account below it, and a stranger, each with a campaign."""
    file = tmp_path / "published.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("""
            create schema marts;
            create table marts.dim_accounts as select unnest(['agency', 'below', 'stranger']) as account_id;
            create table marts.account_access as from (values
                ('agency', 'agency'), ('agency', 'below'), ('below', 'below'), ('stranger', 'stranger')
            ) as access(viewer_account_id, account_id);
            create table marts.dim_campaigns as from (values
                ('agency', '=HYPERLINK("http://evil.example")', 1), ('below', 'Überraschung, "neu"', 2), ('stranger', '-1', null)
            ) as campaigns(account_id, campaign_name, contacts);
            create table marts.kpis as select 'reply_rate' as name;
            create table marts.publication as select 1 as publication_id;
        """)
    monkeypatch.setenv("OUTREACH_PUBLISHED", str(file))
    return file


def exported(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["make export", str(folder), *arguments])
    return main()


def rows_in(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))


def test_a_table_is_a_csv_file_that_excel_reads_and_in_which_nothing_is_a_formula(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert exported(monkeypatch, tmp_path / "out") == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "account_access.csv", "dim_accounts.csv", "dim_campaigns.csv", "kpis.csv",
    ]  # fmt: skip
    assert (tmp_path / "out/dim_campaigns.csv").read_bytes().startswith(b"\xef\xbb\xbfaccount_id,")
    assert rows_in(tmp_path / "out/dim_campaigns.csv") == [
        ["account_id", "campaign_name", "contacts"],
        ["agency", """'=HYPERLINK("http://evil.example")""", "1"],
        ["below", 'Überraschung, "neu"', "2"],
        ["stranger", "'-1", ""],
    ]


def test_an_account_gets_what_it_and_those_below_it_may_see(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exported(monkeypatch, tmp_path / "out", "--account", "agency", "--table", "dim_campaigns", "--table", "kpis") == 0
    assert [row[0] for row in rows_in(tmp_path / "out/dim_campaigns.csv")[1:]] == ["agency", "below"]
    assert rows_in(tmp_path / "out/kpis.csv")[1:] == [["reply_rate"]]


def test_parquet_holds_the_values_as_they_are(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exported(monkeypatch, tmp_path / "out", "--format", "parquet", "--table", "dim_campaigns") == 0
    assert duckdb.sql(f"select campaign_name, contacts from '{tmp_path}/out/dim_campaigns.parquet'").fetchall()[2] == ("-1", None)


@pytest.mark.parametrize(
    "arguments, words",
    [(["--table", "publication"], "There is no table publication: expected some of"), (["--account", "x"], "There is no account 'x'.")],
)
def test_what_is_not_there_is_named_and_nothing_is_written(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert exported(monkeypatch, tmp_path / "out", *arguments) == 2
    assert words in capsys.readouterr().err and list((tmp_path / "out").iterdir()) == []
