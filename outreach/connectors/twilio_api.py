"""Extracts an account and its sub-accounts from Twilio's API, page by page, into raw tables in a folder.

The API can only be queried by the day of sending, and statuses, prices and segments settle later. Each run therefore asks for the last
days again and keeps every row it gets. The comparison with the landing zone finds what has changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.connectors.memory import landed_files
from outreach.connectors.raw_tables import RawTable, SourceError
from outreach.landing.files import LandingFile
from outreach.settings import Settings, variable
from outreach.turns import turn

if TYPE_CHECKING:
    import pyarrow
    from dlt import Pipeline
    from dlt.extract import DltSource
    from dlt.sources.helpers.rest_client import RESTClient
    from requests import Response

    # Runs a pipeline that extracts a source.
    Runner = Callable[[Pipeline, DltSource], None]

SOURCE = "twilio-api"
API = "https://api.twilio.com"
MESSAGING = "https://messaging.twilio.com"
PAGE_SIZE = 1000

# The API refuses older days.
OLDEST_DAYS = 400
TOO_OLD = 20004

ATTEMPTS = 8

# How many days to ask for again, since statuses and prices settle later.
LOOKBACK = 7


@dataclass(frozen=True)
class Credentials:
    """Credentials for the API.

    Args:
        account: the account's sid.
        user, password: for Basic authentication.
        is_key: whether they belong to an API key, which may not be allowed to list sub-accounts.
    """

    account: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    is_key: bool

    @classmethod
    def from_environment(cls) -> Credentials:
        """The credentials in the environment variables, under Twilio's names.

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


def run_pipeline(pipeline: Pipeline, source: DltSource) -> None:
    """Runs dlt's pipeline by itself.

    Args:
        pipeline: the pipeline.
        source: what it extracts.
    """
    pipeline.run(source)


@contextmanager
def extracted(
    tables: tuple[RawTable, ...], settings: Settings, since: date | None, lookback: int, say: Callable[[str], None],
    run: Runner,
) -> Iterator[tuple[str, list[str]]]:  # fmt: skip
    """Extracts the API's current answers into a folder of raw tables, and deletes it afterwards because it holds phone numbers.

    Args:
        tables: what to keep, by resource.
        settings: name the landing zone, which records the last run.
        since: the first day (UTC) of messages and calls; None to continue from the last run.
        lookback: how many days before the last run to ask for again.
        say: called with progress.
        run: runs dlt's pipeline.

    Yields:
        The folder, and what the user should know, one sentence each.

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
        # Remove what a killed run left behind.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            notes += extract(tables, folder, credentials, since, say, run)
            yield str(folder / "rows"), notes
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _own_files(settings: Settings) -> list[LandingFile]:
    return [file for file in landed_files(settings) if Path(file.path).name.startswith(f"{SOURCE}-")]


def extract(
    tables: tuple[RawTable, ...], folder: Path, credentials: Credentials, since: date, say: Callable[[str], None],
    run: Runner,
) -> list[str]:  # fmt: skip
    """Writes the API's answers to a folder per table.

    Args:
        tables: what to keep, by resource.
        folder: where to write; the rows go below `rows`.
        credentials: the account's credentials.
        since: the first day (UTC) of messages and calls.
        say: called with progress.
        run: runs dlt's pipeline.

    Returns:
        What the user should know, one sentence each.

    Raises:
        SourceError: the API cannot be read.
    """
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    # One resource after the other: messages and calls are requested for the accounts listed first.
    os.environ["EXTRACT__NEXT_ITEM_MODE"] = "fifo"
    # Imported here: it takes seconds, and only this source needs it.
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed
    from requests import RequestException

    api = _Api(credentials, since, say)
    kept = {table.name: table for table in tables}

    @dlt.source(name="twilio_api")
    def source() -> Iterator[Any]:
        for name, pages in (("accounts", api.accounts), ("services", api.services), ("messages", api.messages), ("calls", api.calls)):
            yield dlt.resource(_as_text(pages(), kept[name]), name=name, write_disposition="append", file_format="parquet")

    pipeline = dlt.pipeline(
        "twilio_api", pipelines_dir=str(folder / ".pipeline"), dataset_name="rows",
        destination=dlt.destinations.filesystem(bucket_url=str(folder)),
    )  # fmt: skip
    try:
        run(pipeline, source())
    except PipelineStepFailed as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, (SourceError, RequestException)):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, SourceError):
            raise cause from None
        # Shows neither dlt's message nor its cause, whose URLs may say more than a log should hold.
        what = type(cause or error).__name__
        raise SourceError(f"{api.url}: the API does not answer as expected ({what}), after {ATTEMPTS} attempts") from None
    return api.notes


class _Api:
    """The API's resources, each as pages of rows.

    Args:
        credentials: the account's credentials.
        since: the first day of messages and calls.
        say: called with progress.
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
        """The account and its sub-accounts."""
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
        """The account's messaging services. A sub-account's are visible only with its own credentials."""
        try:
            for page in self._client(self.messaging_url, "meta.next_page_url").paginate(
                "/v1/Services", params={"PageSize": 100}, data_selector="services", hooks=_hooks()
            ):
                yield list(page)
        except _Refused as refused:
            self.notes.append(f"Messaging services cannot be read ({refused.status}): campaigns have no names.")

    def messages(self) -> Iterator[list[dict[str, Any]]]:
        """Every message sent since then, of every account."""
        return self._of_accounts("Messages", "messages", "DateSent>")

    def calls(self) -> Iterator[list[dict[str, Any]]]:
        """Every call begun since then, of every account."""
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
        for page in client.paginate(path, params={"PageSize": PAGE_SIZE} | params, data_selector=selector, hooks=_hooks()):
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
    """The API refused a request.

    Args:
        status: the HTTP status.
        code: Twilio's error code; None if there is none.
    """

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"{status} {code or ''}".strip())
        self.status, self.code = status, code

    def sentence(self, account: str) -> str:
        """What it means for the main account, without which nothing can be read."""
        if self.status == 401:
            return f"Twilio does not accept the credentials of account {account} (401): see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        return f"Twilio refuses access to account {account} ({self.status}{f', code {self.code}' if self.code else ''})"


def _hooks() -> Any:
    return {"response": [_refuse, _parsed_once]}


def _refuse(response: Any, *_: Any, **__: Any) -> None:
    if 400 <= response.status_code < 500 and response.status_code != 429:
        try:
            code = response.json().get("code")
        except (ValueError, AttributeError):
            code = None
        raise _Refused(response.status_code, code)
    response.raise_for_status()


def _parsed_once(response: Response, *_: Any, **__: Any) -> Response:
    """The response as one that parses its JSON once: dlt asks for it twice, and `_is_cut_off` before."""
    page = _page()()
    page.__dict__ |= response.__dict__
    return page


@cache
def _page() -> type[Response]:
    from requests import Response

    class Page(Response):
        def json(self, **options: Any) -> Any:
            if not hasattr(self, "parsed"):
                self.parsed = super().json(**options)
            return self.parsed

    return Page


def _is_cut_off(response: Any, error: BaseException | None) -> bool:
    """Whether an answer is not complete JSON: a page that was cut off, and whose length does not show it."""
    if response is None or error is not None or response.status_code != 200:
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False


def _as_text(pages: Iterator[list[dict[str, Any]]], table: RawTable) -> Iterator[pyarrow.Table]:
    """The columns to keep, as text: one that is always null still exists, and a token in the answer is dropped."""
    import pyarrow

    names = [*table.read]
    extracted_at = datetime.now(UTC).replace(tzinfo=None).isoformat()
    for page in pages:
        columns = [_texts([extracted_at if name == "extracted_at" else row.get(name) for row in page]) for name in names]
        yield pyarrow.table(columns, names)


def _texts(values: list[Any]) -> pyarrow.Array:
    import pyarrow

    try:
        return pyarrow.array(values, pyarrow.string())
    except pyarrow.ArrowTypeError:
        return pyarrow.array([None if value is None else str(value) for value in values], pyarrow.string())
