"""C2: what the kernel saw: written, synced, renamed, synced by name, acknowledged."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.results import ROOT, counted, result

STRACE = ("strace", "-y", "-s", "80", "-e", "trace=openat,write,fsync,rename,close")
SAY = """
import os, sys
from pathlib import Path
from tests.torture.subjects import SUBJECTS
subject = SUBJECTS[sys.argv[1]]()
subject.open(Path(sys.argv[2]))
for number in range(5):
    subject.say(f"number {number}")
    os.write(1, b"ACK")
    subject.save()
    os.write(1, b"SAVED")
"""
LINE = re.compile(r"(\w+)\((.*)\) += (-?\d+)(<[^>]*>)?")


def log(subject: str, home: Path) -> list[tuple[str, str]]:
    """Return (call, what it was about) of five answers, in the kernel's order."""
    home.mkdir()
    subprocess.run(
        [*STRACE, "-o", home.parent / "log", sys.executable, "-c", SAY, subject, home],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    found = []
    for line in (home.parent / "log").read_text().splitlines():
        match = LINE.match(line)
        if match and ("ACK" in line or "SAVED" in line or str(home) in line):
            found.append((match[1], match[2]))
    return found


def breaches(calls: list[tuple[str, str]]) -> list[str]:
    """Return what was acknowledged before it was durable."""
    wrong: list[str] = []
    unsynced: set[str] = set()
    wrote = 0
    for call, about in calls:
        path = (re.search(r"<([^>]*)>", about) or [""] * 2)[1]
        if call == "write" and ("ACK" in about or "SAVED" in about):
            if not wrote:
                wrong.append("acknowledged without a write")
            kept = {p for p in unsynced if "lock" not in p}
            if kept:
                wrong.append(f"acknowledged before a sync of {kept}")
            wrote = 0 if "ACK" in about else wrote
        elif call == "write":
            unsynced.add(path)
            wrote += 1
        elif call == "fsync":
            unsynced.discard(path)
            unsynced.discard(f"names in {path}")
        elif call == "rename":
            before, after = re.findall(r'"([^"]*)"', about)
            if before in unsynced:
                wrong.append(f"renamed before a sync: {before}")
            unsynced.add(f"names in {Path(after).parent}")
    return wrong


@pytest.mark.timeout(120)
def test_nothing_is_acknowledged_before_it_is_durable(tmp_path: Path) -> None:
    calls = log("ours", tmp_path / "home")
    counted("order_of_calls", len(calls))
    wrong = breaches(calls)
    result(
        "G2",
        "C2",
        "order of write, fsync, rename, fsync of the directory, acknowledgement",
        "0 breaches in the kernel's log",
        f"{len(wrong)} in {len(calls)} calls{wrong[:3] or ''}",
        not wrong,
    )


@pytest.mark.parametrize("subject", ["naive", "unsynced"])
def test_a_plain_file_is_acknowledged_too_early(tmp_path: Path, subject: str) -> None:
    assert breaches(log(subject, tmp_path / "home"))
