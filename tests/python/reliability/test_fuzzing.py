"""Anything in a landing zone is accepted, rejected with a reason or named by file, and all other rows come in."""

from __future__ import annotations

import gzip
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from harness import NIGHTLY, SEEDS, Warehouse, assert_equal_to_full_refresh, contract, warehouse_in, write_parquet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odd_files import ONLY_DUCKDB, VALUES_BY_TYPE, write_random_parquet

from outreach.landing.streams import EVENT_STREAMS

DAY = "ingest_date=2026-11-20"
CASES = 200
EXAMPLES = 15 if NIGHTLY else 1

HOSTILE_IDS = [
    "'", '"', "';drop table marts.fct_messages;--", "../../etc/passwd", "a\nb", "a\\b", "%", "_", "*", "null", "NULL", "$1", "{{ 1 }}",
    "\u202e",
    "a\u0000b", "а", "ａ", "💥", "/*", "x" * 5000, "file://x", "[1]", "--", "`", "select 1", "true", "0", "\ufeffa", "é", "e\u0301",
]  # fmt: skip
EVENT_TYPES = ["sent", "delivered", "received", "undelivered", "carrier_blocked", "exploded", "", None]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(HOSTILE_IDS)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8
)


def clock_changes() -> list[str]:
    """The hours around every change of some zone's clocks in 2026, as texts with its offset and without one."""
    moments = set()
    for name in sorted(available_timezones()):
        zone, moment = ZoneInfo(name), datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
        while moment.year == 2026:
            later = moment + timedelta(hours=1)
            if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                moments |= {moment, later}
            moment += (
                timedelta(hours=24)
                if moment.astimezone(zone).utcoffset() == (moment + timedelta(hours=24)).astimezone(zone).utcoffset()
                else timedelta(hours=1)
            )
    return [text for moment in sorted(moments) for text in (moment.isoformat(), moment.replace(tzinfo=None).isoformat())]


ODD_TIMES = [
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0000-01-01", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00+01:00",
    "2026-02-30",
    "2026-11-01T25:00:00Z", "2026-11-01T13:05:09 Mars/Base", "now", "1e10", "٢٠٢٦-11-01",
]  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, times: list[str]) -> bytes:
    """A JSON line: a row of message_events with arbitrary values in some places."""
    row = {
        "event_id": draw(st.sampled_from(["e1", "e2", *HOSTILE_IDS]) | NESTED),
        "event_type": draw(st.sampled_from(EVENT_TYPES) | NESTED),
        "account_id": draw(st.sampled_from(["good", "good", "unknown", *HOSTILE_IDS]) | NESTED),
        "contact_id": draw(st.sampled_from(["p1", *HOSTILE_IDS]) | NESTED),
        "message_id": draw(st.sampled_from(["m1", *HOSTILE_IDS]) | NESTED),
        "occurred_at": draw(st.sampled_from(times + ODD_TIMES) | NESTED),
        "campaign_id": draw(st.sampled_from(HOSTILE_IDS) | NESTED),
        "segments": draw(SCALARS),
        "body": draw(st.text(max_size=200)),
    }
    for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=2, unique=True)):
        del row[name]
    line = json.dumps(row, ensure_ascii=draw(st.booleans()))
    # A key that comes twice.
    return (line[:-1] + ', "event_id": "again"}' if draw(st.booleans()) and row else line).encode("utf-8", "surrogatepass")


def lines(times: list[str]) -> st.SearchStrategy[bytes]:
    """A line: a row, or something that is not one."""
    broken = st.binary(max_size=60) | st.sampled_from(
        [b"\xff\xfe", b"\x00", b"{", b'{"a":', b"[[[[", b"\xed\xa0\x80", b"null", b"[1]", b'"s"', b"1", b" "]
    )
    return (rows(times) | broken).map(lambda line: line.replace(b"\n", b" "))


@pytest.fixture(scope="module")
def times() -> list[str]:
    return clock_changes()


@dataclass
class Zone:
    """A warehouse with one good row per file, beside arbitrary content."""

    warehouse: Warehouse
    good_rows: int = 0

    @property
    def folder(self) -> Path:
        return self.warehouse.landing.path / "message_events" / DAY

    def add_good(self, name: str) -> None:
        self.good_rows += 1
        row = {
            "event_id": f"good-{name}", "event_type": "sent", "account_id": "good", "contact_id": "good", "message_id": f"good-{name}",
            "occurred_at": "2026-11-19T10:00:00Z", "campaign_id": "c",
        }  # fmt: skip
        (self.folder / f"{name}.jsonl").write_text(json.dumps(row) + "\n")


def new_zone(folder: Path) -> Zone:
    zone = Zone(warehouse_in(folder))
    zone.folder.mkdir(parents=True)
    accounts = zone.warehouse.landing.path / "accounts" / DAY
    accounts.mkdir(parents=True)
    zones = ["UTC", "Mars/Base", "", "America/New_York"]
    hostile = [account for account in HOSTILE_IDS if "\x00" not in account]
    (accounts / "a.jsonl").write_text("".join(
        json.dumps({"account_id": account, "timezone": zones[n % 4], "updated_at": "2026-11-01T00:00:00Z"}) + "\n"
        for n, account in enumerate(["good", *hostile])
    ))  # fmt: skip
    zone.add_good("good")
    return zone


def assert_all_accounted_for(zone: Zone) -> dict[str, tuple]:
    """The entries of landing_files, after checking that every row of each file is held."""
    with zone.warehouse.connect() as db:
        unbalanced = """
            select * from marts.landing_accounting
            where landed_rows != accepted_rows + duplicate_rows + rejected_rows + forgotten_rows
        """
        assert db.execute(unbalanced).fetchall() == []
        lost = """
            select files.path, files.rows_landed, count(held.file_id) as held
            from staging.landing_files as files left join staging.base_message_events as held on files.file_id = held.file_id
            where files.stream = 'message_events' and files.problem is null
            group by all having files.rows_landed != held
        """
        assert db.execute(lost).fetchall() == []
        unexplained = "select * from marts.rejected_events where reason is null or row_json is null"
        assert db.execute(unexplained).fetchall() == []
        (good,) = db.execute("select count(*) from marts.fct_messages where message_id like 'good-%' and account_id = 'good'").fetchone()
        assert good == zone.good_rows
        # The whole warehouse can be read.
        for (table,) in db.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
            db.execute(f"select * from marts.{table}").fetchall()
        found = db.execute("select path, problem, rows_landed, broken_lines from staging.landing_files").fetchall()
        return {path.rpartition("/")[2]: tuple(values) for path, *values in found}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_any_line_is_a_row_or_counted_as_broken(tmp_path_factory: pytest.TempPathFactory, times: list[str], data: st.DataObject) -> None:
    zone = new_zone(tmp_path_factory.mktemp("fuzz"))
    drawn = [data.draw(lines(times)) for _ in range(CASES)]
    rng = Random(len(b"".join(drawn)))
    for n in range(0, CASES, 20):
        content = b"\n".join(drawn[n : n + 20]) + rng.choice([b"", b"\n", b"\r\n"])
        file = zone.folder / f"fuzz {n}.jsonl{rng.choice(['', '.gz'])}"
        file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    zone.warehouse.build()
    files = assert_all_accounted_for(zone)
    # Whatever Python reads as an object is also a row here, provided it is UTF-8.
    for n in range(0, CASES, 20):
        name = next(name for name in files if name.startswith(f"fuzz {n}.jsonl"))
        problem, rows_landed, broken = files[name]
        if drawn[n].startswith((b"\xff\xfe", b"\xfe\xff")):
            assert problem == "cannot be read: it is text in UTF-16, and UTF-8 was expected"
            continue
        assert problem is None, (name, problem)
        objects = sum(_is_object(line) for line in drawn[n : n + 20])
        assert objects <= rows_landed <= 20 and rows_landed + broken <= 20 + 1, (name, objects, rows_landed, broken)


def _is_object(line: bytes) -> bool:
    try:
        # Numbers that JSON does not know, and lone surrogates, may be read or not.
        return isinstance(json.loads(line.decode(), parse_constant=lambda _: 1 / 0), dict) and b"\\ud" not in line.lower()
    except (ValueError, ZeroDivisionError, RecursionError):
        return False


@pytest.mark.nightly
def test_any_file_is_read_or_named_with_what_is_wrong_with_it(tmp_path: Path) -> None:
    zone = new_zone(tmp_path)
    rng = Random(3)
    packed = gzip.compress(b'{"event_id": "gz"}\n' * 1000)
    (zone.folder / "truncated.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (zone.folder / "no gzip.jsonl.gz").write_bytes(b"no gzip at all")
    (zone.folder / "flipped.jsonl.gz").write_bytes(packed[:30] + bytes(byte ^ 0x55 for byte in packed[30:]))
    (zone.folder / "empty.jsonl").touch()
    (zone.folder / "random.jsonl").write_bytes(rng.randbytes(50_000))
    (zone.folder / "long.jsonl").write_text(json.dumps({"event_id": "long", "body": "x" * 10_000_000}) + "\n")
    (zone.folder / "deep.jsonl").write_text("[" * 5000 + "]" * 5000 + "\n" + '{"a":' * 3000 + "1" + "}" * 3000 + "\n")
    (zone.folder / "wide.jsonl").write_text(json.dumps({f"column {n}": n for n in range(5000)}) + "\n")
    (zone.folder / "folder.jsonl").mkdir()
    (zone.folder / "folder.jsonl/inner.jsonl").write_text("{}\n")
    (zone.folder / "outside.jsonl").symlink_to("/etc/hostname")
    (zone.folder / "broken link.jsonl").symlink_to(tmp_path / "nowhere")
    (zone.folder / "rows.parquet").write_bytes(b"PAR1")
    os.mkfifo(zone.folder / "pipe.jsonl")
    (zone.folder / os.fsdecode(b"no \xff text.jsonl")).write_text("{}\n")
    (zone.folder / "it's; drop table x -- %[1]*?.jsonl").write_text('{"event_id": "name"}\n')
    zone.add_good("last")
    zone.warehouse.build()
    files = assert_all_accounted_for(zone)
    named = {name: problem for name, (problem, *_) in files.items() if problem}
    assert named.keys() == {
        "truncated.jsonl.gz", "no gzip.jsonl.gz", "flipped.jsonl.gz", "folder.jsonl", "outside.jsonl", "broken link.jsonl", "rows.parquet",
        "pipe.jsonl", "no \\udcff text.jsonl",
    }  # fmt: skip
    assert named["outside.jsonl"] == "links to a place outside the landing zone"
    assert (files["long.jsonl"], files["wide.jsonl"]) == ((None, 1, 0), (None, 1, 0))
    assert files["it's; drop table x -- %[1]*?.jsonl"] == (None, 1, 0)
    # Once repaired, each comes in with the next run.
    (zone.folder / "truncated.jsonl.gz").write_bytes(packed)
    zone.warehouse.build()
    assert assert_all_accounted_for(zone)["truncated.jsonl.gz"] == (None, 1000, 0)
    assert_equal_to_full_refresh(zone.warehouse)


@pytest.mark.nightly
def test_files_that_vanish_while_builds_run_cost_one_build_each_and_no_other_row(tmp_path: Path) -> None:
    zone = new_zone(tmp_path)
    rng = Random(4)
    zone.warehouse.build()
    vanished, failures = set(), 0
    for turn in range(8):
        names = [f"{turn} {n}" for n in range(60)]
        for name in names:
            zone.add_good(name)
        vanishing = rng.sample(names, 30)
        with ThreadPoolExecutor(1) as pool:
            build = pool.submit(zone.warehouse.build)
            for name in vanishing:
                time.sleep(rng.uniform(0, 0.2))
                (zone.folder / f"{name}.jsonl").unlink()
        vanished |= {f"good-{name}" for name in vanishing}
        if error := build.exception():
            failures += 1
            assert any(f"{name}.jsonl" in str(error) for name in vanishing), error
        zone.warehouse.build()
        with zone.warehouse.connect() as db:
            held = {row for (row,) in db.execute("select message_id from marts.fct_messages where account_id = 'good'").fetchall()}
        lost = {f"good-{name}" for name in ["good", *(f"{t} {n}" for t in range(turn + 1) for n in range(60))]} - vanished - held
        assert lost == set()
        zone.good_rows = len(held)
        assert_all_accounted_for(zone)
    assert failures > 0, "no file vanished between listing and reading"


def test_any_parquet_file_is_read_whole_or_named(tmp_path: Path) -> None:
    zone = new_zone(tmp_path / "parquet")
    landing = zone.warehouse.landing
    landing.file_format = "parquet"
    for file in landing.path.rglob("*.jsonl"):
        write_parquet(file.with_suffix(".parquet"), [json.loads(line) for line in file.read_text().splitlines()])
        file.unlink()
    whole = (zone.folder / "good.parquet").read_bytes()
    damage = {
        "zero.parquet": b"", "short.parquet": whole[:40], "no footer.parquet": whole[:-20],
        "spoiled.parquet": whole[:8] + bytes(byte ^ 0xFF for byte in whole[8:-300]) + whole[-300:],
        "text.parquet": b"event_id,account_id\n1,2\n",
    }  # fmt: skip
    for name, content in damage.items():
        (zone.folder / name).write_bytes(content)
    # Files of any columns and types in every other stream but that of forgotten contacts, whose rows would go. Their accounts are unknown,
    # so that all rows of events are rejected and held as they are.
    rng = Random(SEEDS)
    columns = contract()
    values = {stream: 0 for stream in columns if stream not in ("accounts", "forgotten_contacts", "message_events")}
    for stream in values:
        for n in range(4 * SEEDS):
            file = landing.path / stream / DAY / f"random {n}.parquet"
            values[stream] += write_random_parquet(file, rng, columns[stream], VALUES_BY_TYPE | ONLY_DUCKDB)
    zone.warehouse.build()
    files = assert_all_accounted_for(zone)
    assert {name for name, (problem, *_) in files.items() if problem} == set(damage)
    with zone.warehouse.connect() as db:
        held = "select stream, sum(len(json_keys(row_json))) from marts.rejected_events where stream != 'message_events' group by 1"
        assert dict(db.execute(held).fetchall()) == {stream: count for stream, count in values.items() if stream in EVENT_STREAMS}
