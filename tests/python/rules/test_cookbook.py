"""Every recipe in the cookbook runs as printed, and gives the same answer in SQL, as metrics and in Python."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from harness import Built, project_of_this_process
from oracle import PROJECT

BIN = Path(sys.executable).parent

RECIPES = {
    title: dict(re.findall(r"^```(sql|sh|python)\n(.*?)^```$", text, re.M | re.S))
    for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", (PROJECT / "docs/cookbook.md").read_text(), re.M | re.S)
}


def plain(value: Any) -> Any:
    """A value as all three ways have it: text, number or None."""
    if value is None or value is pd.NaT or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if re.fullmatch(r"\d{4}-\d\d-\d\d([T ]00:00:00)?", str(value)):
        return str(value)[:10]
    try:
        return float(value)
    except ValueError:
        return str(value)


def table(rows: Any, columns: int | None = None) -> list[tuple]:
    plain_rows = [tuple(plain(value) for value in tuple(row)[:columns]) for row in rows]
    return sorted(plain_rows, key=lambda row: tuple(str(value) for value in row if not isinstance(value, float)))


def equal(one: list[tuple], other: list[tuple]) -> bool:
    def same(a: Any, b: Any) -> bool:
        return math.isclose(a, b, rel_tol=1e-5) if isinstance(a, float) and isinstance(b, float) else a == b

    return len(one) == len(other) > 0 and all(map(same, a, b) and all(map(same, a, b)) for a, b in zip(one, other, strict=True))


def test_there_are_five_recipes_in_three_languages() -> None:
    assert len(RECIPES) == 5 and all(recipe.keys() == {"sql", "sh", "python"} for recipe in RECIPES.values())


def in_sql(sample: Built, title: str) -> list[tuple]:
    with duckdb.connect(str(sample.warehouse.published), read_only=True) as db:
        return db.execute(RECIPES[title]["sql"]).fetchall()


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_gives_the_same_in_sql_and_in_python(sample: Built, title: str) -> None:
    names = {"published": str(sample.warehouse.published)}
    exec(RECIPES[title]["python"], names)
    assert equal(table(in_sql(sample, title)), table(names["answer"].itertuples(index=False)))


# The command takes seconds to start; every metric is compared with its report in `test_metrics.py`.
@pytest.mark.parametrize("title", [pytest.param(title, marks=[pytest.mark.nightly] if n else []) for n, title in enumerate(RECIPES)])
def test_a_recipe_gives_the_same_as_metrics(sample: Built, tmp_path: Path, title: str) -> None:
    csv = tmp_path / "answer.csv"
    # The command checks for a newer version of itself; tests contact nobody outside.
    paths = {"HTTPS_PROXY": "http://127.0.0.1:9", "OUTREACH_TARGET": "published", "PATH": f"{BIN}:{os.environ['PATH']}"}
    environment = os.environ | sample.warehouse.places() | paths
    command = ["sh", "-c", f"{RECIPES[title]['sh'].strip()} --csv {csv}"]
    run = subprocess.run(command, cwd=project_of_this_process(), env=environment, capture_output=True, text=True)
    assert csv.exists(), run.stdout
    as_metrics = pd.read_csv(csv, dtype=str, keep_default_na=False)
    assert equal(table(in_sql(sample, title), len(as_metrics.columns)), table(as_metrics.itertuples(index=False)))
