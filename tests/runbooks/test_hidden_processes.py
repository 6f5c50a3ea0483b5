"""A machine on which nobody sees the processes of others (``hidepid``)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HIDDEN = 'mount -t proc -o hidepid={way} proc /proc && exec "$@"'
"""Both are used: 1 refuses what is below /proc/PID, and with 2 it is not there."""
LIKE_OTHERS = (
    *("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
    *("--regid=65534", "--clear-groups"),
)
"""Root's privileges and root's group see everything."""
RUN = """
import os, sys
from pathlib import Path
from runbooks.commands import Running
from runbooks.processes import descendants, identity, is_the_one, lives
from tests.runbooks.running import begin, until

home, others = Path(sys.argv[1]), int(sys.argv[2])
assert not os.access(f"/proc/{others}/stat", os.R_OK)
running = begin(home, "sleep 300 & echo $!; sleep 300")
until(running.output.read_bytes, 10)
later = Running(home / "outputs", running.id)
below = [name for _, name in descendants(os.getpid())]
print(below.count("sleep"), running.alive(), later.alive(), later.ending())
running.stop()
print(until(running.ending, 10).ending)
until(lambda: not running.alive(), 10)
known = {**identity(os.getpid()), "pid": others, "start": 1}
print(lives(others), is_the_one(known), is_the_one({**known, "boot": "before"}))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("way", [1, 2])
def test_commands_run_and_are_found_again(way: int, tmp_path: Path) -> None:
    mounted = ("unshare", "--mount", "sh", "-c", HIDDEN.format(way=way), "sh")
    with subprocess.Popen(["sleep", "300"], user=61002) as others:
        words = [sys.executable, "-c", RUN, str(tmp_path), str(others.pid)]
        done = subprocess.run(
            [*mounted, *LIKE_OTHERS, *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        others.kill()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2 True True None",
        "stopped",
        "True True False",
    ]
