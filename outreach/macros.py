"""The project's macros for code that asks DuckDB outside of dbt, so that a rule stands once for both."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

from outreach.settings import PROJECT


class _Returned(Exception):
    """What a macro returns instead of text."""


def call(name: str, *arguments: Any) -> Any:
    """What a macro gives on DuckDB: an SQL expression, or what it returns.

    Only macros that need nothing of dbt but `adapter.dispatch` and `return` can be called: those that write an SQL expression, and
    those that hold what the project knows.

    Args:
        name: of the macro, such as `trimmed`.
        arguments: what it is called with.
    """
    result = _macros()[name](*arguments)
    return result.strip() if isinstance(result, str) else result


@cache
def _macros() -> dict[str, Callable[..., Any]]:
    environment = Environment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["return"] = _return
    environment.globals["adapter"] = SimpleNamespace(dispatch=lambda name: environment.globals[f"duckdb__{name}"])
    files = sorted(path for folder in ("adapters", "kpis", "staging") for path in (PROJECT / "macros" / folder).glob("*.sql"))
    text = "\n".join(path.read_text() for path in files)
    # Each under another name, so that macros find each other by what they return. A template looks names up as it is loaded.
    beginning = r"{%(-?) macro (\w+)"
    macros = {name: _returning(name, environment) for _, name in re.findall(beginning, text)}
    environment.globals.update(macros)
    environment.globals["macros"] = environment.from_string(re.sub(beginning, r"{%\1 macro macro__\2", text)).module
    return macros


def _return(value: Any) -> None:
    raise _Returned(value)


def _returning(name: str, environment: Environment) -> Callable[..., Any]:
    def returning(*arguments: Any, **named: Any) -> Any:
        try:
            return getattr(environment.globals["macros"], f"macro__{name}")(*arguments, **named)
        except _Returned as returned:
            return returned.args[0]

    return returning
