"""The runbook screen on a real engine and a practice system."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from runbooks.model import Part
from runbooks.parsing import parse
from runbooks.target import Target
from state.acted import left_open
from state.author import Author
from state.run import Run
from tests.tui.quick_hands import let_all_keys_count
from tests.tui.walking import lines, until
from tui.app import GonogoApp
from tui.engine import Engine
from tui.opening import make_engine
from tui.screens import question as dialog
from tui.screens.runbook import RunbookScreen
from tui.told import Told

ANA = Author("ana", "", "here", 1)


class Walk:
    """An app on a real engine."""

    def __init__(
        self, home: Path, text: str, target: Target, run: Run | None = None
    ) -> None:
        path = home / "book.md"
        path.write_text(text, encoding="utf-8")
        self.runbook = parse(text.encode(), path)
        assert not self.runbook.problems
        self.run = run or Run.create(home, self.runbook, target.name, ANA)
        self.run.trust()
        self.engine: Engine = make_engine(self.runbook, self.run, target, self.tell)
        self.board: RunbookScreen | None = None
        self.app = GonogoApp(self.first)
        self.app.at_work = self.engine.running
        self.app.left_open = lambda: left_open(self.run.actions)
        self.pilot: Pilot[None]

    def first(self) -> Screen[None]:
        self.board = RunbookScreen(self.engine)
        self.engine.start()
        return self.board

    def tell(self, what: Told) -> None:
        if self.board:
            self.board.tell(what)

    @property
    def commands(self) -> Mapping[str, Part]:
        """Part id to part, in document order."""
        return self.runbook.part_by_id

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in lines(self.app))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if c == " " else c for c in text))

    async def until(self, holds: Callable[[], object]) -> None:
        await until(self.pilot, holds)

    async def shows(self, words: str) -> None:
        """Wait until these words are on the screen."""
        await self.until(lambda: words in self.text)

    async def asked(self) -> None:
        """Wait until the dialog takes keys."""
        await self.until(lambda: isinstance(self.app.screen, dialog.QuestionScreen))
        await self.until(lambda: self.app.screen.check_action("cancel", ()))
        await self.pilot.pause()

    async def agree(self, line: str = "") -> None:
        """Say yes in the dialog that is or comes up, with what is to be typed."""
        await self.asked()
        dialog = self.app.screen
        if line:
            await self.type(line)
            await self.press("enter")
        else:
            await self.press("2")
        await self.until(lambda: self.app.screen is not dialog)


@asynccontextmanager
async def walking(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Walk]:
    """Show it; at the end what is at work is told to end."""
    let_all_keys_count(monkeypatch)
    try:
        async with walk.app.run_test(size=size, notifications=True) as walk.pilot:
            yield walk
    finally:
        for running in list(walk.engine._acting.jobs.values()):
            running.stop()
        for job in list(walk.engine._working.jobs.values()):
            job.running.stop()
        walk.engine.close()
