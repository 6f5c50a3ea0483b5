"""`make release`: what is in it, and that all that is installed is locked by hash."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)  # it fetches what there is to fetch
ROOT = Path(__file__).parents[2]
OUTSIDE = dict(os.environ)
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
LOCKS = [path.name for path in (ROOT / "locks").glob("*.txt")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def release() -> Path:
    """The directory that `make release` fills."""
    make = ["make", "--silent", "release"]
    subprocess.run(make, cwd=ROOT, env=OUTSIDE, check=True, stdout=subprocess.DEVNULL)
    return ROOT / "dist"


@pytest.fixture(scope="module")
def bill(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release / "gonogo.cdx.json").read_text())
    return found


def locked() -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in LOCK["package"]}


def needed(wheel: Path) -> set[str]:
    """Return what the wheel's metadata asks for, without extras."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(n for n in packed.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(packed.read(name).decode())
    wanted = [each for each in metadata.get_all("Requires-Dist", []) if ";" not in each]
    return {canonical(re.match(r"[\w.-]+", each)[0]) for each in wanted}  # type: ignore


def closure(names: set[str]) -> Iterator[str]:
    """Yield these packages and what they need in turn, by the lock."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            needs = locked()[name].get("dependencies", [])
            waiting += [each["name"] for each in needs if "marker" not in each]


def test_all_four_are_made(release: Path) -> None:
    assert {"LICENCES.md", "gonogo.cdx.json"} < {
        each.name for each in release.iterdir()
    }
    assert len(list(release.glob("gonogo-*.whl"))) == 1
    assert len(list(release.glob("gonogo-*.tar.gz"))) == 1


def test_all_that_the_wheel_needs_is_locked_and_in_the_bill(
    release: Path, bill: dict[str, Any]
) -> None:
    (wheel,) = release.glob("*.whl")
    direct = needed(wheel)
    assert "textual" in direct and len(direct) > 20
    every = set(closure(direct))
    listed = {canonical(each["name"]): each for each in bill["components"]}
    licences = (release / "LICENCES.md").read_text()
    for name in every:
        package, component = locked()[name], listed[name]
        files = [*package.get("wheels", []), package.get("sdist", {})]
        assert all(each["hash"].startswith("sha256:") for each in files if each), name
        assert component["version"] == package["version"]
        assert component["licenses"], name
        assert f"| {component['name']} | {component['version']} | " in licences
    assert "|  |" not in licences


def test_the_bill_is_of_gonogo_and_of_nothing_else(bill: dict[str, Any]) -> None:
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "gonogo"
    names = {canonical(each["name"]) for each in bill["components"]}
    assert not names & {"pytest", "cyclonedx-bom", "ansible-core", "hatchling"}
    assert names <= locked().keys()


def test_every_package_of_the_lock_has_hashes() -> None:
    for package in LOCK["package"]:
        files = [*package.get("wheels", []), package.get("sdist", {})]
        found = [each["hash"] for each in files if each]
        own = package["source"] == {"editable": "."}
        assert own or (found and all(h.startswith("sha256:") for h in found)), package


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_beside_the_lock_has_hashes_too(name: str) -> None:
    text = (ROOT / "locks" / name).read_text().replace("\\\n", "")
    asked = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert asked and all(" --hash=sha256:" in line for line in asked), name
    wanted = (ROOT / "locks" / name).with_suffix(".in").read_text().split()
    for each in wanted:
        assert any(line.startswith(each) for line in asked), each


def test_everything_is_installed_by_hash() -> None:
    """Whatever the Makefile installs comes from a lock."""
    rules = (ROOT / "Makefile").read_text().replace("\\\n", "").splitlines()
    for line in rules:
        if re.search(r"pip (install|download)|uv\) build", line):
            assert "--require-hashes" in line or "dist/*.whl" in line, line
        if "$(UV) sync" in line or "$(UV) export" in line:
            assert "--locked" in line, line
