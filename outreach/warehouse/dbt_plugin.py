"""Gives dbt's DuckDB connection the functions that look at the landing zone (see `macros/adapters/landing.sql`)."""

from __future__ import annotations

import json
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from outreach import zones
from outreach.landing.files import LandingError, check_landing, inspect_files, list_files, repaired_lines
from outreach.settings import keep_private, variable
from outreach.sql import one_row, sql_text
from outreach.warehouse.fingerprints import rules_fingerprint

# The rest is for Python, and for what DuckDB takes without counting it.
DUCKDB_SHARE = 0.75

# A tenth of what a reader gets where both want the processor.
BUILD_NICENESS = 10


class Plugin(BasePlugin):
    """Loaded by `profiles/profiles.yml`."""

    @property
    def warehouse(self) -> str:
        """The file that is attached."""
        assert self.creds is not None and self.creds.attach
        return str(self.creds.attach[0].path)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Names the warehouse, makes its folder, keeps what is in it to its owner, and gives way to readers."""
        assert creds.attach
        creds.attach[0].path = variable("OUTREACH_WAREHOUSE", creds.attach[0].path)
        # Of the process, and here, because `dbt build` by hand has to do so too: DuckDB has settings neither for the mode of the files that
        # it makes, its journal and what it spills among them, nor for the priority of its threads.
        keep_private()
        yield_to_readers()
        Path(self.warehouse).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Sets the memory, and registers the functions. They look at files, so the same arguments may give another answer."""
        # The default, also where this process has set another before.
        conn.execute("reset memory_limit")
        (of_duckdb,) = one_row(conn.execute("select current_setting('memory_limit')"))
        # Beyond it DuckDB spills to a folder beside the file.
        conn.execute(f"set temp_directory = {sql_text(self.warehouse + '.tmp')}")
        conn.execute(f"set memory_limit = '{memory_limit(os.environ.get('OUTREACH_MEMORY_LIMIT'), of_duckdb)}'")
        register = partial(conn.create_function, side_effects=True, null_handling="special")
        register("landing_set_up_problem", _set_up_problem, ["varchar", "varchar"], "varchar")
        register("list_landing_files", _list_files, ["varchar", "varchar"], "varchar")
        register("inspect_landing_files", _inspect_files, ["varchar", "varchar[]", "varchar"], "varchar")
        register("repaired_landing_lines", _repaired_lines, ["varchar", "varchar"], "varchar[]")
        register("local_day", zones.local_day, ["bigint", "varchar"], "date", side_effects=False, null_handling="default")
        register("local_hour", zones.local_hour, ["bigint", "varchar"], "integer", side_effects=False, null_handling="default")
        register("moment_of", zones.moment_of, ["date", "integer", "varchar"], "bigint", side_effects=False, null_handling="default")
        register("timezone_names", zones.timezone_names, [], "varchar[]")
        register("zone_release", lambda: zones.RELEASE, [], "varchar")
        register("rules_fingerprint", rules_fingerprint, [], "varchar")


def memory_limit(asked: str | None, of_duckdb: str) -> str:
    """DuckDB's limit for a build that stays within a memory, with a unit.

    Args:
        asked: the memory, such as `4GB`; None or empty for half of the machine's.
        of_duckdb: DuckDB's default, which is four fifths of the machine's.

    Raises:
        DbtRuntimeError: what is asked for is no memory.
    """
    memory = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", asked or of_duckdb)
    if memory is None:
        raise DbtRuntimeError(f"OUTREACH_MEMORY_LIMIT is '{asked}': expected a number and a unit, such as 4GB.")
    share = DUCKDB_SHARE if asked else DUCKDB_SHARE * 0.5 / 0.8
    return f"{float(memory[1]) * share:.3f}{memory[2]}"


def yield_to_readers() -> None:
    """Lets this process work with what others leave of the processors: a build can wait, whoever looks at a page does not."""
    # Linux keeps a priority per thread, and dbt has started some.
    threads = [int(thread.name) for thread in Path("/proc/self/task").iterdir()] if Path("/proc/self/task").is_dir() else [0]
    for thread in threads:
        os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), BUILD_NICENESS))


def _set_up_problem(landing: str, file_format: str) -> str | None:
    try:
        check_landing(landing, file_format)
    except LandingError as error:
        return str(error)
    return None


def _list_files(landing: str, file_format: str) -> str:
    return json.dumps([vars(file) for file in list_files(landing, file_format)], default=str)


def _inspect_files(landing: str, paths: list[str], file_format: str) -> str:
    return json.dumps([vars(inspection) for inspection in inspect_files(landing, paths, file_format)])


def _repaired_lines(landing: str, path: str) -> list[str]:
    return repaired_lines(os.path.join(landing, path))
