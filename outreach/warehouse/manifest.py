"""The project as dbt reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from outreach.settings import PROJECT
from outreach.turns import turn

# dbt's command, of the same environment.
DBT = Path(sys.executable).with_name("dbt")

PARSED = ("models", "macros", "seeds", "tests/generic", "tests/singular", "profiles")


class ManifestError(Exception):
    """dbt cannot read the project. The message is dbt's own."""


def read_manifest(target: Path) -> dict[str, Any]:
    """dbt's manifest, parsed anew when a file of the project has changed since the last time.

    Args:
        target: the folder that dbt keeps it in.

    Raises:
        ManifestError: dbt cannot read the project.
    """
    # A process at a time: dbt writes the file where it stands.
    with turn(target / "manifest.json", "dbt parse", waiting=lambda other: None):
        if is_parsed(target):
            # A kill or a full disk leaves half a file, which is written anew like none.
            with suppress(ValueError):
                return _read(target)
        # What dbt has kept of the last time misleads it where something has moved to another file: then it reads everything.
        if _parse(target).returncode:
            print("What dbt remembers of the project may be damaged: dbt reads the whole project again.", file=sys.stderr)
            anew = _parse(target, "--no-partial-parse")
            if anew.returncode:
                raise ManifestError(anew.stdout.strip())
        return _read(target)


def is_parsed(target: Path) -> bool:
    """Whether dbt has read the project since its last change.

    Args:
        target: the folder that dbt keeps the manifest in.
    """
    manifest = target / "manifest.json"
    folders = [PROJECT / folder for folder in PARSED]
    files = [PROJECT / "dbt_project.yml", *folders, *(path for folder in folders for path in folder.rglob("*"))]
    return manifest.exists() and manifest.stat().st_mtime > max(file.stat().st_mtime for file in files)


def _parse(target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DBT_PROFILES_DIR": str(PROJECT / "profiles"), "DBT_TARGET_PATH": str(target)}
    command = [str(DBT), *options, "--log-level-file", "none", "parse", "--quiet"]
    parsed = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if parsed.returncode:
        print(parsed.stdout.strip(), file=sys.stderr)
    return parsed


def _read(target: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return manifest
