"""Whatever looking starts, and who has the terminal, ends with us, however we end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbooks.orphans import LEASH, those
from tests.runbooks.running import gone, until
from tests.tui.terminals import terminal

ROOT = Path(__file__).parents[2]
LOOKS = """
import asyncio, sys
from runbooks.probes.command import CommandProbe
from runbooks.probes.sources import Sources

async def look():
    async with Sources() as sources:
        looking = CommandProbe(command=sys.argv[1], class_="observe", timeout=60)
        await looking.measure(sources)

asyncio.run(look())
"""
STUBBORN = "trap '' HUP TERM; setsid sh -c 'sleep 301; true' & sleep 300; sleep 300"
COMMAND = f"tail -f /dev/null | grep -c x & {STUBBORN}"


@contextmanager
def looking(command: str = COMMAND) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody who looks for a long time, with the processes that this starts."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", LOOKS, command]
    with subprocess.Popen(words, env=env) as process:
        try:
            until(lambda: len(leashed(process.pid)) >= 5)
            yield process
        finally:
            process.kill()


def leashed(pid: int) -> list[int]:
    return those(lambda e: e.get(LEASH, "").startswith(f"{pid}."))


def watchman(pid: int) -> int:
    (found,) = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"watchman" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_what_looks_ends_with_us(number: signal.Signals) -> None:
    with looking() as process:
        keeper, below = watchman(process.pid), leashed(process.pid)
        process.send_signal(number)
        process.wait()
        until(lambda: all(map(gone, below)), seconds=10)
        until(lambda: gone(keeper))


def test_what_a_killed_watchman_left_ends_when_somebody_looks_again() -> None:
    with looking() as process:
        below = leashed(process.pid)
        os.kill(watchman(process.pid), signal.SIGKILL)
        process.kill()
        process.wait()
        assert not any(map(gone, below))
        with looking():
            until(lambda: all(map(gone, below)), seconds=10)


def test_a_command_under_a_supervisor_is_not_ours_to_end(tmp_path: Path) -> None:
    starts = """
import sys
from pathlib import Path
from runbooks.commands import start
from runbooks.leash import hold
from runbooks.plan import Plan
hold()
home = Path(sys.argv[1])
start(Plan(id="c", text="echo $$; exec sleep 300", cwd=home, outputs=home))
sys.stdin.read()
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", starts, str(tmp_path)]
    with subprocess.Popen(words, env=env, stdin=subprocess.PIPE) as process:
        out = tmp_path / "c.out"
        shell = int(until(lambda: out.exists() and out.read_bytes()))
        keeper = watchman(process.pid)
    until(lambda: gone(keeper))
    assert not gone(shell)
    os.kill(shell, signal.SIGKILL)


TALKS = """
import sys
from pathlib import Path
from runbooks.interactive import run_interactive
from runbooks.plan import Plan
home = Path(sys.argv[1])
run_interactive(Plan(id="i", text=sys.argv[2], cwd=home, outputs=home))
print("OURS AGAIN", flush=True)
sys.stdin.read()
"""


def talks(home: Path, text: str) -> str:
    return f"import sys; sys.argv[1:] = {[str(home), text]!r}\n{TALKS}"


def test_who_has_the_terminal_ends_with_us(tmp_path: Path) -> None:
    with terminal(talks(tmp_path, f"echo $$ >pid; {STUBBORN}"), tmp_path) as shown:
        shown.until(lambda: len(leashed(shown.process.pid)) >= 4)
        below = leashed(shown.process.pid)
        shown.process.kill()
        shown.ended()
        until(lambda: all(map(gone, below)), seconds=10)
        assert int((tmp_path / "pid").read_text()) in below


def test_what_it_left_running_is_let_go(tmp_path: Path) -> None:
    away = "setsid sh -c 'touch up; exec sleep 300' >/dev/null 2>&1 & echo $! >pid"
    text = f"{away}; until [ -e up ]; do sleep 0.02; done"
    with terminal(talks(tmp_path, text), tmp_path) as shown:
        shown.until(b"OURS AGAIN")
        keeper = watchman(shown.process.pid)
        left = int((tmp_path / "pid").read_text())
        shown.process.kill()
        shown.ended()
        until(lambda: gone(keeper))
    assert not gone(left)
    os.kill(left, signal.SIGKILL)
