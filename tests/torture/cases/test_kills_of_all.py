"""SIGKILL at random moments of a walk in tmux, to any of the processes at once.

The screen, its watchman, a supervisor, its warden, the command, the process of an
action. What the screen showed as decided is there when it is opened again, and in the
end no process is left.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest

from tests.torture.abreast import abreast, worst
from tests.torture.drill import GONOGO, Drill, below, start
from tests.torture.results import SAMPLE, counted, result, size
from tests.tui.tmux import Terminal

DECISIONS = 60
JOBS = (
    "sleep 3 | cat",
    "trap '' TERM HUP; sleep 2; sleep 1",
    "setsid sleep 3",
    "(sleep 3 &) ; sleep 2",
    "exec sleep 3",
    "for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done",
)
VICTIMS = ("screen", "watchman", "supervisor", "warden", "command", "action")
EACH = 4 if SAMPLE else 20
"""Kills of one walk."""
SHOWN = re.compile(r"✓ (Decide \d\d)")
TELLS = "Enter goes to the step"
"""What stands below the screen that tells what changed."""
PATIENCE = 20.0
RESUMED = 3.0
"""Seconds until one can go on; three walk at once on this machine."""


class Walk:
    """A person at a walk that is killed again and again.

    Attributes:
        acknowledged: the decisions that a screen showed as made.
        combinations: which kinds of processes were killed at once.
        opened: seconds that each opening took, to where one goes on.
    """

    def __init__(
        self,
        home: Path,
        chance: random.Random,
        words: Sequence[str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.drill = Drill(home, JOBS, DECISIONS)
        self.screen = Terminal(home / "tmux", 100, DECISIONS + 40)
        self.chance = chance
        self.words = words or [*GONOGO, *self.drill.words]
        self.acknowledged: set[str] = set()
        self.combinations: set[frozenset[str]] = set()
        self.opened: list[float] = []
        self._next = 0
        self._patience = patience

    def open(self) -> None:
        """Open it; everything that was shown as decided has to be so."""
        self.screen.start(self.words, self.drill.env, self.drill.home)
        began = time.monotonic()
        end = began + self._patience
        while not self._wait(self._begins):
            assert time.monotonic() < end, f"no board:\n{self.screen.screen()}"
        self.opened.append(time.monotonic() - began)
        while not self._wait(self._on_board):
            assert time.monotonic() < end, f"no board:\n{self.screen.screen()}"
            self.screen.keys("Escape")  # it may tell first what changed
        while lost := self.acknowledged - self.shown():
            assert time.monotonic() < end, f"lost: {lost}\n{self.screen.screen()}"
            if TELLS in self.screen.screen():  # it came after the board
                self.screen.keys("Escape")
            time.sleep(0.1)

    def _on_board(self, screen: str) -> bool:
        return "Decide 00" in screen and "q quit" in screen

    def _begins(self, screen: str) -> bool:
        """Whether it is the board, or tells what changed: the next step is there."""
        return self._on_board(screen) or TELLS in screen

    def shown(self) -> set[str]:
        return set(SHOWN.findall(self.screen.screen()))

    def go_to(self, name: str) -> None:
        self.screen.keys("/")
        self._wait(lambda screen: "find:" in screen)
        self.screen.type(name)
        self.screen.keys("Enter")
        self._wait(lambda screen: "find:" not in screen)

    def _wait(self, wanted: Callable[[str], bool], seconds: float = 2.0) -> bool:
        """Wait a while; a walk goes on, whatever does not come."""
        end = time.monotonic() + seconds
        while not (came := wanted(self.screen.screen())) and time.monotonic() < end:
            time.sleep(0.05)
        return came

    def do_something(self) -> None:
        """Decide, or begin a command or an action."""
        doing = self.chance.choice((self.decide, self.decide, self.command, self.act))
        doing()

    def decide(self) -> None:
        if self._next < DECISIONS:
            self.go_to(f"Decide {self._next:02}")
            self.screen.keys("Space")
            self._next += 1

    def command(self) -> None:
        self.go_to(f"job{self.chance.randrange(len(JOBS)):02}")
        self.screen.keys("r")

    def act(self) -> None:
        self.drill.hold.touch()
        self.go_to("Setting")
        self.screen.keys("r")
        if self._wait(lambda screen: " why " in screen) and self.chance.random() < 0.8:
            time.sleep(0.6)  # keys that come sooner are not taken for an answer
            self.screen.type("drill")
            self.screen.keys("Enter")
            self._wait(lambda screen: " why " not in screen)
        else:
            self.screen.keys("Escape")

    def kill(self) -> None:
        """Kill some of what is there, and see to it that the rest is as it should."""
        groups = self.groups()
        there = [kind for kind in VICTIMS if groups[kind]]
        assert there, f"it has ended by itself:\n{self.screen.screen()}"
        chosen = self.chance.sample(there, self.chance.randint(1, len(there)))
        victims = {pid for kind in chosen for pid in groups[kind]}
        self.acknowledged |= self.shown()
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.combinations.add(frozenset(chosen))
        if "screen" in chosen:
            self.screen.close()
            self.open()
        self.await_owned()

    def groups(self) -> dict[str, set[int]]:
        """Return the processes of each kind that may be killed."""
        found: dict[str, set[int]] = {kind: set() for kind in VICTIMS}
        processes = self.drill.processes()
        for pid, words in processes.items():
            if " ".join(self.words[1:]) in words and "code=" not in words:
                found["screen"].add(pid)
            elif "watchman.py" in words:
                found["watchman"].add(pid)
        for supervisor, warden in self.drill.supervised():
            found["supervisor"].add(supervisor)
            if start(warden):
                found["warden"].add(warden)
            for pid in below(supervisor) - {supervisor}:
                acts = "runbooks.actions.performing" in processes.get(pid, "")
                found["action" if acts else "command"].add(pid)
        return found

    def await_owned(self) -> None:
        """Wait until each process is the screen's or has a supervisor that lives."""
        end = time.monotonic() + self._patience
        while orphans := self.orphans():
            assert time.monotonic() < end, f"orphans: {orphans}"
            time.sleep(0.1)

    def orphans(self) -> dict[int, str]:
        processes = self.drill.processes()
        groups = self.groups()
        # A shell that tmux started waits for the end of the screen, and sleeps then.
        roots = {pid for pid, words in processes.items() if "left with" in words}
        for kind in ("screen", "watchman", "supervisor", "warden"):
            roots |= groups[kind]
        owned = {pid for root in roots for pid in below(root)}
        return {
            pid: words
            for pid, words in processes.items()
            if pid not in owned and words != "sleep 1000" and start(pid)
        }

    def leave(self) -> None:
        """Leave by ``q`` and wait until all that went on has ended."""
        self.acknowledged |= self.shown()
        self.drill.hold.unlink(missing_ok=True)
        end = time.monotonic() + self._patience
        while not self._wait(lambda screen: "left with 0" in screen):
            assert time.monotonic() < end, self.screen.screen()
            if "Leave gonogo?" not in self.screen.screen():
                self.screen.keys("q")
                self._wait(lambda screen: "Leave gonogo?" in screen)
            self.screen.keys("y", "Enter")  # yes, or a note of one letter
        self.screen.close()
        self.drill.await_none(limit=PATIENCE)
        decided = {event["step"] for event in self.drill.events("decided")}
        assert {name.lower().replace(" ", "-") for name in self.acknowledged} <= decided
        assert self.drill.run
        saved = tomllib.loads((self.drill.run / "progress.toml").read_text())
        assert saved["end"]["complete"]


@pytest.fixture(autouse=True)
def tmux() -> None:
    if which("tmux") is None:
        pytest.fail("tmux is missing: nothing can be killed in it")


def walk_and_kill(walk: Walk, kills: int) -> None:
    try:
        walk.open()
        for _ in range(kills):
            walk.do_something()
            time.sleep(walk.chance.uniform(0, 0.4))
            walk.kill()
        walk.leave()
    finally:
        walk.screen.close()
        walk.drill.hold.unlink(missing_ok=True)
        walk.drill.kill_all()


@pytest.mark.timeout(7200)
def test_kills_lose_no_decision_and_leave_no_process(tmp_path: Path) -> None:
    counted("kill_victims", len(VICTIMS))
    began = time.monotonic()

    def trial(number: int, chance: random.Random) -> Walk:
        walk = Walk(tmp_path / str(number), chance)
        walk_and_kill(walk, EACH)
        return walk

    walks = abreast("kills", size(1000, 8) // EACH, trial)
    combinations = {each for walk in walks for each in walk.combinations}
    if not SAMPLE:
        counted("kill_combinations", len(combinations))
    shown = sum(len(walk.acknowledged) for walk in walks)
    seconds = (time.monotonic() - began) / len(walks) / EACH
    result(
        "accepted",
        "all",
        "SIGKILL of screen, supervisor, command, action, in any combination, in tmux",
        "0 acknowledged decisions lost, 0 processes left",
        f"0 of {shown} decisions lost, 0 processes left, in {len(walks) * EACH} kills "
        f"of {len(combinations)} combinations, {seconds:.1f} s each",
        True,
    )
    opened = [took for walk in walks for took in walk.opened]
    result(
        "G26",
        "all",
        "opened again after a kill, to where one goes on",
        f"as it was, in {RESUMED:.0f} s",
        f"{len(opened)} of {len(opened)}, {worst(opened)}",
        max(opened) < RESUMED,
        strict=False,
    )


NAIVE = """
import json, subprocess, sys, termios, threading, tty
from pathlib import Path
file = Path.home() / "decisions.json"
made = json.loads(file.read_text()) if file.exists() else []
tty.setcbreak(0)

def show():
    rows = [f"{'✓' if n in made else '○'} Decide {n:02}" for n in range(60)]
    rows.append("q quit")
    print("\\x1b[H\\x1b[2J" + "\\n".join(rows), flush=True)

def save():
    file.write_text(json.dumps(made))

show()
found = 0
while key := sys.stdin.read(1):
    if key == "/":
        print("find:", flush=True)
        word = sys.stdin.readline()
        found = int(word.split()[1]) if word.startswith("Decide") else found
        show()
    elif key == " ":
        made.append(found)
        show()
        if "late" in sys.argv:
            threading.Timer(1.0, save).start()
        else:
            save()
    elif key == "r":
        subprocess.Popen(["sleep", "60"], start_new_session=True)
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flaw", ["late", "unsupervised"])
def test_a_naive_program_fails_so(tmp_path: Path, flaw: str) -> None:
    """It shows before it saves; or it saves at once, and starts commands itself."""
    words = [sys.executable, "-c", NAIVE, flaw]
    walk = Walk(tmp_path / flaw, random.Random(1), words, patience=3)
    walk.act = walk.command  # it knows no actions
    expected = "lost" if flaw == "late" else "orphans"
    with pytest.raises(AssertionError, match=expected):
        walk_and_kill(walk, 30)
