"""Coming back on a real terminal of 80x24, after screen and supervisor were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.practice.system import HERE
from tests.tui.tmux import Terminal, own_environment

ROOT = Path(__file__).parents[2]
GONOGO = (sys.executable, "-P", "-m", "tui")
BOOK = """\
# Drill

- [ ] Tickets closed
- [ ] Migrated
  ```bash {class=mutate}
  echo begun; exec sleep 1000
  ```
- [ ] Setting is new
  ```toml action
  use = "practice.write"
  to = "new"
  ```
"""


class Drill:
    """gonogo on the drill and a practice system, in tmux."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.book = home / "drill.md"
        self.book.write_text(BOOK)
        self.screen = Terminal(home / "tmux", 80, 24)
        self.system = home / "system"
        self.system.mkdir()
        (self.system / "id").write_text("alpha")
        self.profile = home / "practice.toml"
        self.profile.write_text(f'[practice]\ndirectory = "{self.system}"\n')

        self.env = {
            **own_environment(home),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}",
        }
        self.trust()

    def trust(self) -> None:
        """Trust the document as it is now: its systems are asked only then."""
        subprocess.run(
            [*GONOGO, "trust", "--yes", str(self.book)],
            env=self.env,
            cwd=self.home,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def open(self) -> None:
        argv = [*GONOGO, "open", str(self.book), "--target", str(self.profile)]
        self.screen.start(argv, self.env, self.home)

    def events(self, kind: str) -> list[dict[str, Any]]:
        (run,) = (self.home / "state" / "gonogo" / "runs").iterdir()
        lines = (run / "journal.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["kind"] == kind]

    def wait_for_event(self, kind: str, count: int = 1) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while len(found := self.events(kind)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} {kind}"
            time.sleep(0.05)
        return found[count - 1]

    def find(self, text: str) -> None:
        self.screen.keys("/")
        self.screen.wait_for("find:")
        self.screen.type(text)
        self.screen.keys("Enter")
        self.screen.wait_gone("find:")

    def agree(self) -> None:
        """Say why in the dialog."""
        self.screen.wait_for("why")
        time.sleep(0.8)  # the dialog takes no key before
        self.screen.type("drill")
        self.screen.keys("Enter")

    def kill(self) -> None:
        """SIGKILL to the screen, to each supervisor and to what it supervises."""
        os.kill(self.events("run_opened")[-1]["by"]["pid"], signal.SIGKILL)
        for record in self.home.rglob("outputs/*.run"):
            below = [json.loads(record.read_text())["pid"]]
            for pid in below:
                children = Path(f"/proc/{pid}/task/{pid}/children")
                if children.exists():
                    below += map(int, children.read_text().split())
            for pid in below:
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
        self.screen.wait_for("left with 137")
        self.screen.close()


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    if which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing: CI must walk on a real terminal")
        pytest.skip("tmux is not installed")
    drill = Drill(tmp_path)
    yield drill
    drill.screen.close()


def test_kill_9_during_a_command_then_an_edited_runbook(drill: Drill) -> None:
    screen = drill.screen
    drill.open()
    screen.wait_for("Tickets closed")
    screen.keys("Space")
    drill.wait_for_event("decided")
    drill.find("begun")
    screen.keys("r")
    drill.agree()
    screen.wait_for("begun\n")
    drill.kill()
    drill.book.write_text(BOOK.replace("Tickets closed", "All tickets closed"))
    drill.trust()

    drill.open()
    shown = screen.wait_for("Running and in doubt (1)")
    assert "was interrupted, outcome unknown" in shown
    assert "Edited (1), what was answered is to be done again" in shown
    assert "- - [ ] Tickets closed" in shown
    assert "+ - [ ] All tickets closed" in shown
    screen.wait_for("practice system alpha, as when the run began")
    screen.keys("Escape")
    screen.wait_gone("Running and in doubt")
    drill.wait_for_event("resumed")
    assert drill.wait_for_event("command_finished")["data"]["ending"] == "in doubt"


def test_kill_9_during_an_action(drill: Drill) -> None:
    screen = drill.screen
    (drill.system / "hold").touch()
    drill.open()
    screen.wait_for("Tickets closed")
    drill.find("Setting is new")
    screen.keys("r")
    drill.agree()
    screen.wait_for("half of it")
    drill.kill()
    (drill.system / "id").write_text("beta")

    drill.open()
    screen.wait_for("ANOTHER practice: practice system beta")
    shown = screen.wait_for("Running and in doubt (1)")
    assert "write 'new' to setting" in shown and "was interrupted" in shown
    assert drill.wait_for_event("action_finished")["data"]["ending"] == "in doubt"
    screen.keys("Enter")
    screen.wait_gone("Running and in doubt")
    screen.wait_for("outcome unknown")
    screen.keys("Space")
    screen.wait_for("say what you found")
    screen.type("the file holds half of it")
    screen.keys("Enter")
    assert (
        drill.wait_for_event("settled")["data"]["note"] == "the file holds half of it"
    )
    assert (drill.system / "setting").read_text() == "n"
