"""Dagster's folder, in which its runs are kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from orchestration.settings import Settings


def prepare_home(settings: Settings) -> None:
    """Makes Dagster's folder with the project's settings in it, and tells Dagster of it.

    Args:
        settings: say where it is.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), settings.home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.home)
