"""A command that prints 1 GiB, against the same command into a file.

Prints ``name value unit limit ok|MISSED``. Redaction is on, with as many secrets
as a well-filled environment has. Command and floor alternate on the same disk.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from subprocess import run
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report import median, say
from runbooks.commands import Plan, Running, start
from runbooks.processes import descendants
from runbooks.redaction import Redactor, patterns

ROUNDS = 3
STARTS = 15
SIZE = 1 << 30
LINE = "2026-11-23T12:00:00Z INFO worker-7 processed request id=0123456789 status=200"
COMMAND = f"yes '{LINE}' | head -c {SIZE}"
SECRETS = tuple(os.urandom(16).hex() for _ in range(20))


def memory(pid: int, field: str) -> int:
    """Return a field of the status of *pid*, in bytes; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


def supervised(home: Path, name: str) -> tuple[float, int]:
    """Return seconds and growth of the supervisor in bytes."""
    before = {pid for pid, _ in descendants(os.getpid())}
    began = perf_counter()
    running = start(
        Plan(id=name, text=COMMAND, cwd=home, outputs=home, secrets=SECRETS)
    )
    pid = min({pid for pid, _ in descendants(os.getpid())} - before)
    first, most = memory(pid, "VmRSS"), 0
    while not (ending := running.ending()):
        most = max(most, memory(pid, "VmHWM"))
        time.sleep(0.05)
    seconds = perf_counter() - began
    assert ending.kept == SIZE, ending
    running.output.unlink()
    return seconds, most - first


def floor(home: Path) -> float:
    """Return the seconds that the command takes into a file."""
    began = perf_counter()
    run(["bash", "-c", f"{COMMAND} >{home}/floor"], check=True)
    seconds = perf_counter() - began
    (home / "floor").unlink()
    return seconds


def wait(running: Running) -> bytes:
    while not running.ending():
        time.sleep(0.01)
    return running.output.read_bytes()


def until_exec(home: Path, name: str) -> float:
    """Return the seconds from asking for a command to its first word."""
    asked = time.time()
    text = "echo $EPOCHREALTIME"
    running = start(Plan(id=name, text=text, cwd=home, outputs=home, secrets=SECRETS))
    return float(wait(running)) - asked


def redaction() -> float:
    """Return how many bytes a second the engine alone redacts."""
    redactor = Redactor(patterns(SECRETS))
    data = (LINE.encode() + b"\n") * (256 * 1024 // (len(LINE) + 1))
    began = perf_counter()
    for _ in range(400):
        redactor.feed(data)
    return 400 * len(data) / (perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        starts = [until_exec(home, f"start-{i}") for i in range(STARTS)]
        rounds = [(floor(home), *supervised(home, f"r{i}")) for i in range(ROUNDS)]
    floors, ours, growth = (median(column) for column in zip(*rounds, strict=True))
    say("start_to_exec", 1000 * median(starts), "ms", 60)
    say("output_ratio", ours / floors, "x", 5)
    say("output_seconds", ours, "s")
    say("output_floor", floors, "s")
    say("supervisor_growth", growth / (1 << 20), "MiB", 64)
    say("redaction_speed", redaction() / 1e6, "MB/s")


if __name__ == "__main__":
    main()
