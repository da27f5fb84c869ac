"""The report functions, restricted to the accounts that `account_access` grants a viewer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import streamlit as st

from dashboard.publication import Publication
from outreach import zones
from outreach.alerts import NAMED_ALERTS, Alert
from outreach.kpis.entries import needed, of_view

Row = dict[str, Any]

# The entities to filter by, and the marts with their names.
DIMENSIONS = {"campaign": "dim_campaigns", "template": "dim_message_templates"}


class NoAccess(Exception):
    """The viewer may not see the account, or it does not exist. The error does not reveal which."""


def unique_names(rows: Iterable[Row], entity: str) -> dict[str, str]:
    """A distinct name for each: the id is appended to a name that several share, and replaces a missing one.

    Args:
        rows: with `<entity>_id` and `<entity>_name`.
        entity: `account`, `campaign` or `template`.
    """
    names = {row[f"{entity}_id"]: row[f"{entity}_name"] or row[f"{entity}_id"] for row in rows}
    often = Counter(names.values())
    return {key: name if often[name] == 1 else f"{name} ({key})" for key, name in names.items()}


@dataclass(frozen=True)
class Account:
    """An account that the viewer may see.

    Args:
        account_id: the account.
        name: the name to show, unique among the viewer's accounts.
        timezone: the timezone of its days.
        today: the current day there.
        depth: its depth below the viewer's own account.
    """

    account_id: str
    name: str
    timezone: str
    today: date
    depth: int

    @property
    def label(self) -> str:
        """Its name, indented by its depth."""
        return "\N{EM SPACE}" * self.depth + self.name


@dataclass(frozen=True)
class Filters:
    """The selection of a report.

    Args:
        account: the account.
        start, end: first and last day, in the account's timezone.
        campaign, template: only this one; None for all.
    """

    account: str
    start: date
    end: date
    campaign: str | None = None
    template: str | None = None


def accounts_of_email(publication: Publication, email: str) -> tuple[str, ...]:
    """The accounts that have a user with this email address.

    Args:
        publication: holds the users, by the hash of their address.
        email: the address.
    """
    digest = sha256(email.strip().lower().encode()).hexdigest()
    rows = publication.ask("select distinct account_id from marts.dim_users where email_sha256 = $1 order by all", [digest])
    return tuple(row["account_id"] for row in rows)


@dataclass(frozen=True)
class Reports:
    """One publication's reports, for one viewer.

    Args:
        publication: the publication.
        viewers: the accounts the viewer belongs to.
    """

    publication: Publication
    viewers: tuple[str, ...]

    def accounts(self) -> list[Account]:
        """The accounts the viewer may see: the viewer's own, then every account below it, each under its parent, by name."""
        rows = self.publication.ask(
            """
            select
                account_id,
                account_name,
                parent_account_id,
                timezone
            from marts.dim_accounts
            where account_id in (select account_id from marts.account_access where list_contains($1, viewer_account_id))
            order by lower(account_name), account_id
            """,
            [list(self.viewers)],
        )
        names = unique_names(rows, "account")
        below = defaultdict(list)
        for row in rows:
            below[row["parent_account_id"] if row["parent_account_id"] in names else None].append(row)

        def tree(parent: str | None, depth: int) -> list[Account]:
            found = []
            for row in below[parent]:
                found.append(Account(row["account_id"], names[row["account_id"]], row["timezone"], zones.today(row["timezone"]), depth))
                found += tree(row["account_id"], depth + 1)
            return found

        return tree(None, 0)

    def busiest(self, accounts: Iterable[str]) -> str:
        """The account with the most messages and calls.

        Args:
            accounts: the ids to choose from.
        """
        activity = _activity(self.publication.identity, self.publication)
        return max(accounts, key=lambda account: activity.get(account, 0))

    def local_time(self, moment: datetime, timezone: str) -> datetime:
        """A moment in a timezone's local time. DuckDB converts it, since this machine may not know the timezone."""
        (row,) = self.publication.ask("select $1::timestamptz at time zone $2 as local_time", [moment, timezone])
        local_time: datetime = row["local_time"]
        return local_time

    def rows(self, function: str, filters: Filters) -> list[Row]:
        """The rows of a report function.

        Args:
            function: the function's name in `reports`.
            filters: its arguments.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(filters.account)
        return _answer(self.publication.identity, function, filters, _publication=self.publication)

    def row(self, function: str, filters: Filters) -> Row:
        """The row of a report function that always returns one. The arguments are those of `rows`."""
        (row,) = self.rows(function, filters)
        return row

    def active_days(self, account: str) -> tuple[date, date] | None:
        """The first and last day with activity in an account; None if there is none.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(account)
        (row,) = self.publication.ask(
            """
            select
                min(date_day) as first_day,
                max(date_day) as last_day
            from (
                select date_day from marts.messaging_activity where account_id = $1
                union all
                select date_day from marts.fct_calls where account_id = $1
            )
            """,
            [account],
        )
        return (row["first_day"], row["last_day"]) if row["first_day"] else None

    def alerts(self, filters: Filters) -> list[Alert]:
        """The alerts of the days, newest first.

        Args:
            filters: the account, the days, and a campaign or template to restrict them to.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(filters.account)
        rows = self.publication.ask(
            f"""
            select account_id, date_day, kind, level, campaign_id, template_id, observed, expected, name
            from ({NAMED_ALERTS})
            where
                account_id = $1
                and date_day between $2 and $3
                and ($4 is null or campaign_id = $4)
                and ($5 is null or template_id = $5)
            order by date_day desc, level, chance, kind, campaign_id, template_id
            """,
            [filters.account, filters.start, filters.end, filters.campaign, filters.template],
        )
        return [Alert(**row) for row in rows]

    def comparison(self, filters: Filters, template_a: str, template_b: str) -> list[Row]:
        """Each KPI of two templates, and whether the two differ measurably.

        Args:
            filters: the account, the days, and a campaign to restrict them to. A template does not apply.
            template_a: the first template.
            template_b: the second template.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(filters.account)
        arguments = [filters.account, filters.start, filters.end, filters.campaign, template_a, template_b]
        return self.publication.ask("from reports.compare_templates($1, $2, $3, $4, $5, $6)", arguments)

    def name(self, entity: str, account: str, entity_id: str) -> str | None:
        """The name of an account's campaign or template; None if the id is unknown or has no name.

        Args:
            entity: `campaign` or `template`.
            account: the account.
            entity_id: the id.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(account)
        sql = f"select {entity}_name as name from marts.{DIMENSIONS[entity]} where account_id = $1 and {entity}_id = $2"
        return next((row["name"] for row in self.publication.ask(sql, [account, entity_id])), None)

    def never_landed(self, view: str, account: str) -> set[str]:
        """The marts a view's KPIs need that hold no row of an account.

        Args:
            view: `messaging` or `calling`.
            account: the account.

        Raises:
            NoAccess: the account is not one of the viewer's.
        """
        self._check_access(account)
        marts = sorted({mart for kpi in of_view(view) if (mart := needed(kpi))})
        found = ", ".join(f"exists (select 1 from marts.{mart} where account_id = $1) as {mart}" for mart in marts)
        (has_rows,) = self.publication.ask(f"select {found}", [account])
        return {mart for mart in marts if not has_rows[mart]}

    def _check_access(self, account: str) -> None:
        sql = "select 1 from marts.account_access where account_id = $1 and list_contains($2, viewer_account_id) limit 1"
        if not self.publication.ask(sql, [account, list(self.viewers)]):
            raise NoAccess(account)


@st.cache_data(max_entries=2_000, show_spinner=False)
def _answer(identity: tuple[str, int, int], function: str, filters: Filters, _publication: Publication) -> list[Row]:
    applying = [name for name in DIMENSIONS if name in _parameters(identity, _publication)[function]]
    named = "".join(f", {name} := ${place}" for place, name in enumerate(applying, 4))
    arguments = [filters.account, filters.start, filters.end, *(getattr(filters, name) for name in applying)]
    return _publication.ask(f"from reports.{function}($1, $2, $3{named})", arguments)


@st.cache_data(max_entries=2, show_spinner=False)
def _activity(identity: tuple[str, int, int], _publication: Publication) -> dict[str, int]:
    """How many messages and calls each account has."""
    rows = _publication.ask("""
        select account_id, count(*) as things
        from (select account_id from marts.fct_messages union all select account_id from marts.fct_calls)
        group by account_id
    """)
    return {row["account_id"]: row["things"] for row in rows}


@st.cache_data(max_entries=2, show_spinner=False)
def _parameters(identity: tuple[str, int, int], _publication: Publication) -> dict[str, list[str]]:
    """The parameters of each report function. Cached, because the query scans every function DuckDB has."""
    rows = _publication.ask("select function_name, parameters from duckdb_functions() where schema_name = 'reports'")
    return {row["function_name"]: row["parameters"] for row in rows}
