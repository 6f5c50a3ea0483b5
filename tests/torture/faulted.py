"""Runs a subject under `faults.c`, with one call after the other going wrong.

``python -m tests.torture.faulted SUBJECT SEED ROUNDS`` in a process into which the
library was preloaded (see `preload`); prints one JSON object. ROUNDS 0 means all.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from runbooks.errors import StateError
from tests.torture.subjects import SUBJECTS, Subject

KILL_BEFORE, KILL_AFTER, FAIL, FAIL_ON, SHORT, TORN = range(1, 7)
KILLS = (KILL_BEFORE, KILL_AFTER, TORN)
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EINTR)
WAYS = (
    *((kill, 0) for kill in KILLS),
    *((FAIL, code) for code in ERRORS),
    (FAIL_ON, errno.ENOSPC),
    (FAIL_ON, errno.EIO),
    (SHORT, 0),
)
NAMES = ("", "kill before", "kill after", "error", "errors from", "short", "torn kill")
PATIENCE = 10
"""Seconds after which a walk is said to hang."""
SAID = ("a", "b", "c")


class Ledger:
    """What a fork acknowledges, in memory that outlives it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)

    def clear(self) -> None:
        self._memory[:] = bytes(4096)
        self._memory.seek(0)

    def tell(self, text: str) -> None:
        self._memory.write(text.encode() + b"\n")

    def read(self) -> list[str]:
        return bytes(self._memory[:]).rstrip(b"\0").decode().splitlines()


def walk(subject: Subject, directory: Path, tell: Ledger) -> None:
    """Open, say three things, save in between, close."""
    try:
        subject.open(directory)
    except (StateError, OSError, ValueError):
        return
    for text in SAID:
        try:
            subject.say(text)
            tell.tell(text)
        except (StateError, OSError):
            tell.tell(f"refused {text}")
        if text != SAID[-1]:
            with suppress(StateError, OSError):
                subject.save()
    with suppress(StateError, OSError):
        subject.close()
    tell.tell("end")


class Faults:
    """One subject under the library."""

    def __init__(self, name: str, home: Path) -> None:
        self._library = ctypes.CDLL(None)
        self._library.fault_names.restype = ctypes.c_char_p
        self._class = SUBJECTS[name]
        self._home = home
        self._ledger = Ledger()
        self._templates = {"new": home / "new", "going on": home / "going-on"}
        for template in self._templates.values():
            template.mkdir()
        first = self._class()  # and so everything is imported before the first fork
        first.open(self._templates["going on"])
        for text in ("x", "y"):
            first.say(text)
            first.save()
        first.close()
        self._class.load(self._templates["going on"])
        gc.freeze()

    def points(self) -> dict[str, list[str]]:
        """Return the calls of each walk that goes well, in order."""
        found = {}
        for name in self._templates:
            reader, writer = os.pipe()
            with tempfile.TemporaryDirectory(dir=self._home) as place:
                directory = self._copy(name, Path(place))
                if os.fork() == 0:
                    self._library.fault_arm(0, 0, 0)
                    walk(self._class(), directory, self._ledger)
                    self._library.fault_disarm()
                    os.write(writer, self._library.fault_names())
                    os._exit(0)
                os.wait()
            os.close(writer)
            with open(reader) as pipe:
                found[name] = pipe.read().split()
        return found

    def attack(self, scenario: str, point: int, way: tuple[int, int]) -> str:
        """Let one call go wrong; return what was lost or broken by it, or ""."""
        self._ledger.clear()
        with tempfile.TemporaryDirectory(dir=self._home) as place:
            directory = self._copy(scenario, Path(place))
            before = ["x", "y"] if scenario == "going on" else []
            if os.fork() == 0:
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), 2)
                    signal.alarm(PATIENCE)
                    self._library.fault_arm(point, *way)
                    walk(self._class(), directory, self._ledger)
                    os._exit(0)
            _, status = os.wait()
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
                return "it hangs"
            told = self._ledger.read()
            try:
                there = self._class.load(directory)
            except (StateError, OSError, ValueError, AssertionError) as error:
                return f"unreadable: {error!r}"
        acknowledged = before + [text for text in told if text in SAID]
        known = before + [text for text in SAID if _said(text, told)]
        if lost := [text for text in acknowledged if text not in there]:
            return f"lost: {lost}, told {told}, there {there}"
        if [text for text in (*before, *SAID) if text in there] != there:
            return f"twice, or out of order: {there}"
        if way[0] in (FAIL, SHORT) and "end" in told and there != known:
            return f"said and not kept: told {told}, there {there}"
        return ""

    def _copy(self, scenario: str, place: Path) -> Path:
        return Path(shutil.copytree(self._templates[scenario], place / "state"))


def _said(text: str, told: list[str]) -> bool:
    return text in told or f"refused {text}" in told


def sweep(name: str, seed: int, rounds: int, home: Path) -> dict[str, Any]:
    """Attack every point in every way, or *rounds* of them by chance."""
    faults = Faults(name, home)
    points = faults.points()
    attacks = [
        (scenario, point, way)
        for scenario, calls in points.items()
        for point, call in enumerate(calls)
        for way in WAYS
        if call == "write" or way[0] not in (SHORT, TORN)
    ]
    if rounds:
        attacks = random.Random(seed).sample(attacks, min(rounds, len(attacks)))
    failures = []
    for scenario, point, way in attacks:
        if broken := faults.attack(scenario, point, way):
            call = points[scenario][point]
            code = errno.errorcode.get(way[1], "")
            how = f"{scenario}, call {point} ({call}): {NAMES[way[0]]} {code}"
            failures.append(f"{how}: {broken}")
    return {
        "points": {name: len(calls) for name, calls in points.items()},
        "calls": Counter(call for calls in points.values() for call in calls),
        "attacks": len(attacks),
        "failures": failures,
    }


def preload(place: Path) -> dict[str, str]:
    """Compile the library into *place*; return the environment that loads it."""
    library = place / "faults.so"
    source = Path(__file__).with_name("faults.c")
    command = ["gcc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return {**os.environ, "LD_PRELOAD": str(library)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = sweep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(place))
    print(json.dumps(found))
