"""Twelve shapes of commands that would outlive their limit: all give back control."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.runbooks.running import begin, gone, until
from tests.torture.abreast import worst
from tests.torture.results import counted, result

WALL = 1.0
LIMIT = 6.0
"""Seconds from the limit of a command until it has given back control."""
SHAPES = {
    "pipeline": "sleep 311 | cat",
    "background": "sleep 311 & wait",
    "nohup": "nohup sleep 311 >/dev/null 2>&1 & wait",
    "setsid": "setsid sleep 311 & sleep 312",
    "double fork": "(setsid sh -c 'sleep 311; sleep 312' &) ; sleep 313",
    "trap": "trap '' TERM; sleep 311; sleep 312; sleep 313",
    "closed output": "exec >&- 2>&-; sleep 311",
    "sudo": "sudo -n sleep 311",
    "ssh": "ssh -p {port} -o ConnectTimeout=300 127.0.0.1 true",
    "port-forward": "kubectl -s http://127.0.0.1:{port} port-forward pod/x 8080",
    "follow": "tail -f /dev/null",
    "background that holds the output": "sleep 311 & echo done; sleep 312",
}


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        yield server.getsockname()[1]


def marked(home: Path) -> set[int]:
    """Return the processes that were started with *home* in their environment."""
    mark = f"SHAPE={home}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
        except (OSError, ValueError):
            continue
    return {pid for pid in found if not gone(pid)}


@pytest.mark.timeout(120)
def test_all_give_back_control_and_leave_nothing(tmp_path: Path, silent: int) -> None:
    counted("process_shapes", len(SHAPES))

    def returned(shape: str) -> float:
        home = tmp_path / shape.replace(" ", "-")
        home.mkdir()
        text = SHAPES[shape].format(port=silent)
        due = time.monotonic() + WALL
        running = begin(home, text, wall=WALL, env={"SHAPE": str(home)})
        ending = until(running.ending)
        late = time.monotonic() - due
        assert ending.ending == "wall limit", f"{shape}: it ended by itself"
        left = {int(each.split()[0]) for each in ending.survivors}
        until(lambda: marked(home) <= left)
        return late

    with ThreadPoolExecutor(len(SHAPES)) as pool:
        took = list(pool.map(returned, SHAPES))
    quick = sum(each < LIMIT for each in took)
    result(
        "G15",
        "C14",
        "shapes of commands that would outlive their limit",
        f"all back within {LIMIT:.0f} s, 0 survivors that are not reported",
        f"{quick} of {len(took)} ({worst(took)}), 0 survivors",
        quick == len(took),
    )


def test_a_naive_runner_fails_so(tmp_path: Path) -> None:
    """As most programs do: kill the shell, and wait until its output is closed."""
    hung = []
    for shape in ("background", "setsid", "double fork"):
        words = ["bash", "-c", SHAPES[shape]]
        env = {**os.environ, "SHAPE": str(tmp_path)}
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=env) as process:
            time.sleep(0.3)
            process.kill()
            try:
                process.communicate(timeout=1)
            except subprocess.TimeoutExpired:
                hung.append(shape)
            left = marked(tmp_path)
            assert left, shlex.join(words)
            for pid in left:
                os.kill(pid, 9)
    assert hung == ["background", "setsid", "double fork"]
