"""The KPIs, as their metrics' YAML defines them: what the documentation, the columns' descriptions and the Reporting page say of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from outreach.settings import PROJECT


@dataclass(frozen=True)
class Kpi:
    """One KPI, as its metric's YAML has it.

    Args:
        name: the metric.
        label: what the page calls it.
        description: what it is, in one sentence or two.
        view: `messaging` or `calling`.
        unit: `count`, `rate` or `seconds`.
        good: whether `up` or `down` is good, or `none`.
        formula: from what it is computed.
        example: a worked one.
        excludes: what does not count.
        mart: the table by day that has it.
        may_be_summed: over days, campaigns and templates.
        numerator: of a rate, the metric above the line.
        denominator: of a rate, the metric below it.
        ignores: the filters that do not apply to it: `campaign`, `template`.
        title: what the page calls it where the label has to differ, as no two metrics may share one.
    """

    name: str
    label: str
    description: str
    view: str
    unit: str
    good: str
    formula: str
    example: str
    excludes: str
    mart: str
    may_be_summed: bool
    numerator: str | None = None
    denominator: str | None = None
    ignores: tuple[str, ...] = ()
    title: str | None = None

    @property
    def column(self) -> str:
        """Its column in the reports and marts of its view."""
        return self.name.removeprefix("calling_")

    def ignored_of(self, filters: Iterable[str]) -> list[str]:
        """Which of some filters do not apply to it."""
        return [name for name in filters if name in self.ignores]


@cache
def kpis(models: Path = PROJECT / "models") -> tuple[Kpi, ...]:
    """The KPIs in the order of the page: those of Messaging, then those of Calling.

    Args:
        models: the folder whose YAML files define the metrics.
    """
    found = []
    for file in sorted(models.rglob("*.yml"), reverse=True):
        # Most files define none, and parsing takes longer than looking.
        if "\nmetrics:" in (text := file.read_text()):
            found += [_kpi(metric) for metric in yaml.load(text, Loader=yaml.CSafeLoader)["metrics"] if _meta(metric)]
    return tuple(sorted(found, key=lambda kpi: kpi.view, reverse=True))


def _meta(metric: dict[str, Any]) -> dict[str, Any]:
    return metric.get("config", {}).get("meta", {}).get("kpi", {})


def _kpi(metric: dict[str, Any]) -> Kpi:
    parts = metric["type_params"] if metric["type"] == "ratio" else {}
    return Kpi(
        name=metric["name"],
        label=metric["label"],
        description=metric["description"],
        numerator=parts.get("numerator"),
        denominator=parts.get("denominator"),
        **_meta(metric),
    )
