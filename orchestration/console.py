"""What a run prints: a line per step and per object built, and every failed check in its own words."""

import logging
import sys
from collections import Counter

from dagster import AssetCheckEvaluation, AssetCheckSeverity, DagsterEvent, DagsterEventType, InitLoggerContext, logger
from rich.console import Console
from rich.markup import escape

CONSOLE = Console(file=sys.stderr, highlight=False, soft_wrap=True)

STEPS = {
    "ingestion": "Ingestion",
    "landing_days": "Ingest days to take in again",
    "landing_checks": "Landing checks",
    "dbt_build": "dbt build",
    "mart_checks": "Mart checks",
    "published_file": "Publication",
}


class RunLines(logging.Handler):
    """Turns a run's events into lines."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.checks: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Prints the part of an event or message that a person wants to see."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None:
            self._emit_event(event)
        elif record.levelno >= logging.WARNING:
            message = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
            # Steps skipped because an earlier one failed have their own line.
            if not message.startswith("Dependencies for step"):
                self.console.print(f"  [yellow]{escape(message)}[/]")

    def _emit_event(self, event: DagsterEvent) -> None:
        step = STEPS.get(event.step_key or "", event.step_key)
        if event.event_type == DagsterEventType.STEP_START:
            self.checks.clear()
            self.console.print(f"[bold]{step}[/]")
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
            materialization = event.step_materialization_data.materialization
            if materialization.partition is not None:
                # Landed days are observed, not built.
                return
            seconds = materialization.metadata.get("Execution Duration")
            took = f"  [dim]{seconds.value:.2f} s[/]" if seconds else ""
            self.console.print(f"  built {escape('.'.join(materialization.asset_key.path)):<44}{took}")
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            self._emit_check(event.asset_check_evaluation_data)
        elif event.event_type == DagsterEventType.STEP_SUCCESS:
            counts = ", ".join(f"{count} checks {result}" for result, count in sorted(self.checks.items()))
            took_seconds = event.step_success_data.duration_ms / 1000
            self.console.print(f"[green]✓[/] {step}: {counts or 'done'}  [dim]{took_seconds:.1f} s[/]")
        elif event.event_type in (DagsterEventType.STEP_FAILURE, DagsterEventType.STEP_UP_FOR_RETRY):
            error = getattr(event.event_specific_data, "error", None)
            while error is not None and error.cause is not None:
                error = error.cause
            if event.event_type == DagsterEventType.STEP_FAILURE:
                self.console.print(f"[bold red]✗ {step} failed[/]\n  {escape(error.message.strip()) if error else ''}")
        elif event.event_type == DagsterEventType.STEP_SKIPPED:
            self.console.print(f"[dim]– {step} skipped[/]")

    def _emit_check(self, check: AssetCheckEvaluation) -> None:
        if check.passed:
            self.checks["hold"] += 1
            return
        is_warning = check.severity == AssetCheckSeverity.WARN
        self.checks["warn" if is_warning else "fail"] += 1
        failed_rows = check.metadata.get("dagster_dbt/failed_row_count")
        words = check.description or (f"{failed_rows.value:,} rows found" if failed_rows else "")
        mark = "[yellow]WARN[/]" if is_warning else "[bold red]FAIL[/]"
        self.console.print(f"  {mark} {escape('.'.join(check.asset_key.path))} {escape(check.check_name)}: {escape(words)}")


@logger
def run_lines(context: InitLoggerContext) -> logging.Logger:
    """Prints a line per step and per object built, and every failed check in its own words."""
    lines = logging.Logger("run")
    lines.addHandler(RunLines(CONSOLE))
    return lines
