"""A KPI is one entry: a new one appears everywhere, an invalid one is named, and a removed one leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from harness import LandingZone, Warehouse, ask, copy_of_project
from page import TODAY, Browser, free_port, of_known_answers, served, tab, window

from outreach.kpis.entries import EntryError, kpis
from outreach.kpis.units import UNITS

MESSAGING = "models/marts/messaging/kpis.yml"

# One KPI per unit, with its value for the known account over the last seven days as the page shows it.
ADDED = """
  - name: one_segment_messages
    label: One-segment messages
    description: "Outbound messages of one segment."
    config: {meta: {kpi: {unit: count, good: none, part_of: sms_sent, card: true, formula: "count of messages of one segment",
      example: "Two of three: 2.", excludes: "Longer ones.", may_be_summed: true}}}
    type: simple
    type_params: {measure: {name: messages, fill_nulls_with: 0}}
    filter: "{{ Dimension('event__activity') }} = 'message' and {{ Dimension('event__is_one_segment') }}"

  - name: one_segment_rate
    label: One-segment Rate
    description: "The share of messages of one segment."
    config: {meta: {kpi: {unit: rate, good: up, card: true, example: "2 of 3: 66.7 %.", excludes: "Nothing."}}}
    type: ratio
    type_params: {numerator: one_segment_messages, denominator: sms_sent}

  - name: mean_response_seconds
    label: Mean Response time
    description: "The mean of the answered waits."
    config: {meta: {kpi: {unit: seconds, good: down, card: true, formula: "mean of the answered waits", example: "10 and 20: 15.",
      excludes: "Waits without an answer.", may_be_summed: false}}}
    type: simple
    type_params: {measure: {name: mean_response}}

  - name: cost_of_replies
    label: Cost of replies
    description: "What the messages cost, once more."
    config: {meta: {kpi: {unit: money, good: down, card: true, formula: "sum of prices", example: "Two of a cent: 0.02.",
      excludes: "What has no price.", may_be_summed: true}}}
    type: simple
    type_params: {measure: {name: price}}
    filter: "{{ Dimension('event__activity') }} = 'message'"

  - name: delivered_per_lead
    label: Delivered per lead
    description: "Delivered first messages against leads."
    config: {meta: {kpi: {unit: number, good: down, card: true, example: "5 and 2: 2.5.", excludes: "Null without leads."}}}
    type: ratio
    type_params: {numerator: delivered_first_messages, denominator: leads}
"""
ANSWERS = {
    "one_segment_messages": "5", "one_segment_rate": "83.3 %", "mean_response_seconds": "1h 5m", "cost_of_replies": "0.04",
    "delivered_per_lead": "3",
}  # fmt: skip


def changed(project: Path) -> None:
    """Adds the entries, and the dimension and measure that they name."""
    file = project / MESSAGING
    text = file.read_text()
    text = text.replace(
        "    measures:\n",
        "      - {name: is_one_segment, type: categorical, expr: segments = 1, description: Whether it takes one segment.}\n"
        "    measures:\n      - {name: mean_response, agg: average, expr: response_seconds, description: Answered waits.}\n",
    )
    file.write_text(text + ADDED)


def make_pages(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "outreach.kpis.pages", *arguments], cwd=project, capture_output=True, text=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of_project(tmp_path_factory.mktemp("kpis") / "a team's project")
    (folder / "docs").mkdir()
    changed(folder)
    return folder


@pytest.mark.nightly
def test_kpis_of_each_unit_are_in_reports_tables_checks_docs_and_on_the_page(project: Path, tmp_path: Path, chromium: Browser) -> None:
    assert make_pages(project, "--check").returncode == 1
    assert make_pages(project).returncode == 0 and make_pages(project, "--check").returncode == 0
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", LandingZone(tmp_path / "landing"), project)
    warehouse.landing.deliver(of_known_answers())
    built = subprocess.run(
        [sys.executable, "-m", "orchestration.build", "--account", "known"], cwd=project, env=warehouse.variables(), capture_output=True,
        text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        (report,) = ask(db, "messaging_report", "known", TODAY.fromordinal(TODAY.toordinal() - 6), TODAY)
        assert (report["one_segment_messages"], report["cost_of_replies"], report["delivered_per_lead"]) == (5, 0.04, 3.0)
        for table in ("messaging_kpis_daily", "kpis"):
            text = str(db.execute(f"describe marts.{table}").fetchall()) + str(db.execute("select name from marts.kpis").fetchall())
            assert all(name in text for name in ANSWERS)
        comments = "select comment from duckdb_columns() where table_name = 'messaging_kpis_daily' and column_name = 'one_segment_rate'"
        assert "messages of one segment. one_segment_rate = one_segment_messages / sms_sent." in db.execute(comments).fetchone()[0]
    for place in ("docs/kpis.md", "models/kpis.md", "models/reports/messaging_by_step.yml", "models/reports/messaging_by_day.yml"):
        assert ("delivered_per_lead" in (project / place).read_text()) == ("by_step" not in place), place
    with served(warehouse.published, free_port(), project) as address, window(chromium) as opened, tab(opened, address) as reporting:
        reporting.open(viewer="known", trend="delivered_per_lead")
        assert {name: text for name, text in reporting.values().items() if name in ANSWERS} == ANSWERS
        assert "KeyError" not in reporting.tab.inner_text("body")


def test_of_a_kpi_that_is_taken_out_nothing_is_left(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "a team's project")
    (project / "docs").mkdir()
    make_pages(project)
    before = {file: file.read_text() for file in project.rglob("*") if file.suffix in (".sql", ".yml", ".md")}
    changed(project)
    make_pages(project)
    assert any("one_segment_rate" in file.read_text() for file in before)
    (project / MESSAGING).write_text(before[project / MESSAGING])
    make_pages(project)
    assert {file: file.read_text() for file in before} == before


def test_every_unit_is_one_of_a_kpi() -> None:
    assert {kpi.unit for kpi in kpis()} | {"number"} == UNITS.keys()


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ("unit: rate", "unit: percent", "carrier_block_rate: unit is percent, expected count, rate, seconds, money, number"),
        ("good: down", "good: less", "carrier_blocked_messages: good is less, expected up, down, none"),
        ("part_of: sms_sent", "part_of: sms", "campaign_messages: part_of is sms, which is no KPI of this file"),
        ("name: campaign_keys\n", "name: campaigns\n", "campaigns_created: there is no measure campaigns in the semantic model messaging"),
        ("          may_be_summed: true\n", "", "campaigns_created: the entry lacks a field, or has one that is not known"),
        ("card: true", "cart: true", "campaigns_created: the entry lacks a field, or has one that is not known"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_its_file(tmp_path: Path, was: str, becomes: str, sentence: str) -> None:
    project = copy_of_project(tmp_path / "a team's project")
    file = project / MESSAGING
    file.write_text(file.read_text().replace(was, becomes, 1))
    with pytest.raises(EntryError) as error:
        kpis(project / "models")
    assert "messaging/kpis.yml" in str(error.value) and sentence in str(error.value)
