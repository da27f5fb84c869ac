"""What Dagster's UI shows before any run: assets, their lineage and groups, jobs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from dagster import AssetKey, DefaultScheduleStatus, DefaultSensorStatus
from harness import WORKBENCH  # noqa: F401  sets the target folder before the definitions are loaded
from oracle import PROJECT

from orchestration.definitions import defs
from outreach.landing.streams import LANDING_RULES

GRAPH = defs.resolve_asset_graph()
LANDING = {AssetKey(["landing", stream]) for stream in LANDING_RULES}
REPORTS = {key for key in GRAPH.get_all_asset_keys() if key.path[0] == "reports"}


def ancestors(key: AssetKey) -> set[AssetKey]:
    parents = GRAPH.get(key).parent_keys
    return set(parents).union(*(ancestors(parent) for parent in parents))


def test_definitions_load_without_a_warning() -> None:
    command = [sys.executable, "-c", "from orchestration.definitions import defs; defs.resolve_job_def('build')"]
    run = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_there_are_fifteen_reports_and_eleven_streams() -> None:
    assert len(REPORTS) == 15 and len(LANDING) == 11


@pytest.mark.parametrize("report", sorted(REPORTS), ids=lambda key: key.path[-1])
def test_the_lineage_from_each_landing_stream_to_each_report_is_unbroken(report: AssetKey) -> None:
    assert ancestors(report) >= LANDING


def test_the_published_file_follows_everything_that_is_in_it() -> None:
    marts = {key for key in GRAPH.get_all_asset_keys() if key.path[0] == "marts"}
    of_the_warehouse = {AssetKey(["marts", name]) for name in ("rejected_events", "unexpected_values", "landing_files_to_erase")}
    assert GRAPH.get(AssetKey("published_file")).parent_keys == REPORTS | marts - of_the_warehouse
    for reader in ("reporting_page", "bi"):
        assert GRAPH.get(AssetKey(["readers", reader])).parent_keys == {AssetKey("published_file")}


def test_the_graph_begins_with_landing_and_seeds_and_ends_with_readers_and_documentation() -> None:
    keys = GRAPH.get_all_asset_keys()
    beginnings = {key for key in keys if not GRAPH.get(key).parent_keys}
    # The calendar and the KPI definitions have no source.
    of_no_data = {AssetKey(["marts", name]) for name in ("time_spine", "kpis")}
    assert {key.path[0] for key in beginnings - of_no_data} == {"landing", "seeds"}
    # Connectors read the senders before the landing zone.
    ends = {key.path[0] for key in keys - {AssetKey(["seeds", "senders"])} if not GRAPH.get(key).child_keys}
    assert ends == {"readers", "documentation"}


def test_groups_follow_the_folders() -> None:
    groups: dict[str, set[str]] = {}
    for key in GRAPH.get_all_asset_keys():
        groups.setdefault(GRAPH.get(key).group_name, set()).add(key.path[0])
    assert groups == {
        "landing": {"landing"}, "seeds": {"seeds"}, "staging": {"staging"}, "intermediate": {"intermediate"}, "marts": {"marts"},
        "reports": {"reports"}, "published": {"published_file", "documentation"}, "readers": {"readers"},
    }  # fmt: skip


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys()), ids=lambda key: ".".join(key.path))
def test_each_asset_has_a_description_owners_and_kinds(key: AssetKey) -> None:
    node = GRAPH.get(key)
    assert node.description and node.owners and node.kinds


def test_a_landing_stream_has_a_partition_per_ingest_day() -> None:
    partitions = {GRAPH.get(key).partitions_def for key in LANDING}
    assert len(partitions) == 1 and "2026-11-01" in partitions.pop().get_partition_keys()


def test_every_job_is_there_and_nothing_starts_by_itself_unless_it_is_switched_on() -> None:
    assert {job.name for job in defs.jobs} == {"build", "full_refresh", "rebuild_days", "document", "freshness"}
    assert {schedule.name: schedule.default_status for schedule in defs.schedules} == {
        "hourly_build": DefaultScheduleStatus.STOPPED, "hourly_freshness": DefaultScheduleStatus.STOPPED,
    }  # fmt: skip
    assert {sensor.name: sensor.default_status for sensor in defs.sensors} == {
        "new_landing_files": DefaultSensorStatus.STOPPED, "tell_alerts": DefaultSensorStatus.STOPPED,
    }  # fmt: skip


def test_no_two_jobs_write_to_the_warehouse_at_a_time() -> None:
    for job in ("build", "full_refresh", "rebuild_days"):
        pools = {node.definition.pool for node in defs.resolve_job_def(job).graph.node_dict.values()}
        assert "warehouse" in pools


@pytest.mark.parametrize("job", ["build", "full_refresh", "rebuild_days"])
def test_a_job_checks_before_it_builds_and_before_it_publishes(job: str) -> None:
    steps = [node.name for node in defs.resolve_job_def(job).nodes_in_topological_order]
    assert steps[-4:] == ["landing_checks", "dbt_build", "mart_checks", "published_file"]
