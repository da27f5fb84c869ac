"""`make dagster`: serves Dagster's UI for the project, and the pages its runs have written."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from orchestration.instance import own_instance, prepare_home
from outreach.settings import DAGSTER_PORT, FILES_PORT, HOST, PROJECT, Settings, keep_private

DEFINITIONS = ("--module-name", "orchestration.definitions", "--log-level", "warning", "--code-server-log-level", "warning")


class Pages(SimpleHTTPRequestHandler):
    """Serves files without a log line for each."""

    def log_message(self, *arguments: object) -> None:
        """Logs nothing."""


def pages_in(folder: Path) -> partial[Pages]:
    """A request handler that serves a folder's files.

    Args:
        folder: the folder.
    """
    return partial(Pages, directory=str(folder))


def main() -> int:
    """Serves until it is stopped, and returns the process's exit code."""
    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    for port in (DAGSTER_PORT, FILES_PORT):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                print(f"Port {port} of {HOST} is taken: is `make dagster` running already?", file=sys.stderr)
                return 2
    prepare_home(settings)
    # Creates Dagster's databases, before webserver and daemon both do.
    own_instance(settings).dispose()
    pages = settings.home / "pages"
    pages.mkdir(exist_ok=True)
    server = ThreadingHTTPServer((HOST, FILES_PORT), pages_in(pages))
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"Dagster: http://{HOST}:{DAGSTER_PORT}\nData Docs and documentation of its runs: http://{HOST}:{FILES_PORT}", flush=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    # The daemon runs schedules and sensors, and starts queued runs.
    daemon = subprocess.Popen([_command("dagster-daemon"), "run", *DEFINITIONS])
    webserver = [_command("dagster-webserver"), "--host", HOST, "--port", str(DAGSTER_PORT), "--dagster-log-level", "warning", *DEFINITIONS]
    try:
        return subprocess.run(webserver).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        daemon.terminate()
        daemon.wait()


def _command(name: str) -> str:
    """The path of a command in this environment."""
    return str(Path(sys.executable).with_name(name))


if __name__ == "__main__":
    sys.exit(main())
