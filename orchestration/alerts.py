"""Sends alerts to the webhook named by OUTREACH_ALERT_WEBHOOK, if it is set."""

import json
from urllib.parse import urlsplit

from dagster import DefaultSensorStatus, SensorEvaluationContext, SensorResult, SkipReason, sensor

from outreach.alerts import alerts_of_newest_day, tell
from outreach.settings import DASHBOARD_PORT, HOST, Settings, variable
from outreach.warehouse.connection import opened


@sensor(minimum_interval_seconds=60, default_status=DefaultSensorStatus.STOPPED)
def tell_alerts(context: SensorEvaluationContext) -> SensorResult | SkipReason:
    """Sends each alert of the published file's newest day to the webhook, once. The next tick retries one that was not accepted."""
    webhook = variable("OUTREACH_ALERT_WEBHOOK", "")
    if not webhook:
        return SkipReason("OUTREACH_ALERT_WEBHOOK is not set.")
    published = Settings.from_environment().published
    if not published.exists():
        return SkipReason("Nothing is published yet.")
    # Only of the newest day: no other is looked at.
    told = json.loads(context.cursor or "[]")
    with opened(published) as db:
        alerts = alerts_of_newest_day(db)
    new = [alert for alert in alerts if alert.key not in told]
    if not new:
        return SkipReason("Every alert has been sent.")
    try:
        tell(webhook, new, variable("OUTREACH_PAGE_URL", f"http://{HOST}:{DASHBOARD_PORT}"))
    except OSError as error:
        # Without the webhook's path, which is secret.
        return SkipReason(f"{urlsplit(webhook).hostname} did not accept the alerts ({error}); {len(new)} wait for the next tick.")
    context.log.info(f"Sent {len(new)} alerts.")
    return SensorResult(run_requests=[], cursor=json.dumps([alert.key for alert in alerts]))
