"""The dbt project as assets: each model, seed and report function, and each data test as a check."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
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

from orchestration.compact import compact, holds_erased_bytes
from orchestration.dbt.findings import explained
from orchestration.steps import warehouse_turn
from orchestration.warehouse import opened
from outreach.settings import PROJECT, Settings, variable
from outreach.turns import turn

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
        return dbt_resource_props["description"]


class Dbt(DbtCliResource):
    """dbt, started without what takes seconds and serves nothing here."""

    @cached_property
    def _cli_version(self) -> Version:
        # Of the same environment: what the command would say.
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:
        # Rows are counted at the end, without dbt: see `_row_counts`.
        return None


DBT_PROJECT = DbtProject(PROJECT, target_path=TARGET, profiles_dir=PROJECT / "profiles")
dbt_resource = Dbt(DBT_PROJECT, dbt_executable=str(Path(sys.executable).with_name("dbt")))


def _manifest() -> dict[str, Any]:
    """The project as dbt reads it, parsed anew when a file has changed since the last time."""
    # A process at a time: dbt writes the file where it stands.
    with turn(PROJECT / TARGET / "manifest.json", "dbt parse", waiting=lambda other: None):
        return _read_manifest()


def _read_manifest() -> dict[str, Any]:
    folders = [PROJECT / folder for folder in ("models", "macros", "seeds", "tests/generic", "tests/singular", "profiles")]
    files = [PROJECT / "dbt_project.yml", *folders, *(path for folder in folders for path in folder.rglob("*"))]
    path = DBT_PROJECT.manifest_path
    if path.exists() and path.stat().st_mtime > max(file.stat().st_mtime for file in files):
        # A kill or a full disk leaves half a file, which is written anew like none.
        with suppress(ValueError):
            return json.loads(path.read_text())
    # What dbt has kept of the last time misleads it where something has moved to another file: then it reads everything.
    if not dbt_resource.cli(["parse", "--quiet"], target_path=TARGET, raise_on_error=False).wait().is_successful():
        print("That was dbt's memory of the project as it was, or the project itself: dbt reads all of it anew.", file=sys.stderr)
        dbt_resource.cli(["--no-partial-parse", "parse", "--quiet"], target_path=TARGET).wait()
    return json.loads(path.read_text())


MANIFEST = _manifest()


class BuildConfig(Config):
    """How a run builds."""

    full_refresh: bool = Field(default=False, description="Build everything anew from the whole landing zone.")


# Unit tests say nothing about the data: they are part of the project's own tests.
@dbt_assets(
    manifest=MANIFEST, project=DBT_PROJECT, dagster_dbt_translator=Translator(), name="dbt_build",
    exclude="resource_type:unit_test", pool="warehouse",
)  # fmt: skip
def dbt_models(context: AssetExecutionContext, dbt: DbtCliResource, config: BuildConfig):
    """Builds seeds, models and report functions in dbt's order, each tested before the next one reads it."""
    settings = Settings.from_environment()
    # The manifest is the one that was parsed, and what came of each node stands in the run: dbt need not write both once more.
    arguments = ["--no-write-json", "build", *(["--full-refresh"] if config.full_refresh else [])]
    with warehouse_turn(settings, context):
        if settings.warehouse.exists():
            # Where a tool holds it, dbt need not start to find out.
            duckdb.connect(str(settings.warehouse)).close()
        yield from _with_findings(dbt.cli(arguments, context=context, target_path=TARGET), settings.warehouse)
        if holds_erased_bytes(settings.warehouse):
            context.log.info("Contacts were erased: writing the warehouse anew, without their bytes.")
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
                (rows,) = db.execute(f"select count(*) from {'.'.join(key.path)}").fetchone()
                yield AssetObservation(key, metadata={"dagster/row_count": rows})
