"""One state directory for a team: several Unix users, whatever their umask."""

from __future__ import annotations

import os
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from state.replaying import replay
from tests.state.torture import ROOT

TEAM, ANA, BEN, STRANGER = 61000, 61001, 61002, 61003
PATHS = os.pathsep.join((str(ROOT), *site.getsitepackages()))


def interpreter() -> str:
    """Return a Python that other users may run, "" where there is none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for each in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with suppress(OSError):
            words = [each, "-c", "import msgspec, tomlkit"]
            env = {"PYTHONPATH": PATHS}
            done = subprocess.run(words, user=ANA, env=env, cwd="/", check=False)
            if done.returncode == 0:
                return each
    return ""


PYTHON = interpreter() if os.geteuid() == 0 else ""
pytestmark = pytest.mark.skipif(not PYTHON, reason="cannot become other users")
BEGIN = """
import os, sys
from pathlib import Path
from runbooks.errors import GonogoError
from state.author import current
from state.deciding import attach, decide, note
from state.run import Run
from state.standing import Answer
from tests.state.books import runbook, step
book = runbook(*(step(f"s.{i}") for i in range(20)))
place = Path(sys.argv[1])
def opened():
    (directory,) = (place / "runs").iterdir()
    return Run.open(directory, book, current())
"""


@pytest.fixture
def team() -> Iterator[Path]:
    """A directory of the group's, in one that everybody may pass."""
    outer = Path(tempfile.mkdtemp(prefix="team-"))
    outer.chmod(0o755)
    place = outer / "state"
    place.mkdir()
    os.chown(place, 0, TEAM)
    place.chmod(0o2770)
    yield place
    shutil.rmtree(outer)


def start(
    uid: int, place: Path, code: str, umask: int = 0o077
) -> subprocess.Popen[str]:
    """Run *code* as another user, with a home that is not there."""
    return subprocess.Popen(
        [PYTHON, "-c", BEGIN + code, str(place)],
        cwd=ROOT,
        user=uid,
        group=uid,
        extra_groups=[] if uid == STRANGER else [TEAM],
        umask=umask,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": PATHS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    out, problem = process.communicate(timeout=60)
    assert process.returncode == 0, problem
    return out


def run_as(uid: int, place: Path, code: str, umask: int = 0o077) -> str:
    return said(start(uid, place, code, umask))


CREATE = "Run.create(place, book, 'prod', current()).close()"
DECIDE = """
run = opened()
for number in range(60):
    decide(run, book.steps[number % 20], Answer.PASS, f"{os.getuid()} {number}")
    if number % 7 == 0:
        run.save()
run.close()
"""


def test_everybody_of_the_team_decides_at_once(team: Path) -> None:
    run_as(ANA, team, CREATE, 0o022)
    writers = [start(ANA, team, DECIDE), start(BEN, team, DECIDE, 0o002)]
    for writer in writers:
        said(writer)
    (directory,) = (team / "runs").iterdir()
    notes = {
        decision.note
        for state in replay(directory).steps.values()
        for decision in (*state.earlier, state.decision)
        if decision
    }
    assert notes == {f"{uid} {i}" for uid in (ANA, BEN) for i in range(60)}
    for path in [team / "runs", *(team / "runs").rglob("*")]:
        found = path.stat()
        mode = 0o2770 if path.is_dir() else 0o660
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (mode, TEAM), path


def test_who_is_not_of_the_team_is_told_so(team: Path) -> None:
    run_as(ANA, team, CREATE)
    code = f"try: {CREATE}\nexcept GonogoError as error: print(error)"
    assert "not readable and writable for you" in run_as(STRANGER, team, code)


HOLD = """
run = opened()
run.take_lever()
run.arm("INC-311")
print(os.getpid(), flush=True)
input()
"""
TAKE = """
run = opened()
try:
    run.take_lever()
except GonogoError as error:
    print(error)
try:
    run.take_lever(over=True)
    print("taken,", "armed" if run.armed() else "not armed")
except GonogoError as error:
    print(type(error).__name__)
run.close()
"""


def test_the_lever_of_another_user_who_lives_and_who_died(team: Path) -> None:
    run_as(ANA, team, CREATE)
    holder = start(ANA, team, HOLD)
    assert holder.stdout is not None
    pid = holder.stdout.readline().strip()
    told, then = run_as(BEN, team, TAKE).splitlines()
    assert f"uid {ANA} on " in told and f"(process {pid}) holds the lever" in told
    assert then == "LeverHeld", "nobody takes it from one who lives"
    holder.kill()
    holder.communicate()
    told, then = run_as(BEN, team, TAKE).splitlines()
    assert f"(process {pid}) had the lever" in told and "is gone" in told
    assert then == "taken, not armed"
    (directory,) = (team / "runs").iterdir()
    assert replay(directory).arming is None


COMMAND = """
from runbooks.commands import Plan, attach, start
# The supervisor's Python has its packages beside it, and this one has not.
python = place / "python"
python.write_text(f'#!/bin/sh\\nshift\\nexec {sys.executable} "$@"\\n')
python.chmod(0o755)
sys.executable = str(python)
run = opened()
plan = Plan(id="c1", text="echo to be seen; sleep 60", shell="bash", cwd=Path("/"),
            outputs=run.outputs)
start(plan)
"""
WATCH = """
from runbooks.commands import attach
running = attach(opened().outputs, "c1")
while b"seen" not in running.output.read_bytes():
    pass
try:
    running.stop()
except PermissionError:
    print("not yours")
print(running.ending())
"""
STOP = """
from runbooks.commands import attach
running = attach(opened().outputs, "c1")
running.stop()
while running.ending() is None:
    pass
print(running.ending().ending)
"""


def test_output_of_another_user_is_seen_and_their_command_is_theirs(team: Path) -> None:
    run_as(ANA, team, CREATE)
    run_as(ANA, team, COMMAND)
    assert run_as(BEN, team, WATCH) == "not yours\nNone\n"
    assert run_as(ANA, team, STOP) == "stopped\n"
