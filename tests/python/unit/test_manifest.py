"""The manifest: dbt's reading of the project, kept until a file changes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgpack
import pytest
from harness import dbt_command
from oracle import PROJECT

from outreach.warehouse import manifest
from outreach.warehouse.manifest import ManifestError, is_parsed, read_manifest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one model, in place of this one."""
    project = tmp_path / "project"
    for folder in manifest.PARSED:
        (project / folder).mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: tiny\nprofile: tiny\n")
    (project / "profiles/profiles.yml").write_text("tiny: {target: here, outputs: {here: {type: duckdb}}}")
    (project / "models/one.sql").write_text("select 1 as number")
    monkeypatch.setattr(manifest, "PROJECT", project)
    monkeypatch.setattr(manifest, "DBT", dbt_command())
    return project


def test_it_is_read_anew_only_after_a_change_and_after_a_kill_that_left_half_of_it(project: Path) -> None:
    target = project / "target"
    assert not is_parsed(target)
    assert "model.tiny.one" in read_manifest(target)["nodes"]
    whole = (target / "manifest.json").read_bytes()
    assert is_parsed(target)

    (target / "manifest.json").write_bytes(whole[: len(whole) // 2])
    assert "model.tiny.one" in read_manifest(target)["nodes"]

    (project / "models/two.sql").write_text("select 2 as number")
    later = (target / "manifest.json").stat().st_mtime + 1
    os.utime(project / "models/two.sql", (later, later))
    assert not is_parsed(target)
    assert {"model.tiny.one", "model.tiny.two"} <= set(read_manifest(target)["nodes"])


def test_a_project_that_dbt_cannot_read_is_dbts_own_message_after_a_reading_from_the_start(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models/one.sql").write_text("select {{ nothing( }}")
    with pytest.raises(ManifestError, match="Compilation Error in model one"):
        read_manifest(project / "target")
    assert "dbt reads the whole project again." in capsys.readouterr().err


def test_what_npm_installs_below_the_tests_is_not_dbts_and_what_dbt_remembers_can_be_read(project: Path) -> None:
    shutil.copy(PROJECT / ".dbtignore", project)
    workflow = project / "tests/node/node_modules/package/.github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    # YAML's `on` is true, and dbt itself refuses to read a key that is not text. It would parse everything anew each time.
    workflow.write_text("on: [push]\n")
    read_manifest(project / "target")
    msgpack.unpackb((project / "target/partial_parse.msgpack").read_bytes(), strict_map_key=True)
