"""Gives a step of a run exclusive use of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from dagster import AssetExecutionContext, OpExecutionContext, RetryRequested
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from outreach.settings import Settings
from outreach.turns import Taken, is_held, turn

# Waits of 2, 4, 8, 16, 32, 64, 64 … seconds, ten minutes in all.
MOST_RETRIES = 13
LONGEST_WAIT = 64


@contextmanager
def warehouse_turn(settings: Settings, context: OpExecutionContext | AssetExecutionContext) -> Iterator[None]:
    """Holds the warehouse for a step. While another process holds it, the step is retried at growing intervals.

    Args:
        settings: name the warehouse.
        context: the step's context.

    Raises:
        RetryRequested: another process has the turn, or has the file open.
    """
    try:
        with turn(settings.warehouse, f"run {context.run.run_id} of job {context.run.job_name}"):
            yield
    except Taken as other:
        raise _try_again(str(other), context) from other
    except (duckdb.IOException, DagsterDbtCliRuntimeError) as error:
        # dbt started by hand, or a tool with the file open, takes no turn.
        if not is_held(settings.warehouse):
            raise
        who = str(error).splitlines()[0] if isinstance(error, duckdb.Error) else "it has the file open"
        raise _try_again(who, context) from error


def _try_again(other: str, context: OpExecutionContext | AssetExecutionContext) -> RetryRequested:
    seconds = min(2 ** (context.retry_number + 1), LONGEST_WAIT)
    context.log.warning(f"Another process works on the warehouse ({other}); trying again in {seconds} s.")
    return RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=seconds)
