"""What Twilio's API tells of an account and those below it, as raw tables in a folder, page by page.

The API can be asked by the day of sending alone, and statuses, prices and segments settle later: the same days are asked again, and every
row of the answer is kept. What has changed is found when it is compared with the landing zone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.connectors.raw_tables import RawTable, SourceError
from outreach.landing.files import LandingFile, list_files
from outreach.settings import Settings, variable
from outreach.turns import turn

if TYPE_CHECKING:
    import pyarrow
    from dlt.sources.helpers.rest_client import RESTClient

SOURCE = "twilio-api"
API = "https://api.twilio.com"
MESSAGING = "https://messaging.twilio.com"
PAGE_SIZE = 1000

# The API refuses to look further back.
OLDEST_DAYS = 400
TOO_OLD = 20004

ATTEMPTS = 8

# Days that are asked again: statuses and prices settle later.
LOOKBACK = 7


@dataclass(frozen=True)
class Credentials:
    """Who asks the API.

    Args:
        account: the sid of the account.
        user, password: of Basic authentication.
        is_key: whether they are an API key's, which may not be allowed to list sub-accounts.
    """

    account: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    is_key: bool

    @classmethod
    def from_environment(cls) -> Credentials:
        """The credentials that the environment's variables hold, as Twilio names them.

        Raises:
            SourceError: a variable is missing.
        """
        account, token, key, secret = (variable(f"TWILIO_{name}", "") for name in ("ACCOUNT_SID", "AUTH_TOKEN", "API_KEY", "API_SECRET"))
        if not account:
            raise SourceError("TWILIO_ACCOUNT_SID is not set: expected the sid of an account, AC…")
        if key and secret:
            return cls(account, key, secret, True)
        if not token:
            raise SourceError("TWILIO_AUTH_TOKEN is not set: expected it, or TWILIO_API_KEY and TWILIO_API_SECRET")
        return cls(account, account, token, False)


@contextmanager
def extracted(
    tables: tuple[RawTable, ...], settings: Settings, since: date | None, lookback: int, say: Callable[[str], None]
) -> Iterator[tuple[str, list[str]]]:
    """A folder of raw tables with what the API tells now. It is gone afterwards, as contacts' numbers stand in it.

    Args:
        tables: what is kept, by the name of the resource.
        settings: say where the landing zone is, which remembers the last run.
        since: the first day (UTC) of messages and calls; None to go on from the last run.
        lookback: days before the last run that are asked again.
        say: told of progress.

    Yields:
        The folder, and what people should know, a sentence each.

    Raises:
        SourceError: the API cannot be read, or a variable is missing.
    """
    credentials = Credentials.from_environment()
    notes = []
    if since is None:
        last = max((file.ingest_date for file in _own_files(settings) if file.ingest_date), default=None)
        since = (last or datetime.now(UTC).date()) - timedelta(days=lookback)
        if last is None:
            notes.append(f"Nothing has landed from {SOURCE} yet: messages and calls are read since {since}. --since reads further back.")
    folder = settings.raw / SOURCE
    with turn(
        folder, f"make ingest {SOURCE}", waiting=lambda other: say(f"Another process is reading {SOURCE} ({other}); waiting for it to end")
    ):
        # What a run that was killed has left goes first.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            notes += extract(tables, folder, credentials, since, say)
            yield str(folder / "rows"), notes
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _own_files(settings: Settings) -> list[LandingFile]:
    if not Path(settings.landing).is_dir():
        return []
    files = list_files(settings.landing, settings.landing_format)
    return [file for file in files if Path(file.path).name.startswith(f"{SOURCE}-")]


def extract(tables: tuple[RawTable, ...], folder: Path, credentials: Credentials, since: date, say: Callable[[str], None]) -> list[str]:
    """Writes what the API tells into a folder, a folder per table.

    Args:
        tables: what is kept, by the name of the resource.
        folder: where to write; its rows are below `rows`.
        credentials: whose account it is.
        since: the first day (UTC) of messages and calls.
        say: told of progress.

    Returns:
        What people should know of it, a sentence each.

    Raises:
        SourceError: the API cannot be read.
    """
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    # Imported here: it takes seconds, and no other source needs it.
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed
    from requests import RequestException

    api = _Api(credentials, since, say)
    kept = {table.name: table for table in tables}
    resources = [
        dlt.resource(_as_text(pages(), kept[name]), name=name, write_disposition="append", file_format="parquet")
        for name, pages in (("accounts", api.accounts), ("services", api.services), ("messages", api.messages), ("calls", api.calls))
    ]
    pipeline = dlt.pipeline(
        "twilio_api", pipelines_dir=str(folder / ".pipeline"), dataset_name="rows",
        destination=dlt.destinations.filesystem(bucket_url=str(folder)),
    )  # fmt: skip
    try:
        # In this order: messages and calls are asked of the accounts that came first.
        for resource in resources:
            pipeline.run(resource, loader_file_format="parquet")
    except PipelineStepFailed as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, (SourceError, RequestException)):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, SourceError):
            raise cause from None
        # Neither the message nor what caused it is shown: a URL may tell more than the log is to know.
        what = type(cause or error).__name__
        raise SourceError(f"{api.url}: the API does not answer as expected ({what}), after {ATTEMPTS} attempts") from None
    return api.notes


class _Api:
    """The resources, each as pages of rows.

    Args:
        credentials: who asks.
        since: the first day of messages and calls.
        say: told of progress.
    """

    def __init__(self, credentials: Credentials, since: date, say: Callable[[str], None]) -> None:
        self.credentials, self.since, self.say = credentials, since, say
        self.url = variable("TWILIO_API_URL", API).rstrip("/")
        self.messaging_url = self.url if self.url != API else MESSAGING
        self.notes: list[str] = []
        self.account_ids: list[str] = []
        oldest = datetime.now(UTC).date() - timedelta(days=OLDEST_DAYS)
        if since < oldest:
            self._clamp(oldest)

    def accounts(self) -> Iterator[list[dict[str, Any]]]:
        """The account and those below it."""
        own = self.credentials.account
        try:
            yield from self._listed("/2010-04-01/Accounts.json", "accounts", {}, self._remember_accounts)
        except _Refused as refused:
            if not self.credentials.is_key:
                raise SourceError(refused.sentence(own)) from None
            self.notes.append(f"The API key may not list accounts: only account {own} is read, without its sub-accounts.")
            row = {"sid": own}
            self._remember_accounts([row])
            yield [row]

    def _remember_accounts(self, rows: list[dict[str, Any]]) -> None:
        self.account_ids += [row["sid"] for row in rows if row.get("sid")]

    def services(self) -> Iterator[list[dict[str, Any]]]:
        """The account's messaging services. One of a sub-account is told to that one's own credentials alone."""
        try:
            for page in self._client(self.messaging_url, "meta.next_page_url").paginate(
                "/v1/Services", params={"PageSize": 100}, data_selector="services", hooks={"response": [_refuse]}
            ):
                yield list(page)
        except _Refused as refused:
            self.notes.append(f"Messaging services cannot be read ({refused.status}): campaigns have no names.")

    def messages(self) -> Iterator[list[dict[str, Any]]]:
        """Every message that was sent since, of every account."""
        return self._of_accounts("Messages", "messages", "DateSent>")

    def calls(self) -> Iterator[list[dict[str, Any]]]:
        """Every call that began since, of every account."""
        return self._of_accounts("Calls", "calls", "StartTime>")

    def _of_accounts(self, resource: str, name: str, day: str) -> Iterator[list[dict[str, Any]]]:
        for account in self.account_ids:
            path = f"/2010-04-01/Accounts/{account}/{resource}.json"
            rows = 0

            def count(page: list[dict[str, Any]], account: str = account) -> None:
                nonlocal rows
                rows += len(page)
                self.say(f"  {name} of {account}: {rows:,} rows")

            try:
                try:
                    yield from self._listed(path, name, {day: self.since.isoformat()}, count)
                except _Refused as refused:
                    if refused.code != TOO_OLD or rows:
                        raise
                    self._clamp(datetime.now(UTC).date() - timedelta(days=OLDEST_DAYS - 1))
                    yield from self._listed(path, name, {day: self.since.isoformat()}, count)
            except _Refused as refused:
                if account == self.credentials.account:
                    raise SourceError(refused.sentence(account)) from None
                self.notes.append(f"The {name} of account {account} cannot be read ({refused.status}) and are left out.")

    def _listed(
        self, path: str, selector: str, params: dict[str, Any], seen: Callable[[list[dict[str, Any]]], None]
    ) -> Iterator[list[dict[str, Any]]]:
        client = self._client(self.url, "next_page_uri")
        for page in client.paginate(path, params={"PageSize": PAGE_SIZE} | params, data_selector=selector, hooks={"response": [_refuse]}):
            rows = list(page)
            seen(rows)
            yield rows

    def _client(self, url: str, next_page: str) -> RESTClient:
        from dlt.sources.helpers.requests import Client
        from dlt.sources.helpers.rest_client import RESTClient
        from dlt.sources.helpers.rest_client.auth import HttpBasicAuth
        from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

        http = Client(raise_for_status=False, request_max_attempts=ATTEMPTS, retry_condition=_is_cut_off, request_max_retry_delay=60)
        return RESTClient(
            url, auth=HttpBasicAuth(self.credentials.user, self.credentials.password), paginator=JSONLinkPaginator(next_page),
            session=http.session,
        )  # fmt: skip

    def _clamp(self, oldest: date) -> None:
        self.since = oldest
        self.notes.append(f"The API goes back {OLDEST_DAYS} days and no further: messages and calls are read since {oldest}.")


class _Refused(Exception):
    """The API has answered, and said no.

    Args:
        status: of HTTP.
        code: Twilio's own, None without one.
    """

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"{status} {code or ''}".strip())
        self.status, self.code = status, code

    def sentence(self, account: str) -> str:
        """What it means, of an account without which there is nothing to read."""
        if self.status == 401:
            return f"Twilio does not accept the credentials of account {account} (401): see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        return f"Twilio refuses to tell of account {account} ({self.status}{f', code {self.code}' if self.code else ''})"


def _refuse(response: Any, *_: Any, **__: Any) -> None:
    if 400 <= response.status_code < 500 and response.status_code != 429:
        try:
            code = response.json().get("code")
        except (ValueError, AttributeError):
            code = None
        raise _Refused(response.status_code, code)
    response.raise_for_status()


def _is_cut_off(response: Any, error: BaseException | None) -> bool:
    """Whether an answer that should be JSON is none: a page that a broken connection has ended early."""
    if response is None or error is not None or response.status_code != 200:
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False


def _as_text(pages: Iterator[list[dict[str, Any]]], table: RawTable) -> Iterator[pyarrow.Table]:
    """The columns that are kept, each as text: one that is null throughout exists too, and a token in the answer goes no further."""
    import pyarrow

    names = [*table.read]
    schema = pyarrow.schema([(name, pyarrow.string()) for name in names])
    extracted_at = datetime.now(UTC).replace(tzinfo=None).isoformat()
    for page in pages:
        values = {name: [_text(row.get(name)) for row in page] for name in names}
        if "extracted_at" in values:
            values["extracted_at"] = [extracted_at] * len(page)
        yield pyarrow.table(values, schema=schema)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
