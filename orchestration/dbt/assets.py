"""The dbt project as assets: each model, seed and report function, and each data test as a check."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from dagster import AssetCheckResult, AssetExecutionContext, AssetKey, AssetObservation, AssetSpec, Config
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from packaging.version import Version
from pydantic import Field

from orchestration.dbt.findings import explained
from orchestration.steps import warehouse_turn
from outreach.settings import PROJECT, Settings, variable
from outreach.sql import one_row
from outreach.warehouse.compaction import compact, holds_erased_bytes
from outreach.warehouse.connection import opened
from outreach.warehouse.manifest import DBT, read_manifest

# dbt's own target folder, so that runs from the shell and from here share the parsed project.
TARGET = Path(variable("DBT_TARGET_PATH", "target"))


class Translator(DagsterDbtTranslator):
    """Asset keys are schema and name; groups are the folders below `models/`."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """A node's asset, with its technologies as kinds."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        materialized = self.get_resource_props(manifest, unique_id).get("config", {}).get("materialized")
        kind = {"incremental": "table", "table_function": "function"}.get(materialized, materialized)
        return spec.replace_attributes(kinds={*spec.kinds, *([kind] if kind else [])})

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The folder of a model. Seeds form their own group."""
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The team that owns the models."""
        return ["team:analytics"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Only the description: the SQL is in the repository and would crowd it out."""
        return str(dbt_resource_props["description"])


class Dbt(DbtCliResource):
    """dbt's command line, without the parts of its start-up that take seconds and are not needed here."""

    @cached_property
    def _cli_version(self) -> Version:
        # The version in this environment. The command itself would first ask PyPI for the newest (dbt-core issue 6085).
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        # Rows are counted at the end, without dbt; see `_row_counts`.
        return None


DBT_PROJECT = DbtProject(PROJECT, target_path=TARGET, profiles_dir=PROJECT / "profiles")
dbt_resource = Dbt(project_dir=str(PROJECT), profiles_dir=str(PROJECT / "profiles"), dbt_executable=variable("OUTREACH_DBT", str(DBT)))


MANIFEST = read_manifest(PROJECT / TARGET)


class BuildConfig(Config):
    """Options of a build."""

    full_refresh: bool = Field(default=False, description="Build everything anew from the whole landing zone.")


# Unit tests say nothing about the data, so they run in the project's test suite only.
@dbt_assets(
    manifest=MANIFEST, project=DBT_PROJECT, dagster_dbt_translator=Translator(), name="dbt_build",
    exclude="resource_type:unit_test", pool="warehouse",
)  # fmt: skip
def dbt_models(context: AssetExecutionContext, dbt: DbtCliResource, config: BuildConfig) -> Iterator[Any]:
    """Builds seeds, models and report functions in dbt's order, and tests each before the next one reads it."""
    settings = Settings.from_environment()
    # The manifest is already parsed and the run records each result, so dbt need not write either again.
    # Nor does it need a log of its thousands of events: the run has those that matter.
    arguments = ["--no-write-json", "--log-level-file", "none", "build", *(["--full-refresh"] if config.full_refresh else [])]
    with warehouse_turn(settings, context):
        if settings.warehouse.exists():
            # Fails before dbt starts if a tool holds the file.
            duckdb.connect(str(settings.warehouse)).close()
        yield from _with_findings(dbt.cli(arguments, context=context, target_path=TARGET), settings.warehouse)
        if holds_erased_bytes(settings.warehouse):
            context.log.info("Contacts were erased: rewriting the warehouse without their bytes.")
            compact(settings.warehouse)
        yield from _row_counts(context, settings.warehouse)


def _with_findings(invocation: DbtCliInvocation, warehouse: Path) -> Iterator[Any]:
    """Passes dbt's events on, and ends with the failed tests in words. They come last because dbt locks the file while it runs.

    Raises:
        DagsterDbtCliRuntimeError: dbt failed. The findings are yielded first.
    """
    broken = []
    try:
        for event in invocation.stream():
            if isinstance(event, AssetCheckResult) and not event.passed:
                broken.append(event)
            else:
                yield event
    except DagsterDbtCliRuntimeError:
        yield from explained(broken, MANIFEST["nodes"], warehouse, PROJECT / TARGET)
        raise
    yield from explained(broken, MANIFEST["nodes"], warehouse, PROJECT / TARGET)


def _row_counts(context: AssetExecutionContext, warehouse: Path) -> Iterator[AssetObservation]:
    """The row counts of what was built. dbt locks the file while it runs, so they are counted together at the end."""
    nodes = {AssetKey([node["schema"], node["name"]]): node for node in MANIFEST["nodes"].values() if "columns" in node}
    with opened(warehouse) as db:
        for key in sorted(context.selected_asset_keys & nodes.keys()):
            # Reports have no rows, nor have views published as views. Counting a view on landed files would read them again.
            config = nodes[key]["config"]
            has_rows = config["materialized"] != "table_function" and config["meta"].get("published") != "view"
            if has_rows and not key.path[-1].startswith("landed_"):
                (rows,) = one_row(db.execute(f"select count(*) from {'.'.join(key.path)}"))
                yield AssetObservation(key, metadata={"dagster/row_count": rows})
