"""What people read: the published file and the documentation, with their readers."""

from datetime import datetime

from dagster import AssetExecutionContext, AssetKey, AssetSpec, MaterializeResult, MetadataValue, asset

from orchestration.dbt.assets import MANIFEST, dbt_models
from orchestration.docs import write_documentation
from orchestration.steps import warehouse_turn
from outreach.settings import Settings
from outreach.warehouse.publication import publish, published_models
from outreach.warehouse.standing import built_from

PUBLISHED_FILE = AssetKey("published_file")
DOCUMENTATION = AssetKey("documentation")

DOCUMENTED = sorted(key for key in dbt_models.keys if key.path[0] in ("marts", "reports"))
PUBLISHED = [AssetKey([model["schema"], model["name"]]) for model in published_models(MANIFEST)]


@asset(key=PUBLISHED_FILE, deps=PUBLISHED, group_name="published", owners=["team:analytics"], kinds={"duckdb", "file"})
def published_file(context: AssetExecutionContext) -> MaterializeResult[None]:
    """The file that readers open read-only: `marts` and `reports`, compact, without rejected rows or personal data.

    It is written beside the previous one and renamed over it. Readers of the previous one are not disturbed.
    """
    settings = Settings.from_environment()
    with warehouse_turn(settings, context):
        # A re-execution from failure completes what the first run began.
        began = context.instance.get_run_record_by_id(context.run.root_run_id or context.run.run_id).create_timestamp
        origin = built_from(settings.warehouse, datetime.fromtimestamp(began.timestamp()))
        publication = publish(settings.warehouse, settings.published, MANIFEST, context.run.run_id, origin)
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(publication.row_counts.values()),
            "bytes": publication.bytes,
            "newest event": str(publication.newest_event_at),
            "path": MetadataValue.path(publication.path),
            "rows by table": MetadataValue.json(publication.row_counts),
        }
    )


@asset(
    key=DOCUMENTATION, deps=DOCUMENTED, group_name="published", owners=["team:analytics"], kinds={"dbt", "html"}, pool="warehouse"
)  # fmt: skip
def documentation() -> MaterializeResult[None]:
    """The documentation of every KPI, model, column and report: one self-contained page."""
    settings = Settings.from_environment()
    page = settings.documentation
    write_documentation(page)
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(MANIFEST["nodes"]),
            "bytes": page.stat().st_size,
            "page": MetadataValue.url(settings.page_url(page)),
            "path": MetadataValue.path(page),
        }
    )


def readers() -> list[AssetSpec]:
    """dbt's exposures as assets: the readers of the published file. Nothing is built for them here."""
    return [
        AssetSpec(
            AssetKey(["readers", exposure["name"]]),
            deps=[PUBLISHED_FILE],
            description=exposure["description"],
            group_name="readers",
            owners=[exposure["owner"]["email"]] if exposure["owner"].get("email") else ["team:analytics"],
            kinds={exposure["type"]},
        )
        for exposure in MANIFEST["exposures"].values()
    ]
