"""The pages about KPIs, written from the metrics' YAML: the documentation's overview, the columns' descriptions, docs/kpis.md."""

from __future__ import annotations

from orchestration.kpis import Kpi, kpis
from outreach.settings import PROJECT

# What dbt's documentation shows first, and what the columns of marts and reports are described by.
DOCS_BLOCKS = PROJECT / "models/kpis.md"

# The same for who reads the repository.
PAGE = PROJECT / "docs/kpis.md"

# What the YAML does not say: the project at a glance, and the rules that hold for all KPIs.
OVERVIEW = PROJECT / "orchestration/pages/overview.md"
RULES = PROJECT / "orchestration/pages/kpi_rules.md"

NOTE = "Written from the metrics' YAML by `make pages`."


def summing(kpi: Kpi) -> str:
    """Whether it may be summed, as a sentence."""
    return "May be summed." if kpi.may_be_summed else "Not to be summed over days, campaigns or templates."


def docs_blocks() -> str:
    """The overview, and a description per KPI, as dbt's docs blocks."""
    blocks = [f"{{% docs __overview__ %}}\n{OVERVIEW.read_text()}\n{_definitions(headings='##')}{{% enddocs %}}"]
    blocks += [f"{{% docs {k.name} %}}\n{k.description} {k.name} = {k.formula}. {summing(k)}\n{{% enddocs %}}" for k in kpis()]
    return f"{{# {NOTE} #}}\n\n" + "\n\n".join(blocks) + "\n"


def page() -> str:
    """docs/kpis.md."""
    return f"# The KPIs\n\n{NOTE}\n\n{_definitions(headings='##')}"


def _definitions(headings: str) -> str:
    parts = [f"{headings} What holds for all\n\n{RULES.read_text()}"]
    for view in ("messaging", "calling"):
        of_view = [kpi for kpi in kpis() if kpi.view == view]
        parts.append(f"{headings} {view.capitalize()}\n")
        parts += [
            f"{headings}# {kpi.label}\n\n"
            f"{kpi.description}\n\n"
            f"| | |\n|---|---|\n"
            f"| formula | `{kpi.name}` = {kpi.formula} |\n"
            f"| example | {kpi.example} |\n"
            f"| does not count | {kpi.excludes} |\n"
            f"| where | column `{kpi.column}` of `reports.{view}_report` and its breakdowns, and of `marts.{kpi.mart}` |\n"
            f"| metric | `{kpi.name}` |\n"
            f"| sums | {summing(kpi)} |\n"
            for kpi in of_view
        ]
    parts.append(
        f"{headings} Besides\n\n"
        "`messaging_by_template` adds `carrier_block_rate_low` and `carrier_block_rate_high`, the 95 % Wilson interval of the rate.\n"
        "`label_report` has, per label, the distinct `contacts` tagged in the range and their `share` of the sum over all labels.\n"
        "`call_outcome_report` has, per outcome, the `calls` tagged with it, once per call, and their `share` of all tags.\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    DOCS_BLOCKS.write_text(docs_blocks())
    PAGE.write_text(page())
