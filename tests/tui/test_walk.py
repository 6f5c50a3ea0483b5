"""A walk by keys alone, on a real terminal, from opening to coming back."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from shutil import copy, which

import pytest

from tests.tui.tmux import Terminal, own_environment

ROOT = Path(__file__).parents[2]
SEED = ROOT / "tests" / "golden" / "production-checklist.md"


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Terminal]:
    if which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing: CI must walk on a real terminal")
        pytest.skip("tmux is not installed")
    terminal = Terminal(tmp_path / "tmux", 80, 24)
    yield terminal
    terminal.close()


@pytest.fixture
def server() -> Iterator[str]:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "very healthy"}\n')

        def log_message(self, *args: object) -> None:
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


class Walk:
    """gonogo on one runbook, opened as often as a test likes."""

    def __init__(self, screen: Terminal, home: Path, runbook: Path) -> None:
        self.screen = screen
        self.home = home
        self.runbook = runbook
        self.env = own_environment(home)

    def open(self) -> None:
        argv = [sys.executable, "-P", "-m", "tui", str(self.runbook)]
        env = {**self.env, "PYTHONPATH": str(ROOT)}
        self.screen.start(argv, env, self.home)

    def quit(self) -> None:
        self.screen.keys("q")
        self.screen.wait_for_one("left with 0", "next one on shift")
        if "left with 0" not in self.screen.screen():
            self.screen.keys("Enter")
        self.screen.wait_for("left with 0")
        self.screen.close()

    @property
    def run(self) -> Path:
        (directory,) = (self.home / "state" / "gonogo" / "runs").iterdir()
        return directory

    def progress(self) -> dict:
        return tomllib.loads((self.run / "progress.toml").read_text())

    def events(self) -> list[dict]:
        lines = (self.run / "journal.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def wait_for_events(self, kind: str, count: int, seconds: float = 60) -> list[dict]:
        deadline = time.monotonic() + seconds
        while True:
            found = [event for event in self.events() if event["kind"] == kind]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} {kind}"
            time.sleep(0.05)

    def find(self, text: str) -> None:
        self.screen.keys("/")
        self.screen.wait_for("find:")
        self.screen.type(text)
        self.screen.keys("Enter")
        self.screen.wait_gone("find:")


@pytest.fixture
def walk(screen: Terminal, tmp_path: Path) -> Walk:
    runbook = tmp_path / "production-checklist.md"
    copy(SEED, runbook)
    return Walk(screen, tmp_path, runbook)


def test_walk_the_seed_leave_and_go_on(walk: Walk, server: str) -> None:
    screen = walk.screen
    walk.open()
    screen.wait_for("Kubernetes cluster or Docker host provisioned")
    screen.keys("Space", "Space", "Space")
    walk.wait_for_events("decided", 3)

    screen.keys("s")
    screen.wait_for("not saved until Enter")
    screen.type("no storage class on this host")
    screen.keys("Enter")
    walk.wait_for_events("decided", 4)

    screen.wait_gone("not saved until Enter")
    screen.keys("t")
    screen.wait_for("note (not saved until Enter)")
    screen.type("ask the network team, OPS-12")
    screen.keys("Enter")
    walk.wait_for_events("noted", 1)

    walk.find("API health")
    screen.wait_for("API health checks passing")
    screen.keys("n")
    screen.wait_for("curl https://api.example.com/health")
    screen.keys("e")
    screen.wait_for("api.example.com")
    time.sleep(0.5)
    screen.keys("C-a", "C-k")
    screen.type(f"curl -s {server}/health")
    screen.keys("C-r")
    screen.wait_for("trust")  # the copy is not from a document anyone trusts yet
    time.sleep(0.8)
    screen.keys("2")
    walk.wait_for_events("command_finished", 1)
    screen.wait_for("very healthy")
    walk.quit()

    told = walk.progress()
    assert told["end"]["complete"] is True
    text = (walk.run / "progress.toml").read_text()
    assert "no storage class on this host" in text
    assert "ask the network team, OPS-12" in text
    assert text.index("[run]") < text.index("no storage class") < text.index("[end]")

    walk.open()
    screen.wait_for("API health")  # where it was left
    screen.keys("g")
    screen.wait_for("Kubernetes cluster")
    assert screen.screen().count("said") == 3
    walk.quit()
    assert len(list((walk.home / "state" / "gonogo" / "runs").iterdir())) == 1


def test_kill_9_of_the_screen_loses_neither_command_nor_decision(walk: Walk) -> None:
    walk.runbook.write_text(
        "# Drill\n\n- [ ] Decide\n\n## Act\n\n```bash\n"
        "echo begun; sleep 3; echo done; exit 7\n```\n"
    )
    screen = walk.screen
    walk.open()
    screen.wait_for("Decide")
    screen.keys("Space")
    (decided,) = walk.wait_for_events("decided", 1)
    walk.find("begun")
    screen.keys("r")
    screen.wait_for("trust")
    time.sleep(0.8)
    screen.type("drill")  # why: it is no command that only looks
    screen.keys("Enter")
    screen.wait_for("Choose whether to trust it.")
    screen.keys("2")
    walk.wait_for_events("command_started", 1)
    screen.wait_for("begun")
    os.kill(decided["by"]["pid"], signal.SIGKILL)
    screen.wait_for("left with 137")
    screen.close()

    walk.open()
    screen.wait_for("exit 7")
    (finished,) = walk.wait_for_events("command_finished", 1)
    assert (finished["data"]["code"], finished["data"]["ending"]) == (7, "exit")
    (output,) = (walk.run / "outputs").glob("*.out")
    assert output.read_text() == "begun\ndone\n"
    assert len(walk.wait_for_events("decided", 1)) == 1
    walk.quit()


def test_no_process_is_left(walk: Walk) -> None:
    walk.open()
    walk.screen.wait_for("Kubernetes cluster")
    walk.quit()
    listed = subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True)
    assert str(walk.runbook) not in listed.stdout


def test_stopped_and_continued_it_shows_all_that_it_showed(walk: Walk) -> None:
    screen = walk.screen
    walk.open()
    screen.wait_for("Kubernetes cluster or Docker host provisioned")
    screen.keys("Space", "Space")
    (_, decided) = walk.wait_for_events("decided", 2)
    screen.wait_for("saved #3")
    time.sleep(0.5)  # the detail follows a moment after the cursor
    before = screen.screen()
    pid = decided["by"]["pid"]
    os.kill(pid, signal.SIGTSTP)
    state = Path(f"/proc/{pid}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.02)
    assert "Kubernetes" not in screen.screen(), "the shell has its screen back"
    os.kill(pid, signal.SIGCONT)
    screen.wait_for("Kubernetes cluster or Docker host provisioned")
    screen._until(lambda now: _but_time(now) == _but_time(before), "the same again", 5)
    walk.quit()


def _but_time(screen: str) -> str:
    return re.sub(r"\d\d:\d\dZ|\bnow\b|\d+ (?:s|min)\b", "", screen)
