"""dbt kept ready: a process that imports it and reads the project while others still work, and then forks for each command.

Half of what dbt takes for a small build is imports and reading the project. What runs is dbt itself, and its command where this process
is not there.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from outreach.importing import much_to_import
from outreach.settings import PROJECT, variable
from outreach.turns import turn
from outreach.warehouse.manifest import DBT, is_parsed

# Commands that need nothing of the project's files but the manifest.
BUILDING = {"build", "compile", "run", "seed", "test"}

# Takes dbt's arguments, has the process run them with its own output, passes signals on, and ends with dbt's exit code.
CLIENT = """\
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
try:
    server.connect({address!r})
except OSError:
    os.execv({dbt!r}, [{dbt!r}, *sys.argv[1:]])
command = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(command).to_bytes(4, "big")], [1, 2])
server.sendall(command)
process = int.from_bytes(server.recv(4), "big")
if process:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os.kill(process, number))
answer = server.recv(1)
sys.exit(answer[0] if answer else 1)
"""


class DbtProcess:
    """The process, and the executable that reaches it. It ends with the process that has started it."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="outreach-dbt-")
        address = Path(self._folder.name) / "socket"
        self.executable = Path(self._folder.name) / "dbt"
        client = Path(self._folder.name) / "client.py"
        client.write_text(CLIENT.format(address=str(address), dbt=str(DBT)))
        # Not a line that names Python itself: such a line ends at a blank, and a path may hold one.
        self.executable.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {shlex.quote(str(client))} "$@"\n')
        self.executable.chmod(0o700)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(address))
        listening.listen()
        # Its input ends with this process. dbt leaves semaphores behind, of which Python would warn.
        command = [sys.executable, "-W", "ignore::UserWarning", "-m", __name__, str(listening.fileno())]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, pass_fds=[listening.fileno()])
        listening.close()

    def close(self) -> None:
        """Ends the process. What it has started goes on."""
        # Not by SIGTERM, which it ignores if whoever has started this process does.
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def _serve(listening: socket.socket) -> None:
    with much_to_import():
        import dbt.adapters.duckdb
        import dbt.cli.main
        import dbt.parser.manifest
        import dbt.task.build
        import dbt.task.compile  # noqa: F401

        # DuckDB imports them with the first Python function that a query calls.
        import pandas  # noqa: F401
        import pyarrow  # noqa: F401

        manifest = _manifest()
    # Who has asked for a fork waits for it, and nobody else. An interrupt is meant for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    macros = iter(manifest.macros.values() if manifest else ())
    while True:
        _compile_until_asked(macros, listening)
        connection, _ = listening.accept()
        with closing(connection):
            size, outputs, _, _ = socket.recv_fds(connection, 4, 2)
            arguments, folder, environment = json.loads(_receive(connection, int.from_bytes(size, "big")))
            if os.fork() == 0:
                connection.sendall(os.getpid().to_bytes(4, "big"))
                Thread(target=_end_with, args=[connection], daemon=True).start()
                code = 1
                try:
                    code = _run(arguments, folder, environment, outputs, manifest if Path(folder) == PROJECT else None)
                finally:
                    connection.sendall(bytes([code]))
                    os._exit(code)
            for output in outputs:
                os.close(output)


def _compile_until_asked(macros: Iterator[Any], listening: socket.socket) -> None:
    """Compiles macros as long as nobody asks for a command. dbt would compile those that it calls anew in each fork, a tenth of a build."""
    from dbt_common.clients.jinja import template_cache

    while not select.select([listening], [], [], 0)[0] and (macro := next(macros, None)):
        template_cache.get_node_template(macro)


def _end_with(connection: socket.socket) -> None:
    """Ends this process when who has asked for it is gone, as it would have ended itself."""
    connection.recv(1)
    os._exit(1)


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        received += connection.recv(size - len(received))
    return received


def _manifest() -> Any:
    """The project as dbt reads it; None where it cannot be read, so that each command says why."""
    from dbt.cli.main import dbtRunner

    target = PROJECT / variable("DBT_TARGET_PATH", "target")
    before = dict(os.environ)
    os.environ |= {"DBT_PROFILES_DIR": str(PROJECT / "profiles"), "DBT_TARGET_PATH": str(target)}
    with turn(target / "manifest.json", "dbt parse", waiting=lambda other: None):
        written = ["--no-write-json"] if is_parsed(target) else []
        parsed = dbtRunner().invoke(["--log-level", "none", "--log-level-file", "none", *written, "parse"])
    _set(PROJECT, before)
    return parsed.result if parsed.success else None


def _set(folder: Path | str, environment: Mapping[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def _run(arguments: list[str], folder: str, environment: Mapping[str, str], outputs: list[int], manifest: Any) -> int:
    for stream, output in enumerate(outputs, start=1):
        os.dup2(output, stream)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A command lives for seconds, and what it leaves goes with it: collecting its garbage took a twelfth of the time.
    gc.disable()
    _set(folder, environment)
    # The project's own modules, which may be another project's than this one's.
    sys.path.insert(0, folder)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("orchestration", "outreach")]:
        del sys.modules[name]
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import cli, dbtRunner

    try:
        if manifest is not None and BUILDING & set(arguments) and "--target" not in arguments:
            return 0 if dbtRunner(manifest=manifest).invoke(arguments).success else 1
        cli(args=arguments, prog_name="dbt")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        # What an interpreter that ends does by itself, and a fork does not.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    if os.fork() == 0:
        # Ends the process, when who has started it is gone.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdin.read()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    _serve(socket.socket(fileno=int(sys.argv[1])))
