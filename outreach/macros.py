"""The project's macros for code that asks DuckDB outside of dbt, so that a rule stands once for both."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

from outreach.settings import PROJECT

BEGINNING = re.compile(r"{%(-?) macro (\w+)")


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
def _macros() -> MutableMapping[str, Any]:
    environment = Environment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["return"] = _return
    environment.globals["adapter"] = SimpleNamespace(dispatch=lambda name: environment.globals[f"duckdb__{name}"])
    for folder in ("adapters", "kpis", "staging"):
        for path in (PROJECT / "macros" / folder).glob("*.sql"):
            text = path.read_text()
            # Compiled when one of its macros is first called, under other names, so that macros find each other by what they return.
            module = cache(partial(_module, environment, BEGINNING.sub(r"{%\1 macro macro__\2", text)))
            environment.globals.update({name: _returning(name, module) for _, name in BEGINNING.findall(text)})
    return environment.globals


def _module(environment: Environment, text: str) -> Any:
    return environment.from_string(text).module


def _return(value: Any) -> None:
    raise _Returned(value)


def _returning(name: str, module: Callable[[], Any]) -> Callable[..., Any]:
    def returning(*arguments: Any, **named: Any) -> Any:
        try:
            return getattr(module(), f"macro__{name}")(*arguments, **named)
        except _Returned as returned:
            return returned.args[0]

    return returning
