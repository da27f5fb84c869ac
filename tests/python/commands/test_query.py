"""`make query`: SQL over the published file or the warehouse, and one line if it cannot be answered."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from outreach.commands.query import main

Asked = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Asks a published file and a warehouse that hold their own names; returns the exit code and both outputs."""
    for name in ("published", "warehouse"):
        file = tmp_path / f"{name}.duckdb"
        monkeypatch.setenv(f"OUTREACH_{name.upper()}", str(file))
        with duckdb.connect(str(file)) as db:
            db.execute(f"create table files as select '{name}' as file")

    def ask(*arguments: str, sql: str = "", typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["make query", *arguments])
        monkeypatch.setenv("OUTREACH_QUERY", sql)
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main()
        return code, *capsys.readouterr()

    return ask


@pytest.mark.parametrize(("arguments", "file"), [([], "published"), (["--warehouse"], "warehouse")])
def test_it_asks_the_published_file_or_with_warehouse_the_warehouse(asked: Asked, arguments: list[str], file: str) -> None:
    code, printed, _ = asked(*arguments, sql="from files")
    assert code == 0 and f"│ {file}" in printed


def test_sql_comes_from_standard_input_if_none_is_given(asked: Asked) -> None:
    assert "│ typed" in asked(typed="select 'typed' as place")[1]


def test_no_sql_at_all_is_a_usage_error(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(typed=" \n")
    assert ended.value.code == 2 and "there is no SQL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sql", "sentence"), [("from nowhere", "Table with name nowhere does not exist"), ("drop table files", "read-only mode")]
)
def test_a_query_that_fails_or_would_write_says_why(asked: Asked, sql: str, sentence: str) -> None:
    code, printed, error = asked(sql=sql)
    assert (code, printed) == (1, "") and "published.duckdb: " in error and sentence in error


def test_a_file_that_is_not_there_yet_is_said(asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OUTREACH_PUBLISHED", str(tmp_path / "none.duckdb"))
    code, _, error = asked(sql="select 1")
    assert code == 1 and error.endswith("none.duckdb: not there yet; `make build` writes it\n")
