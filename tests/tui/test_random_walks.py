"""Random keys on a real run: nothing crashes, and nothing runs that nobody let."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from runbooks.asking import Reply
from runbooks.parsing import parse
from runbooks.target import Target
from state.author import Author
from state.run import Run
from tui.app import GonogoApp
from tui.keymap import KEYS
from tui.opening import make_engine
from tui.screens import question as dialog
from tui.screens.runbook import RunbookScreen
from tui.told import Told

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

WALKS = int(os.environ.get("GONOGO_WALKS", 6))
"""A sample; `make torture` walks more."""
STEPS = 60
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
OFTEN = ["enter", "escape", "r", "R", "2", "2", "down", "down"]


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


def keys_of(dice: random.Random) -> list[str]:
    """To the first command, run it, then anything."""
    begin = [*"jjr"]
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

    def __init__(self, home: Path, *, trusted: bool) -> None:
        self.work = home / "work"
        self.work.mkdir()
        text = DOCUMENT.format(work=self.work)
        path = home / "walk.md"
        path.write_text(text, encoding="utf-8")
        runbook = parse(text.encode(), path)
        self.run = Run.create(home, runbook, "", Author("ana", "", "here", 1))
        if trusted:
            self.run.trust()
        self.engine = make_engine(runbook, self.run, Target(""), self.tell)
        self.screen: RunbookScreen | None = None
        self.app = GonogoApp(self.first)
        self.let = False
        """Whether a reply was ever given."""
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
        self.screen.tell(what)

    @property
    def ran(self) -> bool:
        return bool(self.run.commands) or any(self.work.iterdir())


@pytest.mark.parametrize("trusted", [True, False])
async def test_random_keys_crash_nothing_and_run_nothing_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    monkeypatch.setattr(dialog, "DEAD_TIME", 0.001)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    ran = 0
    for walk in range(WALKS // 2):
        home = tmp_path / str(walk)
        home.mkdir()
        dice = random.Random(f"{walk} {trusted}")
        walker = Walker(home, trusted=trusted)
        keys = keys_of(dice)
        try:
            async with walker.app.run_test(size=(60, 16), notifications=True) as pilot:
                for key in keys:
                    send(pilot, key)
                    # Some at once, as by a hand that does not wait for the screen.
                    await asyncio.sleep(dice.choice([0, 0.003]))
                    if not walker.let and not trusted:
                        assert not walker.ran
                await pilot.pause()
        finally:
            for job in list(walker.engine._working.jobs.values()):
                job.running.stop()
            walker.engine.close()
        assert walker.app.return_code in (0, None), f"walk {walk}"
        assert walker.let or trusted or not walker.ran
        ran += walker.ran
    # A few walks may miss it: two keys and a reason have to come in order.
    assert ran or WALKS < 100, "the walks reach what they are to prove"
