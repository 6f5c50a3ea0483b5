"""Proving of a fault that it turns the items of docs/faults.md, and no others."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from runbooks.rehearsal import Deployment
from runbooks.rehearsal.faults import FAULTS, injected
from runbooks.rehearsal.faults.turning import (
    HISTORY,
    Standing,
    rest,
    standing,
    turned,
)
from runbooks.results import Result

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
_LINE = re.compile(r"^- (\S+):((?: `[^`]+`|\n )+)", re.MULTILINE)


def table() -> Mapping[str, Standing]:
    """Return what the documentation says that each fault turns, and to what."""
    _, *faults = re.split(r"(?m)^## ", PAGE.read_text())
    return {
        text.partition("\n")[0]: {
            id: Result(result)
            for result, ids in _LINE.findall(text)
            for id in re.findall("`(.+?)`", ids)
        }
        for text in faults
    }


def prove(deployment: Deployment, healthy: Standing, name: str) -> None:
    """Inject a fault and heal it; what it turned has to be what the table says."""
    if name == "disk-full" and not may_mount():
        pytest.skip("this user may mount nothing")
    fault = FAULTS[name]
    rest(deployment)
    running = deployment.running
    fault.inject(deployment)
    try:
        assert injected(deployment) == (name,)
        turns = turned(healthy, standing(deployment))
    finally:
        fault.heal(deployment)
    assert turns == table()[name]
    again = standing(deployment, {*turns, *HISTORY})
    assert again == {id: healthy[id] for id in again}
    assert injected(deployment) == ()
    assert deployment.running == running


def may_mount() -> bool:
    whose = ["--map-root-user"] if os.getuid() else []
    tried = ["unshare", "--mount", *whose, "mount", "-t", "tmpfs", "none", "/tmp"]
    return not subprocess.run(tried, capture_output=True).returncode
