"""Whatever the landing zone contains, a build neither crashes nor silently loses a row."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from harness import LandingZone, Warehouse, messaging, write_parquet
from odd_files import write_parquet_of_other_types, write_parquet_of_other_writers
from stories import account_row, message_event, of_account, row, sent

from outreach.landing import files as landing_files
from outreach.landing import profiling
from outreach.landing.files import Inspection, inspect_files
from outreach.landing.profiling import StreamProfile, profiled
from outreach.settings import Settings

# Tests of nothing but what is selected.
OWN_TESTS = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")


def test_empty_absent_and_odd_streams_build(warehouse: Warehouse) -> None:
    warehouse.landing.path.mkdir()
    warehouse.build_for("messaging_report", "rejected_events")
    assert messaging(warehouse, "a")["sms_sent"] == 0
    # A file of no rows, one of blank lines, and columns that the contract does not name or the file lacks.
    folder = warehouse.landing.path / "message_events/ingest_date=2026-11-20"
    folder.mkdir(parents=True)
    (folder / "empty.jsonl").touch()
    (folder / "blank.jsonl").write_text("\n\n  \n")
    (folder / "few.jsonl").write_text(
        '{"event_id": "e", "account_id": "a", "contact_id": "p", "message_id": 7, "event_type": "sent", '
        '"occurred_at": "2026-11-20", "x": 1}\n'
    )
    # A body that was cut in the middle of an emoji.
    (folder / "half an emoji.jsonl").write_text(
        '{"event_id": "r", "account_id": "a", "contact_id": "p", "message_id": "r", "event_type": "received", '
        '"occurred_at": "2026-11-20", "body": "stop texting \\ud83d"}\n'
    )
    # The message's id stands for that of each of its events.
    warehouse.landing.deliver(of_account(
        "a", account_row(), *(message_event(kind, "m", "11-20 10:00", event_id="m") for kind in ("sent", "delivered")),
    ))  # fmt: skip
    warehouse.build_for("messaging_report", "rejected_events")
    report = messaging(warehouse, "a")
    assert (report["sms_sent"], report["replies_received"], report["opted_out_contacts"]) == (2, 1, 1)
    with warehouse.connect() as db:
        unknown = "select path, unknown_columns from staging.landing_files where len(unknown_columns) > 0"
        assert db.execute(unknown).fetchall() == [("message_events/ingest_date=2026-11-20/few.jsonl", ["x"])]
        assert db.execute("select sum(broken_lines), sum(repaired_lines) from staging.landing_files").fetchone() == (0, 1)
    assert "WARN 1 event_ids_keep_their_type" in warehouse.dbt("test", "--select", "event_ids_keep_their_type").stdout


def test_parquet_files_of_different_columns_and_types_are_read_together(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", LandingZone(tmp_path / "landing", "parquet"))
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00", extra="x"), sent("m2", "11-10 03:00")))
    write_parquet_of_other_types(warehouse.landing.path / "message_events/ingest_date=2026-11-20")
    write_parquet_of_other_writers(warehouse.landing.path / "message_events/ingest_date=2026-11-20")
    warehouse.build_for("messaging_report", "rejected_events")
    # The files that are held already stand beside the new one.
    warehouse.landing.deliver(of_account("a", sent("m3", "11-10 05:00", file_index="1", filename="y")))
    warehouse.build_for("messaging_report", "rejected_events")
    report = messaging(warehouse, "a")
    assert (report["sms_sent"], report["sms_segments_sent"]) == (4, 5)
    assert (report["replies_received"], report["opted_out_contacts"]) == (1, 1)
    with warehouse.connect() as db:
        assert db.execute("select contact_id from marts.fct_attributed_events where activity = 'reply'").fetchall() == [("Zoë",)]
        assert db.execute("select reason, row_json from marts.rejected_events order by row_json").fetchall() == [
            ("missing_contact_id", '{"account_id":"a","event_id":"10","event_type":"opened"}'),
            (
                "missing_contact_id",
                '{"account_id":"a","event_id":"e12","event_type":"received","file_index":"7","file_path":"y","filename":"x",'
                '"is_row":"false","landed_row":"z","message_id":"m12","occurred_at":"2026-11-10T04:00:00Z"}',
            ),
        ]


def test_files_that_cannot_be_read_are_named_and_the_others_are_in(warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00")))
    folder = warehouse.landing.path / "message_events/ingest_date=2026-11-20"
    good = (
        b'{"event_id": "e2", "account_id": "a", "contact_id": "p", "message_id": "m2", "event_type": "sent", "occurred_at": "2026-11-10"}\n'
    )
    (folder / "cut off.jsonl.gz").write_bytes(gzip.compress(good * 9)[:-9])
    (folder / "no gzip.jsonl.gz").write_bytes(good)
    (folder / "other.csv").write_text("event_id\n1\n")
    (folder / "half.jsonl").write_bytes(b"\xff broken\nnot json\n" + good + b'{"event_id": "e3"')
    (folder / "folder.jsonl").mkdir()
    (folder / "link.jsonl").symlink_to("/etc/passwd")
    (warehouse.landing.path / "strays.jsonl").write_bytes(good)
    write_parquet(folder / "rows.parquet", [{"event_id": "e4"}])
    warehouse.build_for("messaging_report")
    assert messaging(warehouse, "a")["sms_sent"] == 2
    with warehouse.connect() as db:
        problems = dict(db.execute("select parse_filename(path), problem from staging.landing_files where problem is not null").fetchall())
        broken = db.execute("select broken_lines, rows_landed from staging.landing_files where path like '%half%'").fetchone()
    assert broken == (3, 1)
    assert problems == {
        "cut off.jsonl.gz": "cannot be read: Compressed file ended before the end-of-stream marker was reached",
        "no gzip.jsonl.gz": "cannot be read: Not a gzipped file (b'{\"')",
        "other.csv": "does not end in .jsonl or .jsonl.gz, the format of this landing zone",
        "rows.parquet": "does not end in .jsonl or .jsonl.gz, the format of this landing zone",
        "folder.jsonl": "is not a regular file",
        "link.jsonl": "links to a place outside the landing zone",
        "strays.jsonl": "is not in a folder <stream>/ingest_date=YYYY-MM-DD/",
    }
    # A file that breaks after it was read keeps its rows, and is read again once it is whole.
    (folder / "half.jsonl").write_bytes(good + good.replace(b"e2", b"e5").replace(b"m2", b"m5"))
    (folder / "cut off.jsonl.gz").write_bytes(gzip.compress(good.replace(b"e2", b"e6").replace(b"m2", b"m6")))
    warehouse.build_for("messaging_report")
    assert messaging(warehouse, "a")["sms_sent"] == 4


def test_small_files_are_read_together_and_counted_each_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "landing/message_events/ingest_date=2026-11-20"
    folder.mkdir(parents=True)
    line = (
        b'{"event_id": "e", "account_id": "a", "contact_id": "p", "message_id": "m", "event_type": "sent", "occurred_at": "2026-11-10"}\n'
    )
    files = {
        "1.jsonl": line * 3, "2 empty.jsonl": b"", "3 [a-z]*'s.jsonl": line + b"no JSON\n", "4.jsonl.gz": gzip.compress(line * 2),
        "5 cut off.jsonl.gz": gzip.compress(line * 2)[:-9], "6.jsonl": line.replace(b'"sent"', b'"opened \xf0\x9f"'),
        "7.jsonl": line.decode().encode("utf-16"), "8.jsonl": line.replace(b'"p"', b"null") * 4,
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
    settings = Settings(str(tmp_path / "landing"), "jsonl", tmp_path / "w", tmp_path / "p", tmp_path / "home", tmp_path / "raw")
    paths = [f"message_events/ingest_date=2026-11-20/{name}" for name in files]

    def read() -> tuple[list[Inspection], StreamProfile]:
        with profiled(settings) as profile:
            return inspect_files(settings.landing, paths, "jsonl"), profile.streams["message_events"]

    inspections, profile = read()
    assert [(found.rows, found.broken_lines, found.repaired_lines) for found in inspections] == [
        (3, 0, 0), (0, 0, 0), (1, 1, 0), (2, 0, 0), (0, 0, 0), (1, 0, 1), (0, 0, 0), (4, 0, 0),
    ]  # fmt: skip
    assert [bool(found.problem) for found in inspections] == [name[0] in "57" for name in files]
    assert (profile.rows, profile.reject_reasons) == (11, {"missing_contact_id": 4, "unknown_account": 6, "unknown_event_type": 1})
    assert (len(profile.broken_files), len(profile.unreadable_files)) == (1, 2)
    # Deleted after it was listed.
    (gone,) = inspect_files(settings.landing, [f"{paths[0]}.gone.jsonl"], "jsonl")
    assert "No such file" in str(gone.problem) and gone.rows == 0
    for module in (landing_files, profiling):
        monkeypatch.setattr(module, "BATCH", 1)
    assert read() == (inspections, profile), "One by one, the same is found."


def test_another_landing_zone_is_refused_and_files_that_went_keep_their_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = of_account("a", account_row(), sent("m1", "11-10 03:00", landed_on="11-10"), sent("m2", "11-10 03:00"))
    warehouse.landing.deliver(rows)
    warehouse.build_for("messaging_report")
    shutil.rmtree(warehouse.landing.path / "message_events/ingest_date=2026-11-10")
    run = warehouse.dbt("build", "--select", "+messaging_report", *OWN_TESTS)
    assert "WARN 1 landing_files_are_all_there" in run.stdout
    assert messaging(warehouse, "a")["sms_sent"] == 2

    other = LandingZone(tmp_path / "other")
    other.deliver(of_account("b", account_row(landed_on="11-01")))
    elsewhere = Warehouse(warehouse.path, other)
    run = elsewhere.dbt("build", check=False)
    assert run.returncode == 1
    assert "holds another landing zone" in run.stdout
    assert messaging(warehouse, "a")["sms_sent"] == 2
    elsewhere.build("--full-refresh", "--select", "+messaging_report")
    assert messaging(warehouse, "a")["sms_sent"] == 0


def test_a_file_that_is_deleted_between_listing_and_reading_stops_that_build_alone(warehouse: Warehouse) -> None:
    def counts() -> tuple[int, ...]:
        warehouse.build_for("landing_accounting")
        with warehouse.connect() as db:
            columns = "landed_rows, accepted_rows, files"
            return db.execute(f"select {columns} from marts.landing_accounting where stream = 'message_events'").fetchone()

    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00", landed_on="11-10")))
    assert counts() == (1, 1, 1)
    later = of_account("a", sent("m2", "11-10 03:00", landed_on="11-11"))
    warehouse.landing.deliver(later)
    warehouse.build_for("landing_files")
    (file,) = warehouse.landing.path.glob("message_events/ingest_date=2026-11-11/*")
    file.unlink()
    run = warehouse.dbt("build", "--select", "landed_message_events", *OWN_TESTS, check=False)
    assert run.returncode == 1 and "No files found" in run.stdout and "ingest_date=2026-11-11" in run.stdout
    assert counts() == (1, 1, 1)
    # It may come again, and a file whose rows are held keeps them.
    warehouse.landing.deliver(later)
    (held,) = warehouse.landing.path.glob("message_events/ingest_date=2026-11-10/*")
    held.unlink()
    assert counts() == (2, 2, 2)


def test_a_row_without_its_own_id_is_a_warning(warehouse: Warehouse) -> None:
    warehouse.landing.deliver([*of_account("a", account_row()), row("campaigns", campaign_id="c1", account_id=" ")])
    run = warehouse.dbt("build", "--select", "+base_campaigns", *OWN_TESTS)
    assert "WARN 1 ids_of_base_campaigns_are_there" in run.stdout
