"""`make docs`: writes the documentation, one self-contained page, and serves it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

from outreach.settings import DOCS_PORT, HOST, PROJECT, Settings, keep_private, shown


def write_documentation(page: Path) -> None:
    """Writes dbt's documentation of the project and its warehouse.

    Args:
        page: the file to write.

    Raises:
        DagsterDbtCliRuntimeError: dbt could not write it. The message is dbt's own.
    """
    from orchestration.dbt.assets import TARGET, dbt_resource

    dbt_resource.cli(["docs", "generate", "--static", "--quiet"], target_path=TARGET).wait()
    page.parent.mkdir(parents=True, exist_ok=True)
    beside = page.with_suffix(".unfinished")
    shutil.copyfile(PROJECT / TARGET / "static_index.html", beside)
    beside.replace(page)


def main() -> int:
    """Writes and serves, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--no-serve", action="store_true", help="only write the page")
    arguments = parser.parse_args()
    os.chdir(PROJECT)
    keep_private()
    settings = Settings.from_environment()
    if not settings.warehouse.exists():
        print(f"{shown(settings.warehouse)} is not there yet; `make build` writes it.", file=sys.stderr)
        return 1
    write_documentation(settings.documentation)
    print(f"Written to {shown(settings.documentation)}")
    if arguments.no_serve:
        return 0

    from orchestration.serve import pages_in

    with ThreadingHTTPServer((HOST, DOCS_PORT), pages_in(settings.documentation.parent)) as server:
        print(f"Documentation: http://{HOST}:{DOCS_PORT}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
