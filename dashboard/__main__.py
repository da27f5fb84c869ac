"""`make dashboard`: serves the Reporting page."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from dashboard.sign_in import SignInError, check_address, sign_in_providers
from outreach.settings import DASHBOARD_PORT, HOST, PROJECT, keep_private


def main() -> int:
    """Serves until it is stopped, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make dashboard", description="Serves the Reporting page over the published file.")
    parser.add_argument(
        "--address", default=HOST, help="address to listen on; other than loopback with sign-in alone (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=DASHBOARD_PORT, help="the port (default: %(default)s)")
    arguments = parser.parse_args()
    os.chdir(PROJECT)
    keep_private()
    try:
        providers = sign_in_providers()
        check_address(arguments.address, bool(providers))
    except SignInError as error:
        print(error, file=sys.stderr)
        return 2
    with socket.socket(socket.AF_INET6 if ":" in arguments.address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((arguments.address, arguments.port))
        except OSError as error:
            print(f"{arguments.address}:{arguments.port} cannot be listened on: {error.strerror}. Choose another --port.", file=sys.stderr)
            return 2
    options = [f"--server.address={arguments.address}", f"--server.port={arguments.port}"]
    if not providers:
        # Reject other host names, so that no site can point a browser here under its own name (DNS rebinding).
        options += [f"--server.allowedHosts={name}" for name in ("127.0.0.1", "localhost", "::1")]
    host = f"[{arguments.address}]" if ":" in arguments.address else arguments.address
    print(f"Reporting: http://{host}:{arguments.port}" + ("" if providers else "  (no sign-in: this machine only)"), flush=True)
    # A fresh process, because Streamlit reads its options once. Slow imports finish before the first viewer arrives.
    code = "import altair, duckdb, jinja2, pandas, yaml; from streamlit.web.cli import main; main()"
    os.execv(sys.executable, [sys.executable, "-c", code, "run", str(PROJECT / "dashboard/app.py"), *options])


if __name__ == "__main__":
    sys.exit(main())
