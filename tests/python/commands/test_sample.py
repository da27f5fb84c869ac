"""The sample landing zone: reproducible by seed and end day, realistic, and full of everything that goes wrong."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from harness import SAMPLE_DAY, Built

from outreach.commands.sample import main
from outreach.connectors.ingestion import ingest, sources
from outreach.landing.sample import EVENT_STREAMS, RAW_TABLES, SampleSize, write_raw_sample, write_sample
from outreach.landing.streams import LANDING_RULES
from outreach.settings import Settings


def digests(folder: Path) -> dict[str, str]:
    return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_the_same_seed_and_end_day_write_the_same_files(sample: Built, tmp_path: Path) -> None:
    write_sample(tmp_path / "again", end_day=SAMPLE_DAY)
    assert digests(tmp_path / "again") == digests(sample.warehouse.landing.path)
    write_sample(tmp_path / "other", end_day=SAMPLE_DAY, seed=8)
    assert digests(tmp_path / "other") != digests(sample.warehouse.landing.path)


def test_a_landing_zone_that_is_there_is_never_written_to(sample: Built) -> None:
    before = digests(sample.warehouse.landing.path)
    with pytest.raises(FileExistsError, match="accounts exists already"):
        write_sample(sample.warehouse.landing.path, end_day=SAMPLE_DAY)
    assert digests(sample.warehouse.landing.path) == before


def test_parquet_holds_the_same_rows_as_json_lines(sample: Built, tmp_path: Path) -> None:
    write_sample(tmp_path, end_day=SAMPLE_DAY, file_format="parquet")
    rows = 0
    for stream in LANDING_RULES:
        lines, parquet = (folder / stream for folder in (sample.warehouse.landing.path, tmp_path))
        days = [sorted(file.parent.name for file in folder.glob("*/*")) for folder in (lines, parquet)]
        assert days[0] == days[1], stream
        if days[1]:
            names = [
                name for name, *_ in duckdb.execute(f"describe from read_parquet('{parquet}/*/*', hive_partitioning = false)").fetchall()
            ]
            texts = ", ".join(f"{name}: 'varchar'" for name in names)
            columns = ", ".join(f"cast({name} as varchar)" for name in names)
            in_parquet, in_lines = (
                duckdb.execute(f"select {columns} from {table} order by all").fetchall()
                for table in (
                    f"read_parquet('{parquet}/*/*', hive_partitioning = false)",
                    f"read_json('{lines}/*/*', columns = {{{texts}}}, ignore_errors = true, format = 'newline_delimited')",
                )
            )
            # DuckDB reads a line that is not JSON as an empty row.
            assert in_parquet == [row for row in in_lines if any(row)], stream
            rows += len(in_parquet)
    assert rows > 8000


def test_dbts_own_tests_pass_on_the_sample_and_unit_tests_too(sample: Built) -> None:
    assert " ERROR=0 SKIP=0" in sample.printed.splitlines()[-1]
    assert len(re.findall(r" PASS \w+::", sample.printed)) == 8, "unit tests"
    assert "WARN 2 given_timezones_are_known" in sample.printed


def test_everything_that_goes_wrong_is_in_the_sample(sample: Built) -> None:
    with sample.warehouse.connect() as db:
        reasons = {reason for (reason,) in db.execute("select distinct reason from marts.rejected_events").fetchall()}
        wrong = db.execute("""
            select bool_and(duplicate_rows > 0), bool_and(rejected_rows > 0), sum(broken_lines) > 0 from marts.landing_accounting
        """).fetchone()
        late = "select count(*) > 0 from staging.base_message_events where ingest_date > occurred_at::date + 1"
        assert db.execute(late).fetchone() == (True,)
        unsorted = "select count(*) from marts.fct_messages where status = 'carrier_blocked' and template_id like '%_1_2'"
        assert db.execute(unsorted).fetchone()[0] > 3
        late_account = "select max(ingest_date) - min(ingest_date) from staging.base_accounts"
        assert db.execute(late_account).fetchone()[0] > 20
    assert wrong == (True, True, True)
    assert reasons == {
        "missing_event_id", "missing_account_id", "missing_contact_id", "missing_message_id", "missing_call_id",
        "unknown_event_type", "invalid_occurred_at", "unknown_account",
    }  # fmt: skip


def test_the_sample_is_about_as_large_as_asked(sample: Built) -> None:
    with sample.warehouse.connect() as db:
        (messages,) = db.execute("select count(*) from marts.fct_messages").fetchone()
    assert messages == pytest.approx(SampleSize().messages, rel=0.1)
    assert len(EVENT_STREAMS) == 3


def test_no_personal_data_is_in_the_marts(sample: Built) -> None:
    with sample.warehouse.connect() as db:
        tables = [t for (t,) in db.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()]
        columns = db.execute("select table_name, column_name from duckdb_columns() where schema_name = 'marts'").fetchall()
        for table in tables:
            text = db.execute(f"select coalesce(string_agg(t::varchar), '') from marts.{table} as t").fetchone()[0]
            assert "+1555" not in text and "@" not in text.lower() and "Sam" not in text, table
    assert not [c for c in columns if c[1] in ("body", "email", "account_number")]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_raw_tables_tell_the_same_story_and_are_ingested_whole(tmp_path: Path, file_format: str) -> None:
    raw = tmp_path / "raw"
    write_raw_sample(raw, end_day=SAMPLE_DAY, size=SampleSize(600, 20), file_format=file_format, progress=lambda line: None)
    assert {file.stem for file in raw.iterdir()} == {*RAW_TABLES}
    settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
    found = ingest(sources()["twilio-fivetran"], str(raw), None, settings, b"")
    assert all(not counts.skipped for counts in found.read.values())
    with duckdb.connect() as db:
        messages, delivered, calls = db.execute(f"""
            select
                count(*), count(*) filter (where status in ('delivered', 'undelivered')),
                (select count(*) from '{raw}/call.{file_format}')
            from '{raw}/message.{file_format}'
        """).fetchone()
    assert found.written["message_events"] == messages + delivered > 900
    assert calls <= found.written["call_events"] <= 3 * calls
    with pytest.raises(FileExistsError):
        write_raw_sample(raw, end_day=SAMPLE_DAY, file_format=file_format)


def test_the_command_writes_raw_tables_says_what_comes_next_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "raw tables"
    arguments = [str(folder), "--source", "twilio-fivetran", "--messages", "200", "--days", "3", "--end-day", "2026-11-20"]
    monkeypatch.setattr("sys.argv", ["sample", *arguments])
    assert main() == 0
    assert f"make ingest ARGS=\"twilio-fivetran --location '{folder}'\"" in capsys.readouterr().out
    assert {file.name for file in folder.iterdir()} == {f"{table}.csv" for table in RAW_TABLES}
    before = digests(folder)
    assert main() == 2
    assert "exists already" in capsys.readouterr().err and digests(folder) == before
