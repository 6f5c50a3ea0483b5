"""C2: a kill or an error at every call of opening, answering, saving and closing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.torture.faulted import preload
from tests.torture.results import ROOT, counted, memory, result, rng, size

pytestmark = pytest.mark.timeout(1800)


def sweep(subject: str, rounds: int, tmp_path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.torture.faulted", subject]
    chance = rng(f"c2 {subject}").randrange(10**9)
    environ = preload(tmp_path) | {"TMPDIR": str(memory() or tmp_path)}
    done = subprocess.run(
        [*command, str(chance), str(rounds)],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_call_may_fail(tmp_path: Path) -> None:
    found = sweep("ours", size(0, 40), tmp_path)
    points = sum(found["points"].values())
    counted("save_path_calls", points)
    print(f"{points} calls: {found['calls']}")
    for failure in found["failures"]:
        print(failure)
    result(
        "G2, G3",
        "C2",
        "kill before, after and within; ENOSPC, EIO, EDQUOT, EROFS, EINTR once; ENOSPC "
        "and EIO from there on; short writes: at every call that changes files",
        "0 lost, 0 unreadable, nothing said twice",
        f"{len(found['failures'])} bad of {found['attacks']} attacks on {points} calls",
        not found["failures"],
    )


def test_a_plain_file_does_not_survive_it(tmp_path: Path) -> None:
    assert sweep("naive", 40, tmp_path)["failures"]
