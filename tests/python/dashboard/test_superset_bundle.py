"""The bundle for Superset: every KPI is one of its metrics, and every chart uses existing metrics and columns."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml

from bi.superset import bundle
from outreach.kpis.entries import VIEWS, of_view
from outreach.kpis.units import UNITS


@pytest.mark.parametrize("view", VIEWS)
def test_every_kpi_is_a_metric_with_its_description_and_format(view: str) -> None:
    metrics = bundle.metrics()
    for kpi in of_view(view):
        metric = metrics[bundle.dataset_of(kpi)][kpi.column]
        assert kpi.description in metric["description"] and metric["d3format"] == bundle.FORMATS[kpi.unit]
    assert bundle.FORMATS.keys() == UNITS.keys()


def test_a_ratio_is_its_parts_and_never_a_division_by_zero() -> None:
    assert bundle.metrics()["calling"]["response_rate"]["expression"] == (
        "cast(count(*) filter (where is_answered) as double) / nullif(count(*) filter (where true), 0)"
    )


def test_charts_ask_for_metrics_and_columns_of_their_datasets_and_each_has_a_place() -> None:
    for chart in bundle.charts():
        assert bundle.metrics()[chart.dataset].keys() >= set(chart.metrics), chart.name
        assert bundle.DIMENSIONS[chart.dataset].keys() | {"date_day"} >= set(chart.columns), chart.name
    assert len({chart.uuid for chart in bundle.charts()}) == len(bundle.charts())


def test_the_file_is_what_superset_imports_and_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        bundle.write(tmp_path / f"{name}.zip", Path("/data/o'reporting.duckdb"))
    with zipfile.ZipFile(tmp_path / "one.zip") as one, zipfile.ZipFile(tmp_path / "two.zip") as two:
        content = {name: one.read(name) for name in one.namelist()}
        assert content == {name: two.read(name) for name in two.namelist()}
    assert yaml.safe_load(content["outreach/metadata.yaml"])["type"] == "Dashboard"
    assert yaml.safe_load(content["outreach/databases/outreach.yaml"])["sqlalchemy_uri"] == (
        "duckdb:////data/o'reporting.duckdb?access_mode=read_only"
    )
    position = yaml.safe_load(content["outreach/dashboards/reporting.yaml"])["position"]
    drawn = {node["meta"]["uuid"] for node in position.values() if isinstance(node, dict) and node["type"] == "CHART"}
    assert drawn == {chart.uuid for chart in bundle.charts()}
