"""An API's pipeline in a Dagster run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster import AssetExecutionContext, AssetSpec

if TYPE_CHECKING:
    from dagster_dlt.translator import DltResourceTranslatorData
    from dlt import Pipeline
    from dlt.extract import DltSource


# What dagster-dlt says of a resource that is still true once its raw rows are gone.
LASTING = ("rows_loaded", "started_at", "finished_at", "dagster/column_schema")


def run_pipeline(pipeline: Pipeline, source: DltSource, *, context: AssetExecutionContext, said: dict[str, Mapping[str, Any]]) -> None:
    """Runs dlt's pipeline as dagster-dlt does. It is part of a step, not one of its own: raw rows hold phone numbers, and go with the step.

    Args:
        pipeline: the pipeline.
        source: what it extracts.
        context: the step's context.
        said: receives the metadata that dagster-dlt gives each resource.
    """
    # Imported here: it takes seconds, and only an API needs it.
    from dagster_dlt import DagsterDltResource, DagsterDltTranslator

    class Translator(DagsterDltTranslator):
        def get_asset_spec(self, data: DltResourceTranslatorData) -> AssetSpec:
            return AssetSpec(data.resource.name)

    for result in DagsterDltResource().run(context, source, pipeline, Translator()):
        assert result.asset_key is not None, "it belongs to a resource"
        said[result.asset_key.path[-1]] = {name: value for name, value in (result.metadata or {}).items() if name in LASTING}
