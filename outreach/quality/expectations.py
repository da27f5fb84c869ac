"""Great Expectations on DuckDB: suites of rules, run where the data is, and written up as Data Docs.

Imported only by what runs suites: it takes more than a second.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations import UnexpectedRowsExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from outreach.quality.rules import Rule

# Pages of this many runs are kept.
RUNS_KEPT = 30


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection open: the stock engine closes each before its rows are fetched, and DuckDB's go with it.

    Issues 10738 and 11579 of great_expectations. Its version 1.24 still does so.
    """

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """The connection, opened at the first call."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Lets go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


# Under a name, because a data source has an attribute `type`.
EngineType = type[SqlAlchemyExecutionEngine]


class DuckDBDatasource(SQLDatasource):
    """Registers `data_sources.add_duckdb` with Great Expectations."""

    # The type is the name: great_expectations reads it of the subclass.
    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> EngineType:
        """The engine that runs the expectations."""
        return DuckDBExecutionEngine


@dataclass(frozen=True)
class Verdict:
    """What came of one rule.

    Args:
        rule: the rule.
        failed: of its expectations, those that do not hold, each as one sentence with what was found instead.
        unexpected_rows: rows of which it does not hold.
        is_warning: whether all of these only warn.
        page: its page in Data Docs.
    """

    rule: Rule
    failed: list[str]
    unexpected_rows: int
    is_warning: bool
    page: Path

    @property
    def holds(self) -> bool:
        """Whether all expectations hold."""
        return not self.failed


def validate(
    database: Path, schema: str, suites: Mapping[str, Sequence[Rule]], docs: Path, run_name: str, *, title: str
) -> dict[tuple[str, str], Verdict]:
    """Runs suites of rules over the tables of a DuckDB file, which is opened read-only, and writes their Data Docs.

    Args:
        database: the DuckDB file.
        schema: the schema of the tables.
        suites: rules by table.
        docs: folder that the pages are written to; `index.html` is the first.
        run_name: names the run in Data Docs.
        title: names the suites in Data Docs.

    Returns:
        A verdict by table and name of the rule.

    Raises:
        RuntimeError: an expectation could not be evaluated at all, such as on a table that is not there.
    """
    # It tells of each step at the level of warnings and above only when something is wrong with the rules themselves.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    site = {
        "class_name": "SiteBuilder", "show_how_to_buttons": False, "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
    }  # fmt: skip
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(), data_docs_sites={title: site},
            progress_bars=ProgressBarsConfig(globally=False),
            plugins_directory=str(Path(__file__).with_name("plugins")),
        ),
    )  # fmt: skip
    source = context.data_sources.add_duckdb(
        title, connection_string=f"duckdb:///{database}", create_temp_table=False, kwargs={"connect_args": {"read_only": True}}
    )
    definitions = []
    for table, rules in suites.items():
        batch = source.add_query_asset(table, query=f"select * from {schema}.{table}").add_batch_definition_whole_table("all")
        suite = gx.ExpectationSuite(name=f"{title}.{table}", expectations=[
            UnexpectedRowsExpectation(
                unexpected_rows_query=expectation.query, description=expectation.description, meta={"rule": rule.name},
                severity=FailureSeverity.WARNING if expectation.is_warning else FailureSeverity.CRITICAL,
            )
            for rule in rules for expectation in rule.expectations
        ])  # fmt: skip
        definitions.append(context.validation_definitions.add(
            gx.ValidationDefinition(name=f"{title}.{table}", data=batch, suite=context.suites.add(suite))
        ))  # fmt: skip
    checkpoint = context.checkpoints.add(gx.Checkpoint(name=title, validation_definitions=definitions, result_format="COMPLETE"))
    try:
        run = checkpoint.run(run_id=RunIdentifier(run_name=run_name))
    finally:
        # The source looks at tables with an engine of its own.
        source.get_execution_engine().close()
        source.get_engine().dispose()
    context.build_data_docs()

    verdicts = {}
    for (table, rules), results in zip(suites.items(), run.run_results.values(), strict=True):
        # A step that is tried again has written one before.
        page = max(docs.glob(f"validations/{title}/{table}/**/*.html"))
        for rule in rules:
            of_rule = [result for result in results.results if _asked(result).meta["rule"] == rule.name]
            failed = [result for result in of_rule if not result.success]
            verdicts[table, rule.name] = Verdict(
                rule,
                failed=[_sentence(result) for result in failed],
                unexpected_rows=sum(result.result["observed_value"] for result in failed),
                is_warning=all(_asked(result).severity == "warning" for result in failed),
                page=page,
            )
    return verdicts


def _asked(result: ExpectationValidationResult) -> ExpectationConfiguration:
    """What was expected; a result of a suite's always says so."""
    assert result.expectation_config is not None
    return result.expectation_config


def _sentence(result: ExpectationValidationResult) -> str:
    """What was expected, and what was found."""
    for exception in (result.exception_info, *result.exception_info.values()):
        if isinstance(exception, dict) and exception.get("raised_exception"):
            raise RuntimeError(f"{_asked(result).type} could not be evaluated: {exception['exception_message']}")
    rows = result.result["details"]["unexpected_rows"]
    # The one row of a profile says what was found; of many rows the first are examples.
    if len(rows) == 1 and len(rows[0]) == 1:
        ((column, value),) = rows[0].items()
        found = f"found {value:.1%}" if "share" in column else f"found {value}"
    else:
        count = result.result["observed_value"]
        examples = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows[:3])
        found = f"{'1 row does' if count == 1 else f'{count:,} rows do'} not, such as {examples}"
    return f"{_asked(result).description}: {found}"


def keep_newest(folder: Path, count: int = RUNS_KEPT) -> None:
    """Removes the pages of all but the newest runs.

    Args:
        folder: with one folder per run.
        count: how many of these stay.
    """
    runs = sorted((run for run in folder.glob("*") if run.is_dir()), key=lambda run: run.stat().st_mtime, reverse=True)
    for run in runs[count:]:
        shutil.rmtree(run)
