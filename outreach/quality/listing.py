"""`make pages`: `docs/quality.md`, every check and the rule that it guards, written from the rules themselves.

With --check it writes nothing, and says whether the page no longer matches the rules.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from outreach.kpis.pages import write_or_check
from outreach.quality.rules import MART_SUITES, Limits, Rule, landing_suites
from outreach.settings import PROJECT

PAGE = PROJECT / "docs/quality.md"

INTRODUCTION = """\
# Data quality

Every check below is an asset check in Dagster, computed by Great Expectations inside DuckDB. One that blocks ends the run before the step
that follows: a bad delivery is not built in, a bad mart is not published, and readers keep the last good publication. A warning
stops nothing.

Each rule has one home. Here are volumes, ranges, freshness, and what has to agree between layers. Keys, required columns, vocabularies and
parents of a single model are dbt's data tests, `columns_hold` in the model's YAML: one query a model, before the next model reads it.

One more check, `nothing_is_out_of_line` on `marts.alerts`, warns of the alerts of the newest day that has any.

This page is written from the rules in `outreach/quality/rules.py` (`make pages`), where the limits stand, too.
"""


def page() -> str:
    """The page's text."""
    return "\n".join([
        INTRODUCTION,
        "## Before the build: what is new in the landing zone\n",
        *_table(landing_suites(Limits()), "streams"),
        "\n## After the build: the marts\n",
        *_table(MART_SUITES, "tables"),
        "",
    ])  # fmt: skip


def _table(suites: Mapping[str, Sequence[Rule]], heading: str) -> list[str]:
    """A row per rule; tables that share its words share the row."""
    tables = defaultdict(list)
    for table, rules in suites.items():
        for rule in rules:
            tables[rule.name, rule.description, rule.blocking].append(table)
    lines = [f"| check | guards | blocks | {heading} |", "|---|---|---|---|"]
    for (name, description, blocking), names in sorted(tables.items(), key=lambda row: list(suites).index(row[1][0])):
        of_all = "all" if len(names) == len(suites) else ", ".join(f"`{table}`" for table in names)
        lines.append(f"| `{name}` | {description} | {'yes' if blocking else 'warns'} | {of_all} |")
    return lines


if __name__ == "__main__":
    sys.exit(write_or_check(lambda: {PAGE: page()}, "rules"))
