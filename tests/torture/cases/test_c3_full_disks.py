"""C3: a full disk loses nothing, changes no system, and recovers without a restart."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.torture.filled import in_namespace
from tests.torture.results import ROOT, SAMPLE, counted, result, rng, size

pytestmark = pytest.mark.timeout(900)


def sweep(subject: str, levels: int) -> dict[str, Any]:
    may = subprocess.run([*in_namespace(), "true"], capture_output=True)
    if may.returncode:
        pytest.skip("mounting a small disk needs root or user namespaces")
    chance = rng(f"c3 {subject}").randrange(10**9)
    program = [sys.executable, "-m", "tests.torture.filled"]
    done = subprocess.run(
        [*in_namespace(), *program, subject, str(chance), str(levels)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_is_lost_and_nothing_is_changed() -> None:
    levels = size(100, 6)
    found = sweep("ours", levels)
    if not SAMPLE:
        counted("full_disk_levels", found["levels"])
    for failure in found["failures"]:
        print(failure)
    result(
        "G3",
        "C3",
        "a disk of 256 KiB filled up to 0, 1, 4095, 4096, 8192 and random bytes; left "
        "while it is full, or gone on with once there is room",
        "0 answers lost, 0 files unreadable, 0 left over, 0 changes let through",
        f"{len(found['failures'])} bad of {levels} levels, 21 answers each",
        not found["failures"],
    )


def test_a_plain_file_does_not_survive_it() -> None:
    failures = sweep("naive", 5)["failures"]
    assert any("lost" in failure for failure in failures)
