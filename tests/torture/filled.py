"""A disk of 256 KiB that is filled to the brim while a run is open.

``python -m tests.torture.filled SUBJECT SEED LEVELS`` in a mount namespace of its own
(see `in_namespace`); prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from runbooks.errors import GonogoError, StateError
from runbooks.tables import CommandClass
from state.verifying import verify
from tests.torture.subjects import SUBJECTS, Ours, Subject

EXACT = (0, 1, 4095, 4096, 8192)
SIZE = 256 * 1024


def in_namespace() -> list[str]:
    """Return the words before a command that may mount, as root or not."""
    mine = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    return [*mine, "--propagation", "private"]


def mount(place: Path) -> None:
    options = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place]
    subprocess.run(options, check=True)


def fill(place: Path, spare: int) -> Path:
    """Leave *spare* bytes, as far as whole pages allow."""
    ballast = place / "ballast"
    disk = os.statvfs(place)
    room = disk.f_bavail * disk.f_frsize
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        left = max(0, room - spare)
        while left:
            left -= file.write(bytes(min(left, 4096)))
    return ballast


def walk(kind: type[Subject], place: Path, spare: int, rng: random.Random) -> list[str]:
    """Say things until the disk is full and more, then make room; what went wrong?"""
    subject = kind()
    subject.open(place)
    if isinstance(subject, Ours):
        subject.run.take_lever()
    said, kept, wrong = ["before"], ["before"], []
    subject.say("before")
    subject.save()
    ballast = fill(place, spare)
    refused = 0
    for number in range(20):
        text = f"{number}-{'x' * rng.randrange(600)}"
        said.append(text)
        try:
            subject.say(text)
            kept.append(text)
        except (StateError, OSError):
            refused += 1
            if refused == 1:
                wrong += _as_it_is(kind, place, kept)
        with suppress(StateError, OSError):
            subject.save()
        if isinstance(subject, Ours) and subject.run.waiting:
            wrong += _may_change(subject)
    wrong += _as_it_is(kind, place, kept)
    assert refused or spare >= 8192, "it never was full"
    if rng.random() < 0.5:  # left while it is full: the reserve is for this
        subject.close()
    ballast.unlink()
    with suppress(StateError, OSError):
        subject.save()
    there = kind.load(place)
    if there != said:
        wrong.append(f"{len(said)} said, {len(there)} there")
    return wrong


def _as_it_is(kind: type[Subject], place: Path, kept: list[str]) -> list[str]:
    """The machine dies while the disk is full: is everything there that was kept?"""
    with tempfile.TemporaryDirectory() as elsewhere:
        leave_out = shutil.ignore_patterns("ballast")
        copy = shutil.copytree(place, Path(elsewhere, "copy"), ignore=leave_out)
        try:
            there = kind.load(Path(copy))
        except (StateError, ValueError, AssertionError) as error:
            return [f"lost: {error!r}"]
        lost = [text for text in kept if text not in there]
        return [f"lost {len(lost)} that were kept"] if lost else []


def _may_change(subject: Ours) -> list[str]:
    """Something waits: no system may be changed, no step counts what was not kept."""
    run = subject.run
    wrong = []
    try:
        run.request("id", "part", "true", CommandClass.MUTATE, "/")
        wrong.append("a change was let through")
    except StateError:
        pass
    tomllib.loads((run.directory / "progress.toml").read_text())
    if problem := verify(run.directory / "journal.jsonl").problem:
        wrong.append(problem)
    return wrong


def sweep(name: str, seed: int, levels: int, home: Path) -> dict[str, Any]:
    rng = random.Random(seed)
    spares = [*EXACT, *(rng.randrange(24_000) for _ in range(levels - len(EXACT)))]
    failures = []
    for spare in spares[:levels]:
        place = home / "disk"
        place.mkdir(exist_ok=True)
        mount(place)
        try:
            wrong = walk(SUBJECTS[name], place, spare, rng)
        except (GonogoError, OSError, ValueError, AssertionError) as error:
            wrong = [f"{error!r}"]
        failures += [f"{spare} bytes spare: {each}" for each in wrong]
        subprocess.run(["umount", "-l", place], check=True)
    return {"levels": len(spares), "failures": failures}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = sweep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(place))
    print(json.dumps(found))
