"""A local Superset: prepares it, imports the bundle, and restricts each viewer to their accounts."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from bi.superset import bundle
from outreach.settings import HOST

ADMIN = "admin"
RULE = "A viewer sees the account of their name, and those below it"
VIEWER = "Reporting viewer"

# Seconds to wait for start-up; imports alone take ten.
PATIENCE = 180


class SupersetError(Exception):
    """Superset cannot be started or queried. The message is one sentence that says why."""


class Superset:
    """Superset in its own environment and folder.

    Args:
        environment: its virtual environment.
        home: the folder for its database, its secret key and its users' passwords.
        port: on loopback.
    """

    def __init__(self, environment: Path, home: Path, port: int) -> None:
        self.environment, self.home = environment, home
        self.address = f"{HOST}:{port}"
        self.url = f"http://{self.address}"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._variables = os.environ | {
            "SUPERSET_CONFIG_PATH": str(Path(__file__).with_name("config.py")), "SUPERSET_HOME": str(home),
            "SUPERSET_SECRET_KEY": self.secret("key"), "FLASK_APP": "superset.app:create_app()",
        }  # fmt: skip

    def secret(self, name: str) -> str:
        """A secret, generated once and kept in a file that only its owner can read.

        Args:
            name: of the secret.
        """
        file = self.home / f"{quote(name, safe='')}.secret"
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    def prepare(self, say: Callable[[str], None]) -> None:
        """Creates Superset's own database and administrator, or migrates them to this version.

        Args:
            say: called with progress.

        Raises:
            SupersetError: one of Superset's set-up steps fails.
        """
        # Read from the lock file, since Superset's own command takes ten seconds to print its version.
        version = Path(__file__).with_name("requirements.txt").read_text()
        done = self.home / "prepared"
        if done.exists() and done.read_text() == version:
            return
        say("Preparing Superset, which takes a minute")
        self._superset("db", "upgrade")
        self._superset("init")
        names = ["--username", ADMIN, "--firstname", "Reporting", "--lastname", "Administrator", "--email", "admin@localhost"]
        self._superset("fab", "create-admin", *names, "--password", self.secret(ADMIN))
        done.write_text(version)

    def _superset(self, *arguments: str) -> str:
        command = [str(self.environment / "bin/superset"), *arguments]
        run = subprocess.run(command, env=self._variables, capture_output=True, text=True)
        if run.returncode:
            lines = (run.stderr or run.stdout).strip().splitlines()
            raise SupersetError(f"superset {' '.join(arguments[:2])} failed: {lines[-1] if lines else f'exit code {run.returncode}'}")
        return run.stdout

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Serves until the block ends.

        Raises:
            SupersetError: it does not start in time.
        """
        command = [str(self.environment / "bin/gunicorn"), "--worker-class", "gthread", "--threads", "8", "--timeout", "120",
                   "--bind", self.address, "--log-level", "warning", "superset.app:create_app()"]  # fmt: skip
        log = self.home / "log"
        with open(log, "wb") as output:
            server = subprocess.Popen(command, env=self._variables, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + PATIENCE
            while not self._is_up():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SupersetError(f"Superset does not start; {log} says why")
                time.sleep(0.5)
            yield server
        finally:
            server.terminate()
            server.wait()

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def signed_in(self, user: str) -> Api:
        """The API, signed in as a user.

        Args:
            user: a user whose password is in this folder.
        """
        return Api(self.url, user, self.secret(user))

    def bring(self, published: Path, viewers: list[str]) -> None:
        """Imports the bundle, and restricts everyone but the administrator to their own accounts.

        Args:
            published: the published file.
            viewers: account ids. Each becomes a user who sees that account and those below it.

        Raises:
            SupersetError: Superset refuses a request.
        """
        api = self.signed_in(ADMIN)
        file = self.home / "outreach.zip"
        bundle.write(file, published, kind="assets")
        with open(file, "rb") as archive:
            api.post("/api/v1/assets/import/", files={"bundle": (file.name, archive, "application/zip")}, data={"passwords": "{}"})
        datasets = {row["table_name"]: row["id"] for row in api.all("/api/v1/dataset/")}
        roles = {row["name"]: row["id"] for row in api.all("/api/v1/security/roles/")}
        # A base rule: it applies to every role except those it lists.
        rule = {
            "name": RULE, "filter_type": "Base", "tables": sorted(datasets.values()), "roles": [roles["Admin"]], "group_key": "account",
            "clause": bundle.ROW_LEVEL_SECURITY,
        }  # fmt: skip
        api.put_or_post("/api/v1/rowlevelsecurity/", rule)
        if VIEWER not in roles:
            roles[VIEWER] = api.post("/api/v1/security/roles/", json={"name": VIEWER})["id"]
        # Access to these datasets only, not to the database: the rule covers only them.
        access = [
            row["id"] for row in api.all("/api/v1/security/permissions-resources/")
            if row["permission"]["name"] == "datasource_access" and row["view_menu"]["name"].startswith(f"[{bundle.DATABASE}].")
        ]  # fmt: skip
        api.post(f"/api/v1/security/roles/{roles[VIEWER]}/permissions", json={"permission_view_menu_ids": access})
        users = {row["username"] for row in api.all("/api/v1/security/users/")}
        for viewer in viewers:
            if viewer not in users:
                api.post("/api/v1/security/users/", json={
                    "username": viewer, "first_name": viewer[:64], "last_name": "Viewer",
                    "email": f"{secrets.token_hex(8)}@localhost", "active": True, "password": self.secret(viewer),
                    "roles": [roles["Gamma"], roles[VIEWER]],
                })  # fmt: skip


class Api:
    """Superset's REST API with a signed-in user.

    Args:
        url: of the server.
        user, password: the credentials.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self._session = url, requests.Session()
        token = self.post("/api/v1/security/login", json={"username": user, "password": password, "provider": "db"})["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["X-CSRFToken"] = self.get("/api/v1/security/csrf_token/")["result"]
        self._session.headers["Referer"] = url

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("get", path)

    def post(self, path: str, **content: Any) -> dict[str, Any]:
        return self._ask("post", path, **content)

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every row of a list, over all its pages."""
        rows: list[dict[str, Any]] = []
        while page := self.get(f"{path}?q=(page:{len(rows) // 100},page_size:100)")["result"]:
            rows += page
            if len(page) < 100:
                break
        return rows

    def put_or_post(self, path: str, content: dict[str, Any]) -> None:
        """Updates the item with the same name, or adds it."""
        found = [row["id"] for row in self.all(path) if row["name"] == content["name"]]
        if found:
            self._ask("put", f"{path}{found[0]}", json=content)
        else:
            self.post(path, json=content)

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        answer = self._session.request(method, f"{self.url}{path}", timeout=PATIENCE, **content)
        if not answer.ok:
            raise SupersetError(f"Superset refuses {method.upper()} {path} ({answer.status_code}): {answer.text[:500]}")
        found: dict[str, Any] = answer.json()
        return found
