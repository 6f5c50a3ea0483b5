"""The traps of locking, each shown with a lock that falls into it and with ours."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from state.lever import Lever
from state.lock import Lock
from tests.state.books import ANA
from tests.state.torture import ROOT

TRY = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        call = getattr(fcntl, sys.argv[2])
        call(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("held")
    else:
        print("free")
"""
DECIDE = """
import sys
from pathlib import Path
from runbooks.errors import StateError
from state.deciding import decide
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, runbook, step
book = runbook(step("a"))
try:
    run = Run.create(Path(sys.argv[1]), book, "", ANA)
    decide(run, book.steps[0], Answer.PASS)
    run.save()
    print("acknowledged")
except StateError as error:
    print(error)
"""


def held(path: Path, call: str = "flock") -> bool:
    """Whether another process finds the lock of *path* taken."""
    words = [sys.executable, "-c", TRY, str(path), call]
    return subprocess.check_output(words, text=True) == "held\n"


@contextmanager
def naive(
    path: Path, call: Callable[[int, int], None], flags: int = 0
) -> Iterator[int]:
    """A lock as it is first written, on the file at *path*."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    call(handle, fcntl.LOCK_EX)
    try:
        yield handle
    finally:
        os.close(handle)


def test_opening_the_file_elsewhere_does_not_lose_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with naive(path, fcntl.lockf):
        path.open().close()
        assert not held(path, "lockf"), "the trap: any close loses it"
    with Lock(path):
        path.open().close()
        assert held(path)


def test_replacing_the_state_does_not_lose_it(tmp_path: Path) -> None:
    state, new, path = (tmp_path / name for name in ("progress.toml", "new", "lock"))
    with naive(state, fcntl.flock):
        new.touch()
        new.replace(state)
        assert not held(state), "the trap: it is on the file that went"
    with Lock(path):
        new.touch()
        new.replace(state)
        assert held(path)


def test_a_command_does_not_keep_it(tmp_path: Path) -> None:
    path, reader = tmp_path / "lever", os.pipe()

    def command() -> int:
        words = ["sh", "-c", "read line"]
        still = [(os.POSIX_SPAWN_DUP2, reader[0], 0)]
        return os.posix_spawnp("sh", words, os.environ, file_actions=still)

    with naive(path, fcntl.flock) as handle:
        os.set_inheritable(handle, True)
        first = command()
    assert held(path), "the trap: what we started has it still"
    os.write(reader[1], b"\n")
    os.waitpid(first, 0)
    lever = Lever(path, ANA)
    lever.take()
    second = command()
    lever.release()
    assert not held(path)
    os.write(reader[1], b"\n")
    os.waitpid(second, 0)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("flock:error=ENOLCK", "keeps no locks now"),
        ("rename:error=ESTALE", "the file server lost it"),
    ],
)
def test_a_file_server_without_locks_is_said(
    tmp_path: Path, fault: str, said: str
) -> None:
    calls = fault.split(":")[0]
    inject = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}"]
    words = [*inject, "-e", f"inject={fault}", sys.executable, "-c", DECIDE]
    done = subprocess.run(
        [*words, str(tmp_path / "state")], cwd=ROOT, capture_output=True, text=True
    )
    assert said in done.stdout and "acknowledged" not in done.stdout, done.stderr
