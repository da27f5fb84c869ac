"""An existing Metabase, through its REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from bi.metabase import content

# Seconds to wait for an answer: Metabase opens a new database before it replies.
PATIENCE = 60


class MetabaseError(Exception):
    """Metabase cannot be reached, or refuses a request. The message is one sentence and never contains the key."""


class Metabase:
    """A Metabase server, called with an administrator's key.

    Args:
        url: of the server.
        key: an API key from the group *Administrators*.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url, self._session = url.rstrip("/"), requests.Session()
        self._session.headers["x-api-key"] = key

    def bring(self, file: str, account: str, say: Callable[[str], None]) -> str:
        """Creates the database, the collection, the questions and the dashboard, or updates those that already have these names.

        Args:
            file: the path of the published file on Metabase's machine.
            account: the account shown until another is chosen.
            say: called with progress.

        Returns:
            The dashboard's address.

        Raises:
            MetabaseError: Metabase cannot be reached, or refuses a request.
        """
        databases = {row["name"]: row["id"] for row in self._ask("get", "/api/database/")["data"]}
        database = self._put_or_post("/api/database/", databases.get(content.TITLE), {
            "name": content.TITLE, "engine": "duckdb", "details": {"database_file": file, "read_only": True, "old_implicit_casting": False},
            "is_full_sync": True, "is_on_demand": False, "connection_source": "admin",
        })  # fmt: skip
        collections = {row["name"]: row["id"] for row in self._ask("get", "/api/collection/") if row["id"] != "root"}
        collection = collections.get(content.TITLE)
        if collection is None:
            collection = self._put_or_post("/api/collection/", None, {"name": content.TITLE})
        held = {(row["model"], row["name"]): row["id"] for row in self._ask("get", f"/api/collection/{collection}/items")["data"]}
        questions = content.questions()
        cards = {}
        for place, question in enumerate(questions, start=1):
            card = question.card(database, collection, account)
            cards[question.name] = self._put_or_post("/api/card/", held.get(("card", question.name)), card)
            if place % 10 == 0 or place == len(questions):
                say(f"{place} of {len(questions)} questions")
        dashboard = held.get(("dashboard", content.TITLE))
        if dashboard is None:
            dashboard = self._put_or_post("/api/dashboard/", None, {"name": content.TITLE, "collection_id": collection})
        self._put_or_post("/api/dashboard/", dashboard, content.dashboard(cards, account))
        return f"{self.url}/dashboard/{dashboard}"

    def _put_or_post(self, path: str, held: int | None, what: dict[str, Any]) -> int:
        """Updates the item with this id, or adds it. Returns its id."""
        answer = self._ask("post", path, what) if held is None else self._ask("put", f"{path}{held}", what)
        found: int = answer["id"]
        return found

    def _ask(self, method: str, path: str, what: dict[str, Any] | None = None) -> Any:
        try:
            answer = self._session.request(method, f"{self.url}{path}", json=what, timeout=PATIENCE)
        except requests.RequestException as error:
            raise MetabaseError(f"Metabase cannot be reached at {self.url}: {type(error).__name__}") from None
        if answer.status_code in (401, 403):
            raise MetabaseError("Metabase refuses the key in METABASE_API_KEY: expected one of the group Administrators")
        if not answer.ok:
            raise MetabaseError(f"Metabase refuses {method.upper()} {path} ({answer.status_code}): {answer.text[:500]}")
        return answer.json()
