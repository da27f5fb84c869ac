"""The bundle Superset imports: a database, datasets with the KPIs as metrics, charts, and a dashboard of both views.

The files follow Superset's own format, version 1.0.0, which *Dashboards, Import* reads.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from outreach.kpis.entries import VIEWS, Kpi, carded, charted, kpi, of_view

TITLE = "Reporting"
SLUG = "reporting"
DATABASE = "Outreach reporting"

# Superset's notation for the last seven days, including today.
LAST_7_DAYS = 'DATEADD(DATETIME("today"), -6, day) : DATEADD(DATETIME("today"), 1, day)'

# Number formats of d3, by unit.
FORMATS = {"count": ",d", "rate": ".1%", "seconds": ",.0f", "money": ",.4~f", "number": ",.2~f"}

# The columns that group and filter a view's rows, each with the column a chart shows for it.
DIMENSIONS = {
    "messaging": {"account_id": "Account", "account_name": "Account name", "campaign_id": "Campaign", "campaign_name": "Campaign name",
                  "template_id": "Template", "template_name": "Template name", "label_id": "Label", "label_name": "Label name"},
    "responses": {"account_id": "Account", "account_name": "Account name", "user_id": "User"},
    "calling": {"account_id": "Account", "account_name": "Account name", "campaign_id": "Campaign", "campaign_name": "Campaign name"},
    "call_outcomes": {"account_id": "Account", "account_name": "Account name", "campaign_id": "Campaign", "campaign_name": "Campaign name",
                      "outcome": "Outcome"},
}  # fmt: skip

# The rows of each dataset. Two accounts may use the same id, so names are joined by account and id.
QUERIES = {
    "messaging": """
        select rows.*, accounts.account_name, templates.template_name, labels.label_name
        from marts.messaging_metric_rows as rows
        left join marts.dim_accounts as accounts on rows.account_id = accounts.account_id
        left join marts.dim_message_templates as templates
            on rows.account_id = templates.account_id and rows.template_id = templates.template_id
        left join marts.dim_labels as labels on rows.account_id = labels.account_id and rows.label_id = labels.label_id
    """,
    "responses": """
        select responses.*, accounts.account_name
        from marts.fct_response_times as responses
        left join marts.dim_accounts as accounts on responses.account_id = accounts.account_id
    """,
    "calling": """
        select rows.*, accounts.account_name
        from marts.calling_metric_rows as rows
        left join marts.dim_accounts as accounts on rows.account_id = accounts.account_id
    """,
    "call_outcomes": """
        select outcomes.*, accounts.account_name, campaigns.campaign_name
        from marts.fct_call_outcomes as outcomes
        left join marts.dim_accounts as accounts on outcomes.account_id = accounts.account_id
        left join marts.dim_campaigns as campaigns
            on outcomes.account_id = campaigns.account_id and outcomes.campaign_id = campaigns.campaign_id
        where outcomes.direction = 'outbound'
    """,
}

# The row-level rule. A viewer's user name in Superset is the id of their account.
ROW_LEVEL_SECURITY = """
account_id in (select account_id from marts.account_access where viewer_account_id = '{{ current_username() | replace("'", "''") }}')
""".strip()


def dataset_of(kpi: Kpi) -> str:
    """The dataset that has a KPI as a metric. Response times belong to the account: no campaign or template filter applies."""
    return "responses" if set(kpi.ignores) == {"campaign", "template"} else kpi.view


def expression(kpi_: Kpi) -> str:
    """A KPI in SQL over its dataset's rows."""
    if kpi_.numerator and kpi_.denominator:
        above, below = (expression(kpi(name)) for name in (kpi_.numerator, kpi_.denominator))
        return f"cast({above} as double) / nullif({below}, 0)"
    assert kpi_.aggregate is not None
    if dataset_of(kpi_) == "responses":
        return f"{kpi_.aggregate.kind}({kpi_.aggregate.of})"
    rows = kpi_.aggregate.over_metric_rows()
    # A sum over no rows is null, but a count must be 0.
    return f"coalesce({rows}, 0)" if kpi_.unit == "count" and kpi_.aggregate.kind == "sum" else rows


def metrics() -> dict[str, dict[str, dict[str, Any]]]:
    """The metrics of each dataset in Superset's form."""
    found: dict[str, dict[str, dict[str, Any]]] = {dataset: {} for dataset in QUERIES}
    for view in VIEWS:
        for one in of_view(view):
            of_seconds = " (seconds)" if one.unit == "seconds" else ""
            found[dataset_of(one)][one.column] = _metric(
                one.column, one.title + of_seconds, expression(one), f"{one.description} {one.formula}", FORMATS[one.unit],
                None if one.may_be_summed else "Not to be summed: Superset computes it anew for each group and total.",
            )  # fmt: skip
    found["messaging"]["labelled_contacts"] = _metric(
        "labelled_contacts", "Contacts", "count(distinct contact_key) filter (where activity = 'label')",
        "Distinct contacts with the label.", FORMATS["count"],
    )  # fmt: skip
    found["call_outcomes"]["calls"] = _metric("calls", "Calls", "count(*)", "Calls with the outcome.", FORMATS["count"])
    return found


def _metric(name: str, label: str, expression: str, description: str, format_: str, warning: str | None = None) -> dict[str, Any]:
    return {
        "metric_name": name, "verbose_name": label, "expression": expression, "description": description, "d3format": format_,
        "warning_text": warning,
    }  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A chart on the dashboard.

    Args:
        name: its title.
        view: the tab that it is on.
        dataset: the source of its rows.
        kind: `number`, `line` or `table`.
        metrics: names of the dataset's metrics.
        columns: what it is grouped by.
        where: an additional condition.
        width: in twelfths of the dashboard.
        subheader: the text below a number.
    """

    name: str
    view: str
    dataset: str
    kind: str
    metrics: list[str]
    columns: list[str] = field(default_factory=list)
    where: str = ""
    width: int = 3
    subheader: str = ""

    @property
    def uuid(self) -> str:
        """Stable across bundles, so that an import replaces the chart."""
        return _uuid("chart", self.view, self.name)


def charts() -> list[Chart]:
    """The charts, in dashboard order."""
    found = []
    for view in VIEWS:
        found += [
            Chart(one.title, view, dataset_of(one), "number", [one.column], subheader="seconds" if one.unit == "seconds" else "")
            for one in carded(view)
        ]
        trend = [one.column for one in charted(view)]
        found.append(Chart("By day", view, view, "line", trend, ["date_day"], width=12))
        of_campaigns = [one.column for one in of_view(view) if "campaign" not in one.ignores]
        found.append(
            Chart("By campaign", view, view, "table", of_campaigns, ["campaign_id", "campaign_name"], "campaign_id is not null", 12)
        )
    of_templates = [one.column for one in of_view("messaging") if not one.ignores]
    return [
        *found,
        # The rows repeat a campaign's creation for every template a filter may choose.
        Chart(
            "By template", "messaging", "messaging", "table", of_templates, ["template_id", "template_name"],
            "template_id is not null and activity != 'campaign_created'", 12,
        ),
        Chart("Labels", "messaging", "messaging", "table", ["labelled_contacts"], ["label_id", "label_name"], "label_id is not null", 6),
        Chart("Call outcomes", "calling", "call_outcomes", "table", ["calls"], ["outcome"], width=6),
    ]  # fmt: skip


def write(file: Path, published: Path, kind: str = "Dashboard") -> None:
    """Writes the bundle.

    Args:
        file: the ZIP file to write.
        published: the published file that Superset reads.
        kind: `Dashboard` for an import by hand, or `assets`, with which the API also replaces charts and datasets.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files(published, kind).items():
            archive.writestr(f"outreach/{name}", yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def files(published: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The bundle's files by path. The arguments are those of `write`."""
    placed = {place: chart for place, chart in enumerate(charts(), start=1)}
    return {
        "metadata.yaml": {"version": "1.0.0", "type": kind, "timestamp": "2026-01-01T00:00:00+00:00"},
        "databases/outreach.yaml": {
            "database_name": DATABASE,
            "sqlalchemy_uri": f"duckdb:///{published}?access_mode=read_only",
            "expose_in_sqllab": True, "allow_run_async": False, "allow_ctas": False, "allow_cvas": False, "allow_dml": False,
            "extra": {"allows_virtual_table_explore": True}, "uuid": _uuid("database"), "version": "1.0.0",
        },
        **{f"datasets/outreach/{name}.yaml": _dataset(name, measures) for name, measures in metrics().items()},
        **{f"charts/{place:02}.yaml": _chart(chart) for place, chart in placed.items()},
        "dashboards/reporting.yaml": {
            "dashboard_title": TITLE,
            "description": "How SMS campaigns and calls go: the two views of the Reporting page.", "slug": SLUG,
            "uuid": _uuid("dashboard"), "position": _position(placed),
            "metadata": {"native_filter_configuration": _filters(placed), "color_scheme": "supersetColors", "cross_filters_enabled": True},
            "version": "1.0.0", "published": True,
        },
    }  # fmt: skip


def _uuid(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(("outreach-reporting", "superset", *names))))


def _dataset(name: str, measures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    columns = [{"column_name": "date_day", "verbose_name": "Day", "is_dttm": True, "type": "DATE", "groupby": True, "filterable": True}]
    columns += [
        {"column_name": column, "verbose_name": label, "is_dttm": False, "type": "VARCHAR", "groupby": True, "filterable": True}
        for column, label in DIMENSIONS[name].items()
    ]
    return {
        "table_name": f"reporting_{name}", "main_dttm_col": "date_day", "schema": "marts", "sql": " ".join(QUERIES[name].split()),
        "description": "One row per thing that happened. The metrics are the KPIs of the Reporting page, exact for any group and filter.",
        "filter_select_enabled": True, "columns": columns, "metrics": list(measures.values()), "uuid": _uuid("dataset", name),
        "version": "1.0.0", "database_uuid": _uuid("database"),
    }  # fmt: skip


def _chart(chart: Chart) -> dict[str, Any]:
    where = [{"expressionType": "SQL", "sqlExpression": chart.where, "clause": "WHERE"}] if chart.where else []
    shared: dict[str, Any] = {"granularity_sqla": "date_day", "time_range": LAST_7_DAYS, "adhoc_filters": where, "row_limit": 10_000}
    of_kinds: dict[str, dict[str, Any]] = {
        "number": {"viz_type": "big_number_total", "metric": chart.metrics[0], "header_font_size": 0.3, "subheader_font_size": 0.125,
                   "subheader": chart.subheader},
        "line": {"viz_type": "echarts_timeseries_line", "metrics": chart.metrics, "x_axis": "date_day", "time_grain_sqla": "P1D",
                 "groupby": []},
        "table": {"viz_type": "table", "query_mode": "aggregate", "groupby": chart.columns, "metrics": chart.metrics,
                  "show_cell_bars": False},
    }  # fmt: skip
    params = shared | of_kinds[chart.kind]
    query = {
        "filters": [{"col": "date_day", "op": "TEMPORAL_RANGE", "val": LAST_7_DAYS}],
        "extras": {"where": f"({chart.where})" if chart.where else ""},
        "granularity": "date_day", "time_range": LAST_7_DAYS, "columns": chart.columns, "metrics": chart.metrics,
        "orderby": [[chart.metrics[0], False]] if chart.kind == "table" else [], "row_limit": 10_000,
    }  # fmt: skip
    context = {
        "datasource": {"id": 0, "type": "table"}, "force": False, "queries": [query], "form_data": params, "result_format": "json",
        "result_type": "full",
    }  # fmt: skip
    return {
        "slice_name": chart.name, "description": None, "viz_type": params["viz_type"], "params": params,
        "query_context": json.dumps(context),
        "uuid": chart.uuid, "version": "1.0.0", "dataset_uuid": _uuid("dataset", chart.dataset),
    }  # fmt: skip


def _position(placed: dict[int, Chart]) -> dict[str, Any]:
    """The layout: a tab per view, in rows of twelve columns."""
    nodes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["TABS-views"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": TITLE}},
        "TABS-views": {"type": "TABS", "id": "TABS-views", "children": [], "meta": {}, "parents": ["ROOT_ID"]},
    }
    for view in VIEWS:
        tab = f"TAB-{view}"
        nodes["TABS-views"]["children"].append(tab)
        parents = ["ROOT_ID", "TABS-views"]
        nodes[tab] = {"type": "TAB", "id": tab, "children": [], "meta": {"text": view.capitalize()}, "parents": parents}
        room = 0
        for place, chart in placed.items():
            if chart.view != view:
                continue
            if chart.width > room:
                row = f"ROW-{place}"
                nodes[tab]["children"].append(row)
                nodes[row] = {
                    "type": "ROW",
                    "id": row,
                    "children": [],
                    "meta": {"background": "BACKGROUND_TRANSPARENT"},
                    "parents": [*parents, tab],
                }
                room = 12
            room -= chart.width
            nodes[row]["children"].append(f"CHART-{place}")
            nodes[f"CHART-{place}"] = {
                "type": "CHART", "id": f"CHART-{place}", "children": [], "parents": [*parents, tab, row],
                "meta": {"chartId": place, "uuid": chart.uuid, "sliceName": chart.name, "width": chart.width,
                         "height": {"number": 20, "line": 50, "table": 50}[chart.kind]},
            }  # fmt: skip
    return nodes


def _filters(placed: dict[int, Chart]) -> list[dict[str, Any]]:
    """The filters for account, days, campaign and template, each scoped to the charts it applies to."""

    def others(column: str) -> list[int]:
        return [place for place, chart in placed.items() if column not in DIMENSIONS[chart.dataset]]

    days = {
        "id": "NATIVE_FILTER-days", "name": "Days", "filterType": "filter_time", "type": "NATIVE_FILTER", "targets": [{}],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "controlValues": {}, "cascadeParentIds": [],
        "defaultDataMask": {"extraFormData": {"time_range": LAST_7_DAYS}, "filterState": {"value": LAST_7_DAYS}},
    }  # fmt: skip
    return [
        _choice(
            "account", "account_id", others("account_id"), {"multiSelect": False, "enableEmptyFilter": True, "defaultToFirstItem": True}
        ),
        days,
        _choice("campaign", "campaign_id", others("campaign_id"), {"multiSelect": True}),
        _choice("template", "template_id", others("template_id"), {"multiSelect": True}),
    ]


def _choice(name: str, column: str, excluded: list[int], controls: dict[str, bool]) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{name}", "name": name.capitalize(), "filterType": "filter_select", "type": "NATIVE_FILTER",
        "targets": [{"datasetUuid": _uuid("dataset", "messaging"), "column": {"name": column}}],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded}, "controlValues": controls,
        "cascadeParentIds": [] if name == "account" else ["NATIVE_FILTER-account"],
        # Charts wait until an account is chosen: without one they would add up all accounts.
        "requiredFirst": name == "account",
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
    }  # fmt: skip
