"""Dagster's folder, in which its runs are kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prepare_home(settings: Settings) -> None:
    """Makes Dagster's folder with the project's settings in it, and tells Dagster of it.

    Args:
        settings: say where it is.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), settings.home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.home)


def own_instance(settings: Settings) -> DagsterInstance:
    """Dagster's instance for a run in this process: the runs that the UI shows, written faster than it does.

    Args:
        settings: say where Dagster's folder is, which `prepare_home` has made.
    """
    # Imported here: it takes seconds, and an error of the set-up shall not wait for it.
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef

    # Where Dagster has them by itself.
    events = {"base_dir": str(settings.home / "history" / "runs")}
    event_log = {"module": "orchestration.event_log", "class": "EventLog", "config": events}
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(settings.home), overrides={"event_log_storage": event_log}))
