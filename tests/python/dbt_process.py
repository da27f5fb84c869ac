"""dbt in a process of its own that need not import it: a third of a small build is imports."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([
    "dbt.cli.main", "dbt.adapters.duckdb", "dbt.parser.manifest", "dbt.task.build", "dbt.task.compile",
    # DuckDB imports them with the first Python function that a query calls.
    "pandas", "pyarrow",
])  # fmt: skip


def run_dbt(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs dbt, and waits for it.

    Args:
        arguments: of the command.
        folder: the project.
        environment: all of its variables.
    """
    with TemporaryDirectory() as output:
        outputs = [Path(output) / name for name in ("stdout", "stderr")]
        process = _PROCESSES.Process(target=_dbt, args=(arguments, folder, dict(environment), outputs))
        process.start()
        process.join()
        return subprocess.CompletedProcess(["dbt", *arguments], process.exitcode, *(path.read_text() for path in outputs))


def _dbt(arguments: list[str], folder: Path, environment: dict[str, str], outputs: list[Path]) -> None:
    for stream, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.chdir(folder)
    # The project's own modules, which may be another project's than the tests'.
    sys.path.insert(0, str(folder))
    os.environ.clear()
    os.environ.update(environment)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import cli

    try:
        # Leaves with dbt's exit code.
        cli(args=arguments, prog_name="dbt")
    finally:
        # What an interpreter that ends does by itself, and a forked process does not.
        DuckDBConnectionManager.close_all_connections()
