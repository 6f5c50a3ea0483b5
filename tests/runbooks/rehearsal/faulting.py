"""Proving of a fault that it turns the items of docs/faults.md, and no others."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Mapping
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
_LINE = re.compile(r"^- (.+):((?: `[^`]+`|\n )+)", re.MULTILINE)


def table() -> Mapping[str, Mapping[str, Collection[Result]]]:
    """Return what the documentation says that each fault turns, and to what.

    That may be one or another: it then depends on the moment.
    """
    _, *faults = re.split(r"(?m)^## ", PAGE.read_text())
    return {
        text.partition("\n")[0]: {
            id: [Result(result) for result in results.split(" or ")]
            for results, ids in _LINE.findall(text)
            for id in re.findall("`(.+?)`", ids)
        }
        for text in faults
    }


def wrong(
    turns: Standing, said: Mapping[str, Collection[Result]]
) -> Mapping[str, Result | None]:
    """Return what turned otherwise than *said*; None is for what did not at all.

    That is said to pass, beside something else.
    """
    return {
        id: turns.get(id)
        for id in turns.keys() | said.keys()
        if turns.get(id, Result.PASS) not in said.get(id, ())
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
        turns = turned(healthy, standing(deployment, known=healthy))
    finally:
        fault.heal(deployment)
    assert not wrong(turns, table()[name]), wrong(turns, table()[name])
    again = standing(deployment, {*turns, *HISTORY}, healthy)
    still = again.items() - healthy.items()
    assert not still, {id: (healthy[id], result) for id, result in still}
    assert injected(deployment) == ()
    assert deployment.running == running


def may_mount() -> bool:
    whose = ["--map-root-user"] if os.getuid() else []
    tried = ["unshare", "--mount", *whose, "mount", "-t", "tmpfs", "none", "/tmp"]
    return not subprocess.run(tried, capture_output=True).returncode
