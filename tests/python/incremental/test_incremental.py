"""A landing zone that arrives over any number of runs gives the marts of one full refresh, whatever changes in between."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest
from harness import SEEDS, LandingZone, Warehouse, assert_equal_to_full_refresh, copy_of_project, differing_rows, messaging
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_landing import random_landing
from stories import account_row, contact_event, of_account, received, sent


def batches(warehouse: Warehouse) -> dict[str, set[int]]:
    """The batches that brought each landing file's rows."""
    with warehouse.connect() as db:
        return dict(db.execute("""
            select path, list_sort(list(distinct batch)) from staging.base_message_events join staging.landing_files using (file_id)
            group by path
        """).fetchall())  # fmt: skip


@pytest.mark.nightly
def test_late_accounts_changed_timezones_and_a_growing_day(warehouse: Warehouse) -> None:
    landing = warehouse.landing
    early = sent("m1", "11-10 03:00", event_id="e1", landed_on="11-18")
    landing.deliver([
        *of_account("late", early, early),
        *of_account("moving", account_row(timezone="UTC", landed_on="11-18"), sent("m1", "11-10 03:00", landed_on="11-18")),
        *of_account("still", account_row(landed_on="11-18"), sent("m1", "11-10 03:00", landed_on="11-18")),
        *of_account("still", sent("m2", "11-11 03:00", landed_on="11-19")),
    ])  # fmt: skip
    warehouse.build()
    assert messaging(warehouse, "late")["sms_sent"] == 0
    assert messaging(warehouse, "moving", date(2026, 11, 10))["sms_sent"] == 1
    first = batches(warehouse)

    # The late account arrives, an account moves west, and the open day's file grows.
    landing.deliver([
        *of_account("late", account_row(landed_on="11-20")),
        *of_account("moving", account_row(timezone="America/New_York", updated_at="2026-11-19T00:00:00Z", landed_on="11-20")),
    ])  # fmt: skip
    landing.deliver(of_account("still", sent("m3", "11-12 03:00", landed_on="11-19")), appending=True)
    warehouse.build()
    assert messaging(warehouse, "late")["sms_sent"] == 1
    assert messaging(warehouse, "moving", date(2026, 11, 10))["sms_sent"] == 0
    assert messaging(warehouse, "moving", date(2026, 11, 9), date(2026, 11, 9))["sms_sent"] == 1
    assert messaging(warehouse, "still")["sms_sent"] == 3
    with warehouse.connect() as db:
        assert db.execute("select count(*), count(row_json) from staging.base_message_events").fetchone() == (6, 0)

    # The closed day was not read again: but for the rows that waited for their account, its rows are those of the first run.
    closed, grown = sorted(batches(warehouse))
    assert batches(warehouse)[closed] == [1, 2]
    assert batches(warehouse)[grown] == [2]
    assert set(first) == {closed, grown}
    assert_equal_to_full_refresh(warehouse)


def test_a_file_that_has_not_changed_is_not_read_again_and_the_open_day_is(warehouse: Warehouse) -> None:
    rows = of_account("a", account_row(landed_on="11-18"), sent("m1", "11-10 03:00", landed_on="11-18"))
    warehouse.landing.deliver(rows + of_account("a", sent("m2", "11-10 03:00", landed_on="11-19")))
    warehouse.build_for("stg_message_events")
    # Different content of the same size and age: any reader of the file would notice.
    for file in warehouse.landing.path.glob("message_events/*/*"):
        stat = file.stat()
        file.write_bytes(file.read_bytes().replace(b'"m1"', b'"x1"').replace(b'"m2"', b'"x2"'))
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    warehouse.build_for("stg_message_events")
    with warehouse.connect() as db:
        assert db.execute("select message_id from staging.stg_message_events order by 1").fetchall() == [("m1",), ("x2",)]


def test_an_edited_seed_and_a_changed_rule_apply_to_all_history_by_themselves(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "project")
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", LandingZone(tmp_path / "landing"), project)
    warehouse.landing.deliver(of_account(
        "a", account_row(landed_on="11-01"), sent("m1", "11-01 10:00", landed_on="11-01"),
        received("r1", "11-01 11:00", body="no thanks", landed_on="11-01"), sent("m2", "11-19 10:00", landed_on="11-19"),
    ))  # fmt: skip
    warehouse.build_for("messaging_report")
    assert messaging(warehouse, "a")["opted_out_contacts"] == 0

    with (project / "seeds/opt_out_phrases.csv").open("a") as seed:
        seed.write("no thanks,exact\n")
    warehouse.build()
    assert messaging(warehouse, "a")["opted_out_contacts"] == 1
    assert_equal_to_full_refresh(warehouse)

    rule = project / "models/intermediate/int_messages.sql"
    rule.write_text(rule.read_text().replace("coalesce(messages.body_segments, 1)", "7"))
    warehouse.build_for("messaging_report")
    assert messaging(warehouse, "a")["sms_segments_sent"] == 14


def test_what_a_build_that_died_left_over_the_next_one_finds(warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00"), contact_event("lead_created", "11-10 04:00")))
    warehouse.build()
    warehouse.landing.deliver(of_account("a", sent("m2", "11-11 03:00"), contact_event("opted_out", "11-11 04:00", contact="p2")))
    # It got as far as staging and one fact table; nothing new arrived afterwards.
    warehouse.build("--select", "+fct_leads")
    assert messaging(warehouse, "a")["sms_sent"] == 1
    warehouse.build()
    assert messaging(warehouse, "a")["sms_sent"] == 2
    assert_equal_to_full_refresh(warehouse)


@pytest.mark.nightly
def test_a_fact_table_that_was_dropped_comes_back_whole_and_never_from_a_part(warehouse: Warehouse) -> None:
    warehouse.landing.deliver(of_account("a", account_row(), sent("m1", "11-10 03:00"), sent("m2", "11-10 03:00", contact="p2")))
    warehouse.build()
    warehouse.landing.deliver(of_account("a", sent("m3", "11-11 03:00")))
    warehouse.build()
    refused = warehouse.dbt("run", "--full-refresh", "--select", "fct_messages", check=False)
    assert refused.returncode == 1
    assert "Build it with them: dbt build --select int_touched_contacts+" in refused.stdout
    with duckdb.connect(str(warehouse.path)) as db:
        db.execute("drop table marts.fct_messages")
    warehouse.build()
    assert messaging(warehouse, "a")["sms_sent"] == 3
    assert_equal_to_full_refresh(warehouse)


@pytest.mark.nightly
@settings(max_examples=SEEDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_shuffling_duplicating_and_splitting_a_landing_zone_changes_nothing(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = Random(seed)
    folder = tmp_path_factory.mktemp("shuffled")
    rows = random_landing(rng, accounts=12).rows
    plain = Warehouse(folder / "plain.duckdb", LandingZone(folder / "plain"))
    plain.landing.deliver(rows)
    plain.build()

    # Every row again on its day or later, in another order, over two runs: the days that were closed stay closed.
    again = [row for row in rows if rng.random() < 0.3]
    shuffled = sorted(rng.sample(rows + again, len(rows) + len(again)), key=lambda row: row.ingest_date)
    cut = rng.randrange(len(shuffled))
    mixed = Warehouse(folder / "mixed.duckdb", LandingZone(folder / "mixed"))
    for part in (shuffled[:cut], shuffled[cut:]):
        mixed.landing.deliver(part, appending=True)
        mixed.build()
    different = differing_rows(plain.path, mixed.path)
    # What was rejected or unexpected twice is there twice, in other files: everything else is the same.
    assert set(different) <= {"rejected_events", "unexpected_values", "landing_accounting", "landing_files_to_erase"}
    with mixed.connect() as db:
        unaccounted = (
            "select sum(landed_rows - accepted_rows - duplicate_rows - rejected_rows - forgotten_rows) from marts.landing_accounting"
        )
        assert db.execute(unaccounted).fetchone() == (0,)
