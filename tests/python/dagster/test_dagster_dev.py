"""A real Dagster on a loopback port, called through GraphQL as the UI does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from harness import LandingZone, ask
from stories import account_row, of_account, sent
from ui import REPOSITORY, Ui, dagster_in

from outreach.landing.streams import LANDING_RULES


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    folder = tmp_path_factory.mktemp("dagster")
    LandingZone(folder / "landing").deliver(of_account("a", account_row(), sent("m1", "11-10 10:00")))
    with dagster_in(folder) as ui:
        yield ui


def sms_sent(dagster: Ui) -> int:
    with duckdb.connect(str(dagster.published), read_only=True) as db:
        return ask(db, "messaging_report", "a", date(2026, 11, 1), date(2026, 11, 30))[0]["sms_sent"]


def test_assets_and_their_checks_are_listed(dagster: Ui) -> None:
    nodes = dagster.ask("""{
        assetNodes { assetKey { path } groupName description assetChecksOrError { ... on AssetChecks { checks { name blocking } } } }
    }""")["assetNodes"]  # fmt: skip
    assets = {".".join(node["assetKey"]["path"]): node for node in nodes}
    assert {f"landing.{stream}" for stream in LANDING_RULES} | {"reports.messaging_report", "published_file", "readers.bi"} <= assets.keys()
    assert {node["groupName"] for node in nodes} == {
        "landing", "seeds", "staging", "intermediate", "marts", "reports", "published", "readers",
    }  # fmt: skip
    checks = {check["name"]: check["blocking"] for check in assets["marts.messaging_kpis_daily"]["assetChecksOrError"]["checks"]}
    assert checks["agrees_with_its_facts"] is True
    assert "columns_of_messaging_kpis_daily_hold" in checks


def test_schedules_and_sensors_are_listed_and_off(dagster: Ui) -> None:
    answer = dagster.ask("""query ($selector: RepositorySelector!) {
        schedulesOrError(repositorySelector: $selector) { ... on Schedules { results { name cronSchedule scheduleState { status } } } }
        sensorsOrError(repositorySelector: $selector) { ... on Sensors { results { name sensorState { status } } } }
    }""", selector=REPOSITORY)  # fmt: skip
    schedules = {s["name"]: (s["cronSchedule"], s["scheduleState"]["status"]) for s in answer["schedulesOrError"]["results"]}
    assert schedules["hourly_build"] == ("15 * * * *", "STOPPED")
    sensors = {s["name"]: s["sensorState"]["status"] for s in answer["sensorsOrError"]["results"]}
    assert sensors["new_landing_files"] == "STOPPED"


@pytest.mark.nightly
def test_a_failed_run_goes_on_from_where_it_failed_and_a_launched_one_finds_the_publication_fresh(dagster: Ui) -> None:
    # The publication cannot be written: a folder is in its place.
    beside = dagster.published.with_name(f".{dagster.published.name}.unfinished")
    beside.mkdir()
    failed = dagster.launch("build")
    assert dagster.finished(failed) == "FAILURE"
    assert dagster.steps(failed) == {
        "landing_checks": "SUCCESS", "dbt_build": "SUCCESS", "mart_checks": "SUCCESS", "published_file": "FAILURE",
    }  # fmt: skip
    assert not dagster.published.exists()

    beside.rmdir()
    again = dagster.again(failed)
    assert dagster.finished(again) == "SUCCESS"
    assert dagster.steps(again) == {"published_file": "SUCCESS"}
    assert sms_sent(dagster) == 1

    assert dagster.finished(dagster.launch("freshness")) == "SUCCESS"
    (node,) = dagster.ask("""{ assetNodes(assetKeys: [{path: ["published_file"]}]) {
        assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } }
    } }""")["assetNodes"]  # fmt: skip
    (check,) = node["assetChecksOrError"]["checks"]
    assert check == {"name": "freshness_check", "executionForLatestMaterialization": {"status": "SUCCEEDED"}}
