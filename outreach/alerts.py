"""Alerts in words, for the page, the end of a build, Dagster and a webhook."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import duckdb

from outreach.kpis.entries import kpi
from outreach.kpis.units import figure

SILENCES = {"no_messages": "No message was sent or received", "no_calls": "No call was dialed"}

# Seconds to wait for a webhook's answer.
PATIENCE = 10

# The alerts with the name of their campaign or template, if they have one.
NAMED_ALERTS = """
    select
        alerts.*,
        coalesce(campaign_name, campaign_id, template_name, template_id) as name
    from marts.alerts
    left join marts.dim_campaigns using (account_id, campaign_id)
    left join marts.dim_message_templates using (account_id, template_id)
"""


@dataclass(frozen=True)
class Alert:
    """One row of `marts.alerts`.

    Args:
        account_id: the account.
        date_day: the day.
        kind: the KPI, a silence, or a doubled cost.
        level: `account`, `campaign` or `template`.
        campaign_id: the campaign, at its level.
        template_id: the template, at its level.
        observed: the rate over the day and the day before, or the day's cost.
        expected: the same over the previous 28 days; None for a silence.
        name: the name of the campaign or template, if it concerns one.
    """

    account_id: str
    date_day: date
    kind: str
    level: str
    campaign_id: str | None
    template_id: str | None
    observed: float
    expected: float | None
    name: str | None

    @property
    def key(self) -> str:
        """A text that identifies the alert."""
        return json.dumps([self.account_id, str(self.date_day), self.kind, self.level, self.campaign_id, self.template_id])

    @property
    def sentence(self) -> str:
        """What happened, for a reader who knows the account."""
        day = f"{self.date_day.day} {self.date_day:%b %Y}"
        if self.kind in SILENCES:
            return f"{SILENCES[self.kind]} on {day}, after 28 days with some each."
        unit = "money" if self.kind == "cost_doubled" else "rate"
        observed, expected = figure(self.observed, unit), figure(self.expected, unit)
        if self.kind == "cost_doubled":
            return f"Messages and calls cost {observed} on {day}, against {expected} a day in the 28 days before."
        about = f" of {self.name}" if self.name else ""
        return f"{kpi(self.kind).title}{about}: {observed} on {day} and the day before, against {expected} in the 28 days before."

    def link(self, page: str) -> str:
        """The link to it on the page, for viewers who may see the account.

        Args:
            page: the page's address.
        """
        view = "calling" if self.kind == "no_calls" else "messaging"
        chosen = {"account": self.account_id, "view": view, "start": self.date_day, "end": self.date_day}
        of_campaign = {name: value for name, value in (("campaign", self.campaign_id), ("template", self.template_id)) if value}
        return f"{page.rstrip('/')}/?{urlencode(chosen | of_campaign)}"


def alerts_of_newest_day(db: duckdb.DuckDBPyConnection) -> list[Alert]:
    """The alerts of the newest day with any.

    Args:
        db: a connection that uses the warehouse or the published file.
    """
    query = f"""
        select account_id, date_day, kind, level, campaign_id, template_id, observed, expected, name
        from ({NAMED_ALERTS})
        where date_day = (select max(date_day) from marts.alerts)
        order by account_id, kind, level, campaign_id, template_id
    """
    return [Alert(*row) for row in db.execute(query).fetchall()]


def tell(webhook: str, alerts: Iterable[Alert], page: str) -> None:
    """Sends alerts to a webhook in one message, in the format of Slack's incoming webhooks.

    Args:
        webhook: the webhook's address. It is secret: whoever knows it can post there.
        alerts: the alerts.
        page: the Reporting page's address.

    Raises:
        OSError: the webhook cannot be reached, or rejects the message.
    """
    lines = [f"{alert.account_id}: {alert.sentence} {alert.link(page)}" for alert in alerts]
    request = Request(webhook, json.dumps({"text": "\n".join(lines)}).encode(), {"Content-Type": "application/json"})
    urlopen(request, timeout=PATIENCE).close()
