"""`make compact` as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from outreach.commands.compact import main


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse most of whose rows have been deleted."""
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create table numbers as select hash(range) as number from range(1_000_000)")
        db.execute("checkpoint")
        db.execute("delete from numbers where number % 100 <> 0")
    monkeypatch.setenv("OUTREACH_WAREHOUSE", str(file))
    monkeypatch.setattr(sys, "argv", ["make compact"])
    return file


def test_the_file_holds_the_same_rows_in_less_space(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(file)) as db:
        before, rows = file.stat().st_size, db.sql("from numbers order by all").fetchall()
    assert main() == 0
    with duckdb.connect(str(file)) as db:
        assert db.sql("from numbers order by all").fetchall() == rows and len(rows) > 0
    after = file.stat().st_size
    assert after < before / 2
    assert f" MB, now {after / 1e6:,.1f} MB" in capsys.readouterr().out


def test_a_warehouse_that_another_process_has_open_stays_as_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holder = [sys.executable, "-c", f"import duckdb; db = duckdb.connect({str(file)!r}); print('open', flush=True); input()"]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        assert main() == 1
        other.communicate("\n")
    assert "is taken (another process has it open); try again when that has ended." in capsys.readouterr().err
    assert not list(file.parent.glob(".*compact*"))


def test_a_warehouse_that_is_not_there_yet_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.unlink()
    assert main() == 1 and "not there yet; `make build` writes it" in capsys.readouterr().err
