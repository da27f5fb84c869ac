"""Dagster's folder, which keeps its runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.settings import Settings
from outreach.turns import turn

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
    """Dagster's instance for this process. It records runs for the UI, but faster. Creates Dagster's databases where there are none.

    Args:
        settings: name Dagster's folder, which `prepare_home` has created.
    """
    # Imported here: it takes seconds, and a set-up error should not have to wait for it.
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef

    # Dagster's own default locations.
    events = {"base_dir": str(settings.home / "history" / "runs")}
    event_log = {"module": "orchestration.event_log", "class": "EventLog", "config": events}
    ref = InstanceRef.from_dir(str(settings.home), overrides={"event_log_storage": event_log})
    # Processes that create them at the same time may each note a version in them, and a database with two versions never opens again
    # (dagster issue 27390).
    with turn(settings.home / "history", "creating Dagster's databases", waiting=lambda other: None):
        return DagsterInstance.from_ref(ref)
