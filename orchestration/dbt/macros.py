"""The project's macros for code that asks DuckDB outside of dbt, so that a rule stands once for both."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

from orchestration.settings import PROJECT


def render(expression: str, **values: Any) -> str:
    """What an expression of macros gives on DuckDB.

    Only macros that need nothing of dbt but `adapter.dispatch` and `return` can be rendered: those that write an SQL expression.

    Args:
        expression: a call, such as `trimmed('name')`.
        values: what the expression refers to by name.
    """
    return _environment().from_string("{{ " + expression + " }}").render(values).strip()


@cache
def _environment() -> Environment:
    environment = Environment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["return"] = lambda value: value
    environment.globals["adapter"] = SimpleNamespace(dispatch=lambda name: environment.globals[f"duckdb__{name}"])
    files = sorted(path for folder in ("dialect", "kpis", "staging") for path in (PROJECT / "macros" / folder).glob("*.sql"))
    macros = environment.from_string("\n".join(path.read_text() for path in files)).module
    environment.globals.update({name: macro for name, macro in vars(macros).items() if not name.startswith("_")})
    return environment
