"""What the cases of the campaign share: size, seeds, counts and the table of results.

``GONOGO_TORTURE=sample`` makes them small. ``GONOGO_SEED=N`` repeats a run; without it
the seed follows from the day and the commit, so that each run looks elsewhere.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zlib import crc32

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "torture.jsonl"
SAMPLE = os.environ.get("GONOGO_TORTURE") == "sample"
_COUNTS = tomllib.loads(Path(__file__).with_name("counts.toml").read_text())


@cache
def seed() -> int:
    """Return the seed of this run of the campaign."""
    if given := os.environ.get("GONOGO_SEED"):
        return int(given)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    return crc32(f"{datetime.now(UTC):%Y-%m-%d} {commit}".encode())


def rng(case: str) -> random.Random:
    """Return the randomness of one case; it prints how to have the same again."""
    print(f"{case}: GONOGO_SEED={seed()}", flush=True)
    return random.Random(f"{seed()} {case}")


def size(full: int, sample: int) -> int:
    """Return how often something is tried in this run."""
    return sample if SAMPLE else full


def counted(name: str, found: int) -> None:
    """Hold the number of points of attack against the one that was there before.

    Raises:
        AssertionError: there are fewer: something is not looked at any more.
    """
    least = _COUNTS[name]
    assert found >= least, f"{name}: {found} points, there were {least}"


def result(
    goal: str,
    case: str,
    what: str,
    wanted: str,
    found: str,
    met: bool,
    strict: bool = True,
) -> None:
    """Add a row to the table of results, and where it is *strict* fail if not met."""
    row = {
        "goal": goal,
        "case": case,
        "what": what,
        "wanted": wanted,
        "found": found,
        "met": met,
        "sample": SAMPLE,
        "seed": seed(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(f"{goal} {case} {what}: {found} (wanted: {wanted})", flush=True)
    assert met or not strict, f"{what}: {found}, wanted {wanted}"


def memory() -> Path | None:
    """Return a directory in memory where there is one: for what needs no real disk."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) else None
