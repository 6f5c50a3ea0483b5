"""Random keys on a real run: nothing crashes, and nothing runs that nobody let.

Nothing is changed in observe mode, and nothing of a system that is another one than at
first contact, whatever keys come.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from runbooks.asking import Reply
from runbooks.changes import Identity
from runbooks.identity_of import ask
from runbooks.parsing import parse
from runbooks.target import Target
from state.author import Author
from state.run import Run
from tests.practice import system as practice
from tests.practice.system import System
from tests.tui.guarded import assert_guarded, changing
from tui.app import GonogoApp
from tui.keymap import KEYS
from tui.opening import make_engine
from tui.screens.runbook import RunbookScreen
from tui.told import Refused, Told

DOCUMENT = """\
# Walk

## Before

- [ ] Tickets closed
- [ ] Backups seen

```bash
touch {work}/one
touch {work}/two
```

## Launch

- [ ] Go

```bash
echo <name>
```

```bash
echo looked
```
"""
ON_SYSTEM = """\
# Walk

- [ ] Setting is new
  ```toml step
  id = "setting"
  fix = ["practise fixed"]
  ```
  ```toml action
  use = "practice.write"
  to = "new"
  brief = true
  ```

- [ ] Setting is gone
  ```toml step
  id = "gone"
  ```
  ```toml action
  use = "practice.remove"
  ```

## Commands

```bash {{undo="practise back"}}
practise one
practise two
```
"""

WALKS = int(os.environ.get("GONOGO_WALKS", 6))
"""A sample; `make torture` walks more."""
STEPS = 60
pytestmark = pytest.mark.timeout(180 + 2 * WALKS)
# What would leave, or start the operator's editor.
LEFT_OUT = {"q", "ctrl+q", "ctrl+z", "T"}
BOUND = sorted(
    {
        name
        for keys in KEYS.values()
        for key in keys
        for name in key.keys.split(",")
        if name not in LEFT_OUT
    }
)
TYPED = [*"abz", *"1234", "ctrl+c", "ctrl+r", "left", "right", "shift+tab"]
OFTEN = ["enter", "escape", "r", "R", "F", "u", "2", "2", "down", "down"]


CHARACTERS = {
    "space": " ",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "full_stop": ".",
    "plus": "+",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}


def keys_of(dice: random.Random, begin: list[str]) -> list[str]:
    """First these, then anything."""
    return begin + [
        dice.choice(dice.choice([BOUND, BOUND, TYPED, OFTEN]))
        for _ in range(STEPS - len(begin))
    ]


def send(pilot: Pilot[None], key: str) -> None:
    """Send a key as the terminal does, waiting for nothing."""
    character = key if len(key) == 1 else CHARACTERS.get(key)
    event = events.Key(key, character)
    event.set_sender(pilot.app)
    assert pilot.app._driver is not None
    pilot.app._driver.send_message(event)


class Walker:
    """An app on a real engine, that remembers what was let run."""

    def __init__(
        self, home: Path, text: str, *, trusted: bool, system: System | None = None
    ) -> None:
        self.work = system.directory if system else home / "work"
        self.work.mkdir(exist_ok=True)
        text = text.format(work=self.work)
        path = home / "walk.md"
        path.write_text(text, encoding="utf-8")
        runbook = parse(text.encode(), path)
        assert not runbook.problems
        target = system.target if system else Target("")
        self.run = Run.create(home, runbook, target.name, Author("ana", "", "here", 1))
        if trusted:
            self.run.trust()
        self.engine = make_engine(runbook, self.run, target, self.tell)
        self.screen: RunbookScreen | None = None
        self.app = GonogoApp(self.first)
        self.let = False
        """Whether a reply was ever given."""
        self.refused: list[str] = []
        self.before = self.world
        answer = self.engine.answer

        def answered(question_id: str, reply: Reply | None) -> None:
            self.let = self.let or reply is not None
            answer(question_id, reply)

        self.engine.answer = answered  # type: ignore[method-assign]

    def first(self) -> Screen[None]:
        self.screen = RunbookScreen(self.engine)
        self.engine.start()
        return self.screen

    def tell(self, what: Told) -> None:
        assert self.screen is not None
        if isinstance(what, Refused):
            self.refused.append(what.message)
        self.screen.tell(what)

    @property
    def world(self) -> dict[str, str]:
        """What could be changed."""
        return {path.name: path.read_text() for path in self.work.iterdir()}

    @property
    def journal(self) -> list[dict[str, Any]]:
        text = (self.run.directory / "journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    @property
    def changed(self) -> bool:
        return self.world != self.before

    @property
    def ran(self) -> bool:
        return bool(self.run.commands) or self.changed

    async def walk(self, dice: random.Random, begin: list[str]) -> None:
        """Press random keys; what ran was let, and what changed was guarded."""
        trusted = self.run.is_trusted(self.run.runbook.digest)
        try:
            async with self.app.run_test(size=(60, 16), notifications=True) as pilot:
                for key in keys_of(dice, begin):
                    send(pilot, key)
                    # Some at once, as by a hand that does not wait for the screen.
                    await asyncio.sleep(dice.choice([0, 0.003]))
                    if not self.let:
                        assert trusted or not self.ran
                        assert not self.changed
                await pilot.pause()
        finally:
            for job in list(self.engine._working.jobs.values()):
                job.running.stop()
            for running in list(self.engine._acting.jobs.values()):
                running.stop()
            self.engine.close()
        assert self.app.return_code in (0, None)
        assert self.let or not (self.changed or changing(self.journal))
        assert_guarded(self.journal)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def homes(home: Path, which: str) -> Iterator[tuple[Path, random.Random]]:
    """A home of its own and dice for each walk of a third of them."""
    for walk in range(max(1, WALKS // 3)):
        path = home / str(walk)
        path.mkdir()
        # What one walk came to trust, another one does not.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(path))
            yield path, random.Random(f"{which} {walk}")


@pytest.mark.parametrize("trusted", [True, False])
async def test_random_keys_crash_nothing_and_run_nothing_unasked(
    home: Path, trusted: bool
) -> None:
    ran = 0
    for place, dice in homes(home, f"{trusted}"):
        walker = Walker(place, DOCUMENT, trusted=trusted)
        await walker.walk(dice, [*"jjr"])
        ran += walker.ran
    # A few walks may miss it: two keys and a reason have to come in order.
    assert ran or WALKS < 100, "the walks reach what they are to prove"


@pytest.mark.parametrize("same", [True, False], ids=["same-system", "other-system"])
async def test_random_keys_change_no_system_that_is_another_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    practice.register(monkeypatch)
    reached = 0
    for place, dice in homes(home, f"{same} system"):
        system = System(place)
        system.put("setting", "old")
        with pytest.MonkeyPatch.context() as patch:
            practice.command(system, patch)
            walker = Walker(place, ON_SYSTEM, trusted=True, system=system)
            alpha = await identify(system.target)
            if not same:
                system.put("id", "beta")
                walker.before = walker.world
                walker.run.know(alpha)
            await walker.walk(dice, [*"r", *"why", "enter"])
        if same:
            reached += bool(changing(walker.journal))
        else:
            assert not walker.changed and not changing(walker.journal)
            reached += any("leads to practice" in said for said in walker.refused)
    assert reached or WALKS < 100, "the walks reach what they are to prove"


async def identify(target: Target) -> Identity:
    found = await ask("practice", target)
    assert isinstance(found, Identity)
    return found
