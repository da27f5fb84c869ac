"""The KPIs, as their entries define them.

An entry is a metric of the dbt semantic layer, in the `kpis.yml` of its view. What a metric cannot express is under `config.meta.kpi`.
Everything that computes, shows, checks or describes a KPI is derived from its entry.
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

# In page order.
VIEWS = ("messaging", "calling")

GOOD = ("up", "down", "none")

# A reference to a dimension, in an entry's filter.
DIMENSION = re.compile(r"\{\{ *Dimension\('\w+?__(\w+)'\) *\}\}")


class EntryError(Exception):
    """An invalid entry. The message names it and its file, and says what was expected."""


@dataclass(frozen=True)
class Aggregate:
    """The aggregate of a KPI that is not a ratio.

    Args:
        kind: `count` (of rows), `contacts` (distinct), `sum`, `avg` or `median`.
        of: the column; empty for `count` and `contacts`.
        where: the filter on rows, as SQL; `true` for all.
        key: the column of the metric rows whose distinct values are counted; empty if rows are counted.
    """

    kind: str
    of: str
    where: str
    key: str = ""

    def counted_anew(self) -> str:
        """The aggregate in SQL over the view's rows, without the reports' shortcut for distinct contacts."""
        values = {"count": "count(*)", "contacts": "count(distinct contact_id)"}.get(self.kind, f"{self.kind}({self.of})")
        return f"{values} filter (where {self.where})"

    def over_metric_rows(self) -> str:
        """The aggregate in SQL over the metric rows, where keys are unique across accounts and unfiltered rows repeat per choice."""
        values = f"count(distinct {self.key})" if self.key else "count(*)" if self.kind == "count" else f"{self.kind}({self.of})"
        return f"{values} filter (where {self.where})"


@dataclass(frozen=True)
class Kpi:
    """One KPI.

    Args:
        name: the metric's name.
        label: the metric's label.
        description: what it is, in one or two sentences.
        view: `messaging` or `calling`.
        unit: one of `UNITS`.
        good: the good direction: `up`, `down` or `none`.
        formula: how it is computed, in words.
        example: a worked example.
        excludes: what does not count.
        mart: the daily table that has it.
        may_be_summed: whether it adds up over days, campaigns and templates.
        aggregate: its aggregate; None for a ratio.
        numerator: the numerator's metric, for a ratio.
        denominator: the denominator's metric, for a ratio.
        ignores: the filters that do not apply to it: `campaign`, `template`.
        part_of: the metric that it never exceeds.
        alerts: whether `marts.alerts` watches it.
        needs: the mart that only the sender's own systems fill, and without which the KPI is unknown; empty if every provider reports it.
        card: whether the page has a card for it.
        card_after: the metric whose card precedes its own, if the page's order differs from the reports'.
        beside: the metric whose card also shows it.
        title: its name on the page, if that differs from the label; two metrics may share a title but not a label.
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
        """Its column name in the reports and marts of its view."""
        return column_of(self.name)

    def ignored_of(self, filters: Iterable[str]) -> list[str]:
        """The filters among these that do not apply to it."""
        return [name for name in filters if name in self.ignores]


def needed(one: Kpi) -> str:
    """The mart without whose rows a KPI is unknown for an account, its own or that of one side of the ratio; empty if there is none."""
    parts = [kpi(name) for name in (one.numerator, one.denominator) if name]
    return one.needs or next((mart for part in parts if (mart := needed(part))), "")


def column_of(metric: str) -> str:
    """A metric's column name in the reports and marts of its view. Unlike columns, metrics must differ between the views."""
    return metric.removeprefix("calling_")


def kpi(name: str) -> Kpi:
    """The KPI with this metric name."""
    return next(kpi for kpi in kpis() if kpi.name == name)


def of_view(view: str) -> list[Kpi]:
    """A view's KPIs, in the order of its reports and of the page."""
    return [kpi for kpi in kpis() if kpi.view == view]


def carded(view: str) -> list[Kpi]:
    """A view's KPIs with a card, in page order."""
    found = [kpi for kpi in of_view(view) if kpi.card and not kpi.card_after]
    for kpi in of_view(view):
        if kpi.card_after:
            found.insert([other.name for other in found].index(kpi.card_after) + 1, kpi)
    return found


def charted(view: str) -> list[Kpi]:
    """The KPIs that a BI tool's daily chart starts with: a view's first counts that have a card and obey every filter."""
    return [kpi for kpi in of_view(view) if kpi.unit == "count" and kpi.card and kpi.aggregate and not kpi.ignores][:4]


@cache
def kpis(models: Path = PROJECT / "models") -> tuple[Kpi, ...]:
    """All KPIs in page order: Messaging, then Calling.

    Args:
        models: the folder that holds the views' `kpis.yml`.

    Raises:
        EntryError: an entry lacks a field, or has an unknown field or value.
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
    """The aggregate of a metric that is not a ratio, in SQL over the rows the view's reports read."""
    name = measure or metric["type_params"]["measure"]["name"]
    found = next((one for one in semantic_model["measures"] if one["name"] == name), None)
    if found is None:
        raise EntryError(f"{metric['name']}: there is no measure {name} in the semantic model {semantic_model['name']}")
    expressions = {one["name"]: one.get("expr", one["name"]) for one in semantic_model["dimensions"]}
    where = DIMENSION.sub(lambda match: expressions[match[1]], metric.get("filter", "true"))
    column = str(found.get("expr", found["name"]))
    if found["agg"] == "count_distinct":
        # Each campaign has one row, since it is created once.
        return Aggregate("contacts" if column == "contact_key" else "count", "", where, column)
    if found["agg"] == "sum" and column == "1":
        return Aggregate("count", "", where)
    return Aggregate({"average": "avg"}.get(found["agg"], found["agg"]), column, where)
