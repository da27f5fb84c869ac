"""The content for Metabase: a question per KPI and breakdown, each in SQL over a report function, and a dashboard of both views.

Everything is in the form of Metabase's REST API, since the free edition has no import format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from outreach.kpis.entries import VIEWS, Kpi, carded, charted, of_view

TITLE = "Outreach reporting"

# How Metabase formats a column, by unit.
FORMATS: dict[str, dict[str, Any]] = {
    "count": {"number_style": "decimal", "decimals": 0}, "rate": {"number_style": "percent", "decimals": 1},
    "seconds": {"number_style": "decimal", "decimals": 0, "suffix": " s"}, "money": {"number_style": "decimal", "decimals": 4},
    "number": {"number_style": "decimal", "decimals": 2},
}  # fmt: skip

# The width of the dashboard, in grid columns.
COLUMNS = 24
SIZES = {"scalar": (4, 3), "line": (24, 7), "table": (24, 8)}


@dataclass(frozen=True)
class Filter:
    """A dashboard filter, and the variable of the same name in each question's SQL.

    Args:
        name: of the variable.
        kind: `text` or `date`.
        argument: the report function's argument, in SQL. Metabase drops what is in `[[ ]]` if the variable has no value.
        embedding: who sets it on an embedded dashboard: the viewer (`enabled`), or only the signed link (`locked`).
    """

    name: str
    kind: str
    argument: str
    embedding: str = "enabled"

    @property
    def label(self) -> str:
        """The name the dashboard shows."""
        return self.name.replace("_", " ").capitalize()


# The last seven days by default.
FILTERS = {
    one.name: one
    for one in (
        Filter("account", "text", "{{account}}", "locked"),
        Filter("start_day", "date", "coalesce([[cast({{start_day}} as date), ]]current_date - 6)"),
        Filter("end_day", "date", "coalesce([[cast({{end_day}} as date), ]]current_date)"),
        Filter("campaign", "text", "[[, campaign := {{campaign}}]]"),
        Filter("template", "text", "[[, template := {{template}}]]"),
    )
}
FILTERS_OF_VIEW = {"messaging": tuple(FILTERS), "calling": ("account", "start_day", "end_day", "campaign")}


@dataclass(frozen=True)
class Question:
    """A question, and its place on the dashboard.

    Args:
        name: unique among the questions.
        view: the tab that it is on.
        display: `scalar`, `line` or `table`.
        sql: contains the variables of its view's filters.
        description: shown to readers of the dashboard.
        columns: of the answer, in order, each with its label and format.
    """

    name: str
    view: str
    display: str
    sql: str
    description: str
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)

    def card(self, database: int, collection: int, account: str) -> dict[str, Any]:
        """The question as the API expects it.

        Args:
            database: Metabase's id for the published file.
            collection: the id of its collection.
            account: the account shown until another is chosen.
        """
        tags = {
            one.name: {
                "id": _uuid("tag", self.name, one.name), "name": one.name, "display-name": one.label, "type": one.kind,
                **({"required": True, "default": account} if one.name == "account" else {}),
            }
            for one in (FILTERS[name] for name in FILTERS_OF_VIEW[self.view])
        }  # fmt: skip
        shown: dict[str, Any] = {"column_settings": {f'["name","{name}"]': written for name, written in self.columns.items()}}
        if self.display == "line":
            dimension, *measures = self.columns
            shown |= {"graph.dimensions": [dimension], "graph.metrics": measures}
        return {
            "name": self.name, "description": self.description, "display": self.display, "type": "question",
            "collection_id": collection, "visualization_settings": shown,
            "dataset_query": {"type": "native", "database": database, "native": {"query": self.sql, "template-tags": tags}},
        }  # fmt: skip


def questions() -> list[Question]:
    """The questions, in dashboard order."""
    found = []
    for view in VIEWS:
        kpis = of_view(view)
        for kpi in carded(view):
            found.append(Question(
                f"{view.capitalize()}: {kpi.title}", view, "scalar", _select([kpi.column], f"{view}_report"),
                f"{kpi.description} {kpi.formula}", _columns([kpi]),
            ))  # fmt: skip
        found.append(_breakdown(view, "day", {"date_day": "Day"}, charted(view), "line"))
        campaign = {"campaign_id": "Campaign", "campaign_name": "Campaign name"}
        found.append(_breakdown(view, "campaign", campaign, [kpi for kpi in kpis if "campaign" not in kpi.ignores]))
        if view == "messaging":
            template = {"template_id": "Template", "template_name": "Template name"}
            found.append(_breakdown(view, "template", template, [kpi for kpi in kpis if not kpi.ignores]))
            found.append(_listing(view, "Labels", "label_report", ["label_id", "label_name", "contacts"]))
        else:
            found.append(_listing(view, "Call outcomes", "call_outcome_report", ["outcome", "calls"]))
    return found


def dashboard(cards: dict[str, int], account: str) -> dict[str, Any]:
    """The dashboard as the API expects it: a tab per view, the questions in rows, and each question's filters.

    Args:
        cards: the id of each question, by name.
        account: the account shown until another is chosen.
    """
    places: list[dict[str, Any]] = []
    for tab, view in enumerate(VIEWS, start=1):
        row = column = height = 0
        for question in (one for one in questions() if one.view == view):
            width, its_height = SIZES[question.display]
            if column + width > COLUMNS:
                row, column, height = row + height, 0, 0
            card = cards[question.name]
            places.append({
                # The API marks new items with negative ids.
                "id": -len(places) - 1, "dashboard_tab_id": -tab, "card_id": card, "row": row, "col": column,
                "size_x": width, "size_y": its_height, "series": [], "visualization_settings": {},
                "parameter_mappings": [
                    {"parameter_id": name, "card_id": card, "target": ["variable", ["template-tag", name]]}
                    for name in FILTERS_OF_VIEW[view]
                ],
            })  # fmt: skip
            column, height = column + width, max(height, its_height)
    return {
        "name": TITLE, "description": "How SMS campaigns and calls go: the two views of the Reporting page.", "width": "full",
        "tabs": [{"id": -tab, "name": view.capitalize()} for tab, view in enumerate(VIEWS, start=1)], "dashcards": places,
        "parameters": [
            {
                "id": one.name, "slug": one.name, "name": one.label,
                **({"type": "string/=", "sectionId": "string"} if one.kind == "text" else {"type": "date/single", "sectionId": "date"}),
                **({"default": [account], "required": True} if one.name == "account" else {}),
            }
            for one in FILTERS.values()
        ],
        # For embedding, which an administrator still has to publish.
        "embedding_params": {one.name: one.embedding for one in FILTERS.values()},
    }  # fmt: skip


def _breakdown(view: str, by: str, key: dict[str, str], kpis: list[Kpi], display: str = "table") -> Question:
    written = {name: {"column_title": title} for name, title in key.items()} | _columns(kpis)
    description = f"The KPIs of the {view.capitalize()} view by {by}."
    return Question(f"{view.capitalize()}: by {by}", view, display, _select(written, f"{view}_by_{by}"), description, written)


def _listing(view: str, title: str, report: str, columns: list[str]) -> Question:
    written = {name: {"column_title": name.replace("_", " ").capitalize()} for name in columns}
    return Question(f"{view.capitalize()}: {title.lower()}", view, "table", _select(columns, report), f"{title} of the days.", written)


def _columns(kpis: list[Kpi]) -> dict[str, dict[str, Any]]:
    return {kpi.column: {"column_title": kpi.title, **FORMATS[kpi.unit]} for kpi in kpis}


def _select(columns: list[str] | dict[str, Any], report: str) -> str:
    view = "calling" if report.startswith("call") else "messaging"
    required, optional = FILTERS_OF_VIEW[view][:3], FILTERS_OF_VIEW[view][3:]
    # An optional argument carries its own comma.
    arguments = ", ".join(FILTERS[name].argument for name in required) + "".join(FILTERS[name].argument for name in optional)
    return f"select {', '.join(columns)} from reports.{report}({arguments})"


def _uuid(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(("outreach-reporting", "metabase", *names))))
