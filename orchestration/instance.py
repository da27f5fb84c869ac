"""Dagster's folder, which keeps its runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prepare_home(settings: Settings) -> None:
    """Creates Dagster's folder with the project's settings, and points Dagster at it.

    Args:
        settings: name the folder.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), settings.home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.home)


def own_instance(settings: Settings) -> DagsterInstance:
    """Dagster's instance for a run in this process. It records runs for the UI, but faster.

    Args:
        settings: name Dagster's folder, which `prepare_home` has created.
    """
    # Imported here: it takes seconds, and a set-up error should not have to wait for it.
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef

    # Dagster's own default locations.
    events = {"base_dir": str(settings.home / "history" / "runs")}
    event_log = {"module": "orchestration.event_log", "class": "EventLog", "config": events}
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(settings.home), overrides={"event_log_storage": event_log}))
