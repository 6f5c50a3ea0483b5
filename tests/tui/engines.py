"""An engine with a real run and no screen, for tests to drive."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runbooks.events import Kind
from runbooks.model import Runbook
from runbooks.parsing import parse
from runbooks.target import Target
from state.author import current
from state.run import Run
from tui.engine import Engine
from tui.opening import make_engine
from tui.told import Happened, OutputCame, Told


class Desk:
    """An engine, and everything that it told."""

    def __init__(
        self,
        home: Path,
        document: str,
        target: Target | None = None,
        trusted: bool = False,
    ) -> None:
        path = home / "drill.md"
        path.write_text(document, encoding="utf-8")
        self.runbook: Runbook = parse(path.read_bytes(), path)
        assert not self.runbook.problems
        self.told: queue.Queue[Told] = queue.Queue()
        self.seen: list[Told] = []
        self.target = target or Target("practice")
        self.run = Run.create(home / "state", self.runbook, "practice", current())
        if trusted:
            self.trust()
        self.engine = self._engine()

    def _engine(self) -> Engine:
        engine = make_engine(self.runbook, self.run, self.target, self.told.put)
        engine.start()
        return engine

    def reopen(self) -> None:
        """Leave and come back, as after a dropped line."""
        self.engine.close()
        self.run = Run.open(self.run.directory, self.runbook, current())
        self.engine = self._engine()

    def part(self, title: str) -> str:
        return next(
            part.id
            for part in self.runbook.part_by_id.values()
            if title in (part.title, part.text)
        )

    def wait(self, wanted: Callable[[Told], bool], seconds: float = 60.0) -> Told:
        """Return the first thing told from now on that is wanted."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                what = self.told.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never told; instead: {self.seen}") from None
            self.seen.append(what)
            if wanted(what):
                return what

    def wait_for(self, kind: type[Any]) -> Any:
        return self.wait(lambda what: isinstance(what, kind))

    def wait_event(self, kind: Kind) -> Told:
        return self.wait(lambda w: isinstance(w, Happened) and w.event.kind is kind)

    def trust(self) -> None:
        self.run.trust()

    def output(self) -> bytes:
        return b"".join(w.data for w in self.seen if isinstance(w, OutputCame))

    def journal(self) -> list[dict[str, Any]]:
        text = (self.run.directory / "journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]
