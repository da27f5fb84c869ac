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

# Where dbt itself puts its target, so that a run in the shell and one from here share what was parsed.
TARGET = Path(variable("DBT_TARGET_PATH", "target"))


class Translator(DagsterDbtTranslator):
    """Keys are schema and name; groups are the folders below `models/`."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """The asset of a node, with what makes it up as its kinds."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        materialized = self.get_resource_props(manifest, unique_id).get("config", {}).get("materialized")
        kind = {"incremental": "table", "table_function": "function"}.get(materialized, materialized)
        return spec.replace_attributes(kinds={*spec.kinds, *([kind] if kind else [])})

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The folder; seeds are a group of their own."""
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Who answers for the models."""
        return ["team:analytics"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description alone: the SQL stands in the repository, and does not hide it."""
        return str(dbt_resource_props["description"])


class Dbt(DbtCliResource):
    """dbt, started without what takes seconds and serves nothing here."""

    @cached_property
    def _cli_version(self) -> Version:
        # Of the same environment: what the command would say.
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        # Rows are counted at the end, without dbt: see `_row_counts`.
        return None


DBT_PROJECT = DbtProject(PROJECT, target_path=TARGET, profiles_dir=PROJECT / "profiles")
dbt_resource = Dbt(project_dir=str(PROJECT), profiles_dir=str(PROJECT / "profiles"), dbt_executable=variable("OUTREACH_DBT", str(DBT)))


MANIFEST = read_manifest(PROJECT / TARGET)


class BuildConfig(Config):
    """How a run builds."""

    full_refresh: bool = Field(default=False, description="Build everything anew from the whole landing zone.")


# Unit tests say nothing about the data: they are part of the project's own tests.
@dbt_assets(
    manifest=MANIFEST, project=DBT_PROJECT, dagster_dbt_translator=Translator(), name="dbt_build",
    exclude="resource_type:unit_test", pool="warehouse",
)  # fmt: skip
def dbt_models(context: AssetExecutionContext, dbt: DbtCliResource, config: BuildConfig) -> Iterator[Any]:
    """Builds seeds, models and report functions in dbt's order, each tested before the next one reads it."""
    settings = Settings.from_environment()
    # The manifest is the one that was parsed, and what came of each node stands in the run: dbt need not write both once more.
    # Nor need it write each of its thousands of events to a log: what is worth telling stands in the run.
    arguments = ["--no-write-json", "--log-level-file", "none", "build", *(["--full-refresh"] if config.full_refresh else [])]
    with warehouse_turn(settings, context):
        if settings.warehouse.exists():
            # Where a tool holds it, dbt need not start to find out.
            duckdb.connect(str(settings.warehouse)).close()
        yield from _with_findings(dbt.cli(arguments, context=context, target_path=TARGET), settings.warehouse)
        if holds_erased_bytes(settings.warehouse):
            context.log.info("Contacts were erased: rewriting the warehouse without their bytes.")
            compact(settings.warehouse)
        yield from _row_counts(context, settings.warehouse)


def _with_findings(invocation: DbtCliInvocation, warehouse: Path) -> Iterator[Any]:
    """dbt's events as they come; tests that do not hold follow at the end, in words: dbt holds the file as long as it runs.

    Raises:
        DagsterDbtCliRuntimeError: dbt has failed; the findings came before.
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
    """The rows of what was built. dbt holds the file as long as it runs, so they are counted at the end, all at once."""
    nodes = {AssetKey([node["schema"], node["name"]]): node for node in MANIFEST["nodes"].values() if "columns" in node}
    with opened(warehouse) as db:
        for key in sorted(context.selected_asset_keys & nodes.keys()):
            # A report has no rows of its own, nor has a view that is published as one; that on the landed files would read them once more.
            config = nodes[key]["config"]
            has_rows = config["materialized"] != "table_function" and config["meta"].get("published") != "view"
            if has_rows and not key.path[-1].startswith("landed_"):
                (rows,) = one_row(db.execute(f"select count(*) from {'.'.join(key.path)}"))
                yield AssetObservation(key, metadata={"dagster/row_count": rows})
