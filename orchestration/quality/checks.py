"""The quality rules as asset checks. If a blocking rule fails, the run stops before the next step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    Config,
    MetadataValue,
    multi_asset_check,
)
from pydantic import Field, create_model

from orchestration.ingestion import INGESTED
from orchestration.landing.assets import LANDING_KEYS, landing_events
from orchestration.steps import warehouse_turn
from outreach.alerts import Alert, alerts_of_newest_day
from outreach.importing import much_to_import
from outreach.landing.profiling import profiled
from outreach.quality.explanations import explanations
from outreach.quality.rules import MART_SUITES, Limits, Rule, landing_suites
from outreach.settings import Settings
from outreach.warehouse.connection import opened

# How many alerts the check lists; the mart has them all.
MOST_TOLD = 5

MART_KEYS = {table: AssetKey(["marts", table]) for table in MART_SUITES}


class FilesConfig(Config):
    """Which files a run checks."""

    full_refresh: bool = Field(default=False, description="Look at all files, and not only at those that are new.")


# The launchpad can set the limits for one run; `Limits` has the defaults.
_limits: dict[str, Any] = {name: (type(value), Field(default=value)) for name, value in asdict(Limits()).items()}
if TYPE_CHECKING:
    LandingConfig = FilesConfig
else:
    LandingConfig = create_model("LandingConfig", __base__=FilesConfig, **_limits)


def _specs(suites: Mapping[str, Sequence[Rule]], keys: Mapping[str, AssetKey], after: Sequence[AssetKey] = ()) -> list[AssetCheckSpec]:
    return [
        AssetCheckSpec(rule.name, asset=keys[table], description=rule.description, blocking=rule.blocking, additional_deps=after)
        for table, rules in suites.items()
        for rule in rules
    ]


@multi_asset_check(specs=_specs(landing_suites(Limits()), LANDING_KEYS, INGESTED), name="landing_checks", can_subset=True)
def landing_checks(context: AssetCheckExecutionContext, config: LandingConfig) -> Iterator[AssetCheckResult]:
    """Checks what is new in the landing zone before it is built, and records what each stream holds."""
    settings = Settings.from_environment()
    limits = Limits(**{name: getattr(config, name) for name in _limits})
    suites = _selected(landing_suites(limits), LANDING_KEYS, context)
    with (
        warehouse_turn(settings, context.op_execution_context),
        profiled(settings, everything=config.full_refresh, oldest_days=limits.oldest_days) as found,
    ):
        for event in landing_events(found):
            context.op_execution_context.log_event(event)
        details = {stream: explanations(state) for stream, state in found.streams.items()}
        # A stream that has never landed has nothing to check.
        absent = {stream for stream, state in found.streams.items() if not state.files and not state.gone_files}
        for stream in suites.keys() & absent:
            for rule in suites.pop(stream):
                yield AssetCheckResult(asset_key=LANDING_KEYS[stream], check_name=rule.name, passed=True, metadata={"files": 0})
        yield from _validated(context, found.database, "main", suites, LANDING_KEYS, settings, title="landing", details=details)


ALERTS = AssetCheckSpec(
    "nothing_is_out_of_line", asset=AssetKey(["marts", "alerts"]), description="No account, campaign or template has left its own history."
)  # fmt: skip


@multi_asset_check(specs=[*_specs(MART_SUITES, MART_KEYS), ALERTS], name="mart_checks", can_subset=True)
def mart_checks(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
    """Checks the marts before they are published."""
    settings = Settings.from_environment()
    suites = _selected(MART_SUITES, MART_KEYS, context)
    with warehouse_turn(settings, context.op_execution_context):
        # Waits for a tool that holds the file, since Great Expectations would report its error as a finding.
        with opened(settings.warehouse) as db:
            if ALERTS.key in context.selected_asset_check_keys:
                yield _of_alerts(alerts_of_newest_day(db))
        yield from _validated(context, settings.warehouse, "marts", suites, MART_KEYS, settings, title="marts")


def _of_alerts(alerts: Sequence[Alert]) -> AssetCheckResult:
    """Alerts concern the business, not the quality of the data, so they never stop a run."""
    return AssetCheckResult(
        asset_key=ALERTS.asset_key,
        check_name=ALERTS.name,
        passed=not alerts,
        severity=AssetCheckSeverity.WARN,
        description=" ".join(f"{alert.account_id}: {alert.sentence}" for alert in alerts[:MOST_TOLD]) or None,
        metadata={"alerts": len(alerts)},
    )


def _selected(
    suites: Mapping[str, Sequence[Rule]], keys: Mapping[str, AssetKey], context: AssetCheckExecutionContext
) -> dict[str, list[Rule]]:
    """The rules whose checks the run selects."""
    selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    chosen = {table: [rule for rule in rules if (keys[table], rule.name) in selected] for table, rules in suites.items()}
    return {table: rules for table, rules in chosen.items() if rules}


def _validated(
    context: AssetCheckExecutionContext, database: Path, schema: str, suites: Mapping[str, Sequence[Rule]],
    keys: Mapping[str, AssetKey], settings: Settings, *, title: str,
    details: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[AssetCheckResult]:  # fmt: skip
    if not suites:
        return
    # Imported here: it takes more than a second, and only runs need it.
    with much_to_import():
        from outreach.quality.expectations import keep_newest, validate

    docs = settings.data_docs / context.run.run_id / title
    verdicts = validate(database, schema, suites, docs, context.run.run_id, title=title)
    keep_newest(settings.data_docs)
    for (table, name), verdict in verdicts.items():
        yield AssetCheckResult(
            asset_key=keys[table],
            check_name=name,
            passed=verdict.holds,
            severity=AssetCheckSeverity.WARN if verdict.is_warning else AssetCheckSeverity.ERROR,
            description=". ".join(filter(None, ["; ".join(verdict.failed), details.get(table, {}).get(name)])) if verdict.failed else None,
            metadata={
                "unexpected rows": verdict.unexpected_rows,
                "Data Docs": MetadataValue.url(settings.page_url(verdict.page)),
                "page": MetadataValue.path(verdict.page),
            },
        )
