"""What has gone out of line, in words: for the page, the end of a build, Dagster, and a webhook."""

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

# Seconds that a webhook may take to answer.
PATIENCE = 10

# With the name of the campaign or template that an alert is about, if it has one.
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
        campaign_id: of a campaign's.
        template_id: of a template's.
        observed: the rate of the day and the one before, or the day's cost.
        expected: the same of the 28 days before; None for a silence.
        name: of the campaign or template, if it is about one.
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
        """What it is about, as one text that no other alert has."""
        return json.dumps([self.account_id, str(self.date_day), self.kind, self.level, self.campaign_id, self.template_id])

    @property
    def sentence(self) -> str:
        """What has happened, for who knows the account."""
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
        """Where the page shows it, to who may see the account.

        Args:
            page: the page's own address.
        """
        view = "calling" if self.kind == "no_calls" else "messaging"
        chosen = {"account": self.account_id, "view": view, "start": self.date_day, "end": self.date_day}
        of_campaign = {name: value for name, value in (("campaign", self.campaign_id), ("template", self.template_id)) if value}
        return f"{page.rstrip('/')}/?{urlencode(chosen | of_campaign)}"


def alerts_of_newest_day(db: duckdb.DuckDBPyConnection) -> list[Alert]:
    """The alerts of the newest day that has any.

    Args:
        db: the warehouse or the published file, the database in use.
    """
    query = f"""
        select account_id, date_day, kind, level, campaign_id, template_id, observed, expected, name
        from ({NAMED_ALERTS})
        where date_day = (select max(date_day) from marts.alerts)
        order by account_id, kind, level, campaign_id, template_id
    """
    return [Alert(*row) for row in db.execute(query).fetchall()]


def tell(webhook: str, alerts: Iterable[Alert], page: str) -> None:
    """Sends alerts to a webhook, one message for all of them, in the form that Slack's incoming webhooks and their like take.

    Args:
        webhook: the address that is sent to. It is a secret: whoever knows it can write there.
        alerts: what is told.
        page: the Reporting page's address.

    Raises:
        OSError: the webhook cannot be reached, or does not take the message.
    """
    lines = [f"{alert.account_id}: {alert.sentence} {alert.link(page)}" for alert in alerts]
    request = Request(webhook, json.dumps({"text": "\n".join(lines)}).encode(), {"Content-Type": "application/json"})
    urlopen(request, timeout=PATIENCE).close()
