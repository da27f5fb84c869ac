"""The lock file covers every dependency, and the docs list them."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from oracle import PROJECT

ASKED_FOR = "".join(file.read_text() for file in sorted((PROJECT / "requirements").glob("*.in")))
DIRECT = re.findall(r"^([a-z][\w-]*)", ASKED_FOR, re.MULTILINE)
LISTED = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| .+ \|$", (PROJECT / "docs/dependencies.md").read_text(), re.MULTILINE))
LISTED = {name: licence for name, licence in LISTED.items() if name not in ("package", "---")}

# What packages call the same licence.
SAME = {
    "Apache-2": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD-3-Clause AND": "BSD-3-Clause and others",
    "MIT License": "MIT",
    "BSD 2-Clause License": "BSD-2-Clause",
    # A package that names no licence but its classifiers'.
    "Development Status :: 5 - Production/Stable License :: OSI Approved :: Apache Software License": "Apache-2.0",
}


def test_every_locked_package_has_a_version_and_hashes_and_no_index() -> None:
    lock = (PROJECT / "requirements.txt").read_text()
    packages = re.split(r"\n(?=[a-z])", lock.strip())
    assert len(packages) > 100
    assert [package.splitlines()[0] for package in packages if "==" not in package or "--hash=sha256:" not in package] == []
    assert "index-url" not in lock and "://" not in lock


def test_every_direct_dependency_is_locked_and_listed() -> None:
    assert set(DIRECT) <= set(re.findall(r"^([a-z][\w-]*)(?:\[.*\])?==", (PROJECT / "requirements.txt").read_text(), re.MULTILINE))
    assert set(LISTED) == set(DIRECT)


@pytest.mark.parametrize("name", sorted(LISTED))
def test_the_listed_licence_is_the_one_that_the_package_declares(name: str) -> None:
    try:
        package = metadata(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed; `make lint` and `make spark-build` install what they need")
    declared = package.get("License-Expression") or package.get("License") or " ".join(package.get_all("Classifier", []))
    licence = next((same for text, same in SAME.items() if declared.startswith(text)), declared)
    assert LISTED[name].strip() in licence
