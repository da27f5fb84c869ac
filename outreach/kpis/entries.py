"""The KPIs, as their entries define them.

An entry is a metric of the dbt semantic layer, in the `kpis.yml` of its view, with what the metric does not say under `config.meta.kpi`.
Whatever computes, shows, checks or describes a KPI is derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from outreach.kpis.units import UNITS
from outreach.settings import PROJECT

# In the order of the page.
VIEWS = ("messaging", "calling")

GOOD = ("up", "down", "none")

# In an entry's filter, a dimension of its semantic model.
DIMENSION = re.compile(r"\{\{ *Dimension\('\w+?__(\w+)'\) *\}\}")


class EntryError(Exception):
    """An entry that cannot be used; the message names it, its file, and what was expected."""


@dataclass(frozen=True)
class Aggregate:
    """What a KPI that is no ratio counts or adds up.

    Args:
        kind: `count` of rows, `contacts`: distinct ones, `sum`, `avg` or `median`.
        of: the column; empty where rows or contacts are counted.
        where: which rows, as SQL; `true` for all.
        key: in the rows for metrics, the column that tells apart what is counted once, however many rows it has; else empty.
    """

    kind: str
    of: str
    where: str
    key: str = ""

    def counted_anew(self) -> str:
        """As SQL over the view's rows, without the shortcut that reports take for contacts."""
        values = {"count": "count(*)", "contacts": "count(distinct contact_id)"}.get(self.kind, f"{self.kind}({self.of})")
        return f"{values} filter (where {self.where})"

    def over_metric_rows(self) -> str:
        """As SQL over the view's rows for metrics: ids differ across accounts, and what a filter ignores stands once per choice."""
        values = f"count(distinct {self.key})" if self.key else "count(*)" if self.kind == "count" else f"{self.kind}({self.of})"
        return f"{values} filter (where {self.where})"


@dataclass(frozen=True)
class Kpi:
    """One KPI.

    Args:
        name: the metric.
        label: what it is called.
        description: what it is, in one sentence or two.
        view: `messaging` or `calling`.
        unit: one of `UNITS`.
        good: whether `up` or `down` is good, or `none`.
        formula: from what it is computed, in words.
        example: a worked one.
        excludes: what does not count.
        mart: the table by day that has it.
        may_be_summed: over days, campaigns and templates.
        aggregate: what it counts or adds up; None for a ratio.
        numerator: of a ratio, the metric above the line.
        denominator: of a ratio, the metric below it.
        ignores: the filters that do not apply to it: `campaign`, `template`.
        part_of: the metric that it never exceeds.
        alerts: whether `marts.alerts` says when it goes the bad way.
        needs: the mart that has rows only of accounts whose own systems land what it counts; empty if any provider tells of it.
        card: whether the page has a card for it.
        card_after: the metric whose card its own follows, where the page has another order than the reports.
        beside: the metric on whose card it stands.
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
    aggregate: Aggregate | None = None
    numerator: str | None = None
    denominator: str | None = None
    ignores: tuple[str, ...] = ()
    part_of: str | None = None
    alerts: bool = False
    needs: str = ""
    card: bool = False
    card_after: str | None = None
    beside: str | None = None
    title: str = ""

    @property
    def column(self) -> str:
        """Its column in the reports and marts of its view."""
        return column_of(self.name)

    def ignored_of(self, filters: Iterable[str]) -> list[str]:
        """Which of some filters do not apply to it."""
        return [name for name in filters if name in self.ignores]


def needed(one: Kpi) -> str:
    """The mart without whose rows a KPI says nothing of an account: its own, or that of a part of the ratio; empty where there is none."""
    parts = [kpi(name) for name in (one.numerator, one.denominator) if name]
    return one.needs or next((mart for part in parts if (mart := needed(part))), "")


def column_of(metric: str) -> str:
    """The column of a metric in the reports and marts of its view. Only metrics have to differ between the views."""
    return metric.removeprefix("calling_")


def kpi(name: str) -> Kpi:
    """A KPI by the name of its metric."""
    return next(kpi for kpi in kpis() if kpi.name == name)


def of_view(view: str) -> list[Kpi]:
    """The KPIs of a view, in the order of its reports and of the page."""
    return [kpi for kpi in kpis() if kpi.view == view]


def carded(view: str) -> list[Kpi]:
    """The KPIs of a view that have a card, in the order of the page."""
    found = [kpi for kpi in of_view(view) if kpi.card and not kpi.card_after]
    for kpi in of_view(view):
        if kpi.card_after:
            found.insert([other.name for other in found].index(kpi.card_after) + 1, kpi)
    return found


def charted(view: str) -> list[Kpi]:
    """The KPIs of a view that a BI tool's chart by day begins with: the first counts with a card that every filter applies to."""
    return [kpi for kpi in of_view(view) if kpi.unit == "count" and kpi.card and kpi.aggregate and not kpi.ignores][:4]


@cache
def kpis(models: Path = PROJECT / "models") -> tuple[Kpi, ...]:
    """The KPIs in the order of the page: those of Messaging, then those of Calling.

    Args:
        models: the folder with the `kpis.yml` of the views.

    Raises:
        EntryError: an entry says too little, or something that is not known.
    """
    found: list[Kpi] = []
    for view in VIEWS:
        found += _of_file(models / "marts" / view / "kpis.yml")
    return tuple(found)


def _of_file(file: Path) -> list[Kpi]:
    content = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    (semantic_model,) = content["semantic_models"]
    entries = {metric["name"]: metric for metric in content["metrics"] if metric.get("config", {}).get("meta", {}).get("kpi")}
    try:
        found = [_kpi(metric, semantic_model) for metric in entries.values()]
        for kpi in found:
            for field in ("numerator", "denominator", "part_of", "card_after", "beside"):
                if (other := getattr(kpi, field)) and other not in entries:
                    raise EntryError(f"{kpi.name}: {field} is {other}, which is no KPI of this file")
    except EntryError as error:
        raise EntryError(f"{file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file}: {error}") from None
    return found


def _kpi(metric: dict[str, Any], semantic_model: dict[str, Any]) -> Kpi:
    name, view = metric["name"], semantic_model["name"]
    entry = dict(metric["config"]["meta"]["kpi"])
    for field, known in (("unit", tuple(UNITS)), ("good", GOOD)):
        if entry.get(field) not in known:
            raise EntryError(f"{name}: {field} is {entry.get(field)}, expected {', '.join(known)}")
    is_ratio = metric["type"] == "ratio"
    parts = {side: metric["type_params"][side] for side in ("numerator", "denominator")} if is_ratio else {}
    measure = entry.pop("measure", None)
    try:
        if is_ratio:
            entry = {"formula": " / ".join(parts.values()), "may_be_summed": False} | entry
        else:
            entry["aggregate"] = _aggregate(metric, measure, semantic_model)
        return Kpi(
            name=name, label=metric["label"], description=metric["description"], view=view,
            mart=entry.pop("mart", f"{view}_kpis_daily"), title=entry.pop("title", metric["label"]),
            ignores=tuple(entry.pop("ignores", ())), **parts, **entry,
        )  # fmt: skip
    except (TypeError, KeyError) as error:
        raise EntryError(f"{name}: the entry lacks a field, or has one that is not known: {error}") from None


def _aggregate(metric: dict[str, Any], measure: str | None, semantic_model: dict[str, Any]) -> Aggregate:
    """What a metric that is no ratio aggregates, as SQL over the rows that the reports of its view read."""
    name = measure or metric["type_params"]["measure"]["name"]
    found = next((one for one in semantic_model["measures"] if one["name"] == name), None)
    if found is None:
        raise EntryError(f"{metric['name']}: there is no measure {name} in the semantic model {semantic_model['name']}")
    expressions = {one["name"]: one.get("expr", one["name"]) for one in semantic_model["dimensions"]}
    where = DIMENSION.sub(lambda match: expressions[match[1]], metric.get("filter", "true"))
    column = str(found.get("expr", found["name"]))
    if found["agg"] == "count_distinct":
        # Each campaign is one row: it is created once.
        return Aggregate("contacts" if column == "contact_key" else "count", "", where, column)
    if found["agg"] == "sum" and column == "1":
        return Aggregate("count", "", where)
    return Aggregate({"average": "avg"}.get(found["agg"], found["agg"]), column, where)
