"""`make pages`: generates what repeats the KPI entries: their macro, the columns' YAML and descriptions, and docs/kpis.md.

With --check it writes nothing, and lists the files that no longer match the entries.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from outreach.kpis.entries import VIEWS, EntryError, Kpi, column_of, kpis, needed, of_view
from outreach.kpis.units import UNITS
from outreach.settings import PROJECT

# The text that entries do not contain: the project at a glance, and the rules for all KPIs.
TEXTS = Path(__file__).with_name("texts")

NOTE = "Written from the KPI entries, the kpis.yml of each view, by `make pages`."

# The two lines of a YAML file that enclose its model's KPI columns.
COLUMNS = re.compile(r"( *)# KPI columns: written by `make pages`\.\n.*?\1# End of the KPI columns\.\n", re.DOTALL)


def summing(kpi: Kpi) -> str:
    """A sentence that says whether it may be summed."""
    return "May be summed." if kpi.may_be_summed else "Not to be summed over days, campaigns or templates."


def macro() -> str:
    """The macro `kpi_entries`, which gives the models the KPIs."""
    views = ",\n".join(
        f'        "{view}": [\n' + ",\n".join(f"            {_as_jinja(kpi)}" for kpi in of_view(view)) + "\n        ]" for view in VIEWS
    )
    return f"""{{# {NOTE} #}}
{{% macro kpi_entries(view) -%}}
    {{%- set entries = {{
{views}
    }} -%}}
    {{{{ return(entries[view]) }}}}
{{%- endmacro %}}
"""


def _as_jinja(kpi: Kpi) -> str:
    values = {
        "name": kpi.name, "view": kpi.view, "column_name": kpi.column, "label": kpi.label, "unit": kpi.unit, "good": kpi.good,
        "may_be_summed": kpi.may_be_summed, "ignored_filters": ", ".join(kpi.ignores), "daily_table": kpi.mart, "formula": kpi.formula,
        "description": kpi.description,
    }  # fmt: skip
    if kpi.aggregate:
        values |= {"kind": kpi.aggregate.kind, "of": kpi.aggregate.of, "where": kpi.aggregate.where}
    else:
        values |= {"numerator": column_of(kpi.numerator or ""), "denominator": column_of(kpi.denominator or ""), "alerts": kpi.alerts}
    return json.dumps(values, ensure_ascii=False)


def columns(model: str, is_contract: bool, indent: str) -> str:
    """The KPI columns of a model in YAML.

    Args:
        model: its name, which begins with its view.
        is_contract: whether to state each column's type, as daily tables with a contract do.
        indent: the indentation of each line.
    """
    lines = []
    for kpi in of_view(model.split("_")[0]):
        if is_contract and kpi.mart != model:
            continue
        lines.append(f"{indent}- name: {kpi.column}")
        if is_contract:
            lines.append(f"{indent}  data_type: {UNITS[kpi.unit].sql_type}")
        lines.append(f"{indent}  description: \"{{{{ doc('{kpi.name}') }}}}\"")
    return "\n".join([f"{indent}# KPI columns: written by `make pages`.", *lines, f"{indent}# End of the KPI columns.", ""])


def docs_blocks() -> str:
    """The overview and each KPI's description as dbt docs blocks."""
    overview = (TEXTS / "overview.md").read_text()
    blocks = [f"{{% docs __overview__ %}}\n{overview}\n{_definitions(headings='##')}{{% enddocs %}}"]
    blocks += [f"{{% docs {k.name} %}}\n{k.description} {k.name} = {k.formula}. {summing(k)}\n{{% enddocs %}}" for k in kpis()]
    return f"{{# {NOTE} #}}\n\n" + "\n\n".join(blocks) + "\n"


def page() -> str:
    """The text of docs/kpis.md."""
    return f"# The KPIs\n\n{NOTE}\n\n{_definitions(headings='##')}"


def _definitions(headings: str) -> str:
    parts = [f"{headings} What holds for all\n\n{(TEXTS / 'kpi_rules.md').read_text()}"]
    for view in VIEWS:
        parts.append(f"{headings} {view.capitalize()}\n")
        parts += [
            f"{headings}# {kpi.label}\n\n"
            f"{kpi.description}\n\n"
            f"| | |\n|---|---|\n"
            f"| formula | `{kpi.name}` = {kpi.formula} |\n"
            f"| unit | {kpi.unit} |\n"
            f"| example | {kpi.example} |\n"
            f"| does not count | {kpi.excludes} |\n"
            f"| where | column `{kpi.column}` of `reports.{view}_report` and its breakdowns, and of `marts.{kpi.mart}` |\n"
            f"| metric | `{kpi.name}` |\n"
            f"| sums | {summing(kpi)} |\n"
            f"{_need(kpi)}"
            for kpi in of_view(view)
        ]
    parts.append((TEXTS / "besides.md").read_text().replace("## ", f"{headings} ", 1))
    return "\n".join(parts)


def _need(kpi: Kpi) -> str:
    mart = needed(kpi)
    return f"| lands from | your own systems: the page shows — for an account without any row in `marts.{mart}` |\n" if mart else ""


def generated() -> Mapping[Path, str]:
    """Every generated file, with the content it should have."""
    files = {
        PROJECT / "macros/kpis/entries.sql": macro(),
        PROJECT / "models/kpis.md": docs_blocks(),
        PROJECT / "docs/kpis.md": page(),
    }
    for file in sorted((PROJECT / "models").rglob("*.yml")):
        text = file.read_text()
        if COLUMNS.search(text):
            is_contract = "marts" in file.parts
            files[file] = COLUMNS.sub(partial(_columns_anew, file.stem, is_contract), text)
    return files


def _columns_anew(model: str, is_contract: bool, region: re.Match[str]) -> str:
    return columns(model, is_contract, region[1])


def main() -> int:
    """Writes or checks the files, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make pages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    arguments = parser.parse_args()
    try:
        files = generated()
    except EntryError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [file for file, text in files.items() if not file.exists() or file.read_text() != text]
    for file in stale:
        if arguments.check:
            print(f"{file.relative_to(PROJECT)} is out of date with the KPI entries; run `make pages`.", file=sys.stderr)
        else:
            file.write_text(files[file])
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
