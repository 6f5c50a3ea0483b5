"""Several people on one run, each on a terminal of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.tmux import Terminal, own_environment

ROOT = Path(__file__).parents[2]
BOOK = """\
# Drill

- [ ] Tickets closed
- [ ] Backups seen
- [ ] Curtains drawn

```bash
echo 1 >> ran; sleep 60
```
"""


class Seat:
    """One person's terminal; their name is in their own settings."""

    def __init__(self, place: Path, name: str) -> None:
        self.screen = Terminal(place / f"tmux-{name}", 80, 24)
        self._place = place
        config = place / name / "gonogo" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'name = "{name}"\n')
        home = own_environment(place)
        self._env = {**home, "XDG_CONFIG_HOME": str(place / name)}

    def open(self) -> None:
        argv = [sys.executable, "-P", "-m", "tui", str(self._place / "book.md")]
        self.screen.start(argv, {**self._env, "PYTHONPATH": str(ROOT)}, self._place)
        self.screen.wait_for("Curtains drawn")

    def arm(self, why: str) -> None:
        self.screen.keys("D")
        self.screen.wait_for("why:")
        time.sleep(0.8)  # in which it takes no keys
        self.screen.type(why)
        self.screen.keys("Enter")


class Crew:
    """Two seats at one run."""

    def __init__(self, place: Path) -> None:
        (place / "book.md").write_text(BOOK)
        self._place = place
        self.ana, self.ben = Seat(place, "ana"), Seat(place, "ben")

    def journal(self) -> list[dict]:
        (path,) = self._place.glob("state/gonogo/runs/*/journal.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]

    def pid(self, name: str) -> int:
        """Process of the last screen that this person opened."""
        return [
            event["by"]["pid"]
            for event in self.journal()
            if event["kind"] == "run_opened" and event["by"]["user"].startswith(name)
        ][-1]

    def wait_for(self, kind: str) -> None:
        until = time.monotonic() + 30
        while kind not in [event["kind"] for event in self.journal()]:
            assert time.monotonic() < until, f"no {kind}"
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    there = Crew(tmp_path)
    yield there
    for seat in (there.ana, there.ben):
        seat.screen.close()


def test_all_decide_and_one_holds_the_lever_until_it_is_taken_over(crew: Crew) -> None:
    ana, ben = crew.ana, crew.ben
    ana.open()
    ben.open()
    ana.screen.wait_for("+1")
    ben.screen.keys("Space")
    ana.screen.wait_for("ben as root: yes")
    ana.screen.keys("j", "Space")
    ben.screen.wait_for("ana as root: yes")
    ana.arm("INC-311")
    ana.screen.wait_for("(lever)")
    ben.screen.wait_for("lever: ana")
    ben.screen.keys("D")
    ben.screen.wait_for("holds the lever")
    ben.screen.keys("C")
    seen = ben.screen.wait_for("Talk to them first")
    assert f"(process {crew.pid('ana')})" in seen and " since " in seen
    assert "t take the lever over" in seen
    time.sleep(0.8)  # in which no key takes it over
    ben.screen.keys("t")
    ben.screen.wait_for("(lever)")
    assert "ARMED" not in ana.screen.wait_for("lever: ben")
    told = [event for event in crew.journal() if "lever" in event["kind"]]
    assert [(event["kind"], event["by"]["user"][:3]) for event in told] == [
        ("lever_taken", "ana"),
        ("lever_asked", "ben"),
        ("lever_released", "ana"),
        ("lever_taken", "ben"),
    ]


def test_a_dead_holder_is_said_to_be_dead_and_a_note_is_handed_over(crew: Crew) -> None:
    ana, ben = crew.ana, crew.ben
    ana.open()
    ana.arm("INC-311")
    ana.screen.wait_for("(lever)")
    crew.kill("ana")
    ben.open()
    ben.screen.wait_for("gone")
    ben.screen.keys("C")
    ben.screen.wait_for("without giving it back")
    time.sleep(0.8)  # in which no key takes it over
    ben.screen.keys("t")
    assert "ARMED" not in ben.screen.wait_for("(lever)"), "ana was armed, ben is not"
    ben.screen.keys("Space")
    ben.screen.wait_for("saved #7")
    ben.screen.keys("q")
    ben.screen.wait_for("next one on shift")
    ben.screen.type("restart q first")
    ben.screen.keys("Enter")
    ben.screen.wait_for("left with 0")
    (note,) = [e["data"] for e in crew.journal() if e["kind"] == "handed_over"]
    assert note == {"note": "restart q first"}
    ana.screen.close()
    ana.open()
    ana.screen.wait_for("Handed over (1)")
    ana.screen.keys("Escape")
    ana.screen.wait_for("says: restart q first")
    ana.screen.keys("q")
    ana.screen.wait_for("left with 0")


def test_a_command_of_a_screen_that_was_killed_is_seen_to_its_end(crew: Crew) -> None:
    ana, ben = crew.ana, crew.ben
    ana.open()
    ben.open()
    ana.screen.keys("G", "r")
    ana.screen.wait_for("Trust this runbook")
    time.sleep(0.8)  # in which the dialog takes no keys
    ana.screen.type("drill")
    ana.screen.keys("Enter")
    ana.screen.wait_for("Choose whether to trust it.")
    ana.screen.keys("2")
    crew.wait_for("command_started")
    ben.screen.wait_for("running")
    crew.kill("ana")
    ben.screen.keys(".")
    ben.screen.wait_for("stopped")
    ends = [e for e in crew.journal() if e["kind"] == "command_finished"]
    assert [end["by"]["user"][:3] for end in ends] == ["ben"]
    assert ends[0]["data"]["ending"] == "stopped"
