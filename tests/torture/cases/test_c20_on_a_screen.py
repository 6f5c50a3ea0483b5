"""C20: nothing of an open run runs before trust, whatever keys are pressed."""

from __future__ import annotations

import queue
import random
from pathlib import Path
from typing import Any

import pytest

from runbooks.asking import Reply
from runbooks.model import Runbook
from runbooks.parsing import read
from runbooks.remedies import remedies
from runbooks.target import load
from state.author import current
from state.run import Run
from state.trust import TrustStore
from tests.torture.canaries import document, sung, written
from tests.torture.results import result, rng, size
from tests.torture.watched import watched
from tui.opening import make_engine
from tui.told import Asks, Told

pytestmark = pytest.mark.timeout(1800)
REACHES = b"""
```toml runbook
target = "canary"
```

- [ ] Ends sessions
  ```toml action
  use = "postgres.reload"
  ```

```bash
psql -c 'drop table x'
```
"""
"""Which system these would change is asked before they are shown."""


def test_an_engine_with_a_screen_runs_nothing_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, rounds = rng("c20 engine"), size(300, 12)
    alone = folder / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    reached = 0
    for number in range(rounds):
        data = document(dice, folder / "canaries")
        # Every other one is not beside a profile: then it names the operator's own.
        place = folder if number % 2 else alone
        path = written(place / f"{number}.md", data + REACHES)
        runbook = read(path)
        target = load(None, runbook, TrustStore().covers_profile)
        run = Run.create(folder / "state", runbook, target.name, current())
        told: queue.Queue[Told] = queue.Queue()
        engine = make_engine(runbook, run, target, told.put)
        engine.start()
        ask_for_all(engine, runbook)
        with watched():
            answer_all(engine, told, dice)
        engine.close()
        reached += target.name == "canary" and target.path is not None
    assert reached >= rounds // 4
    found = sung(folder)
    result(
        "G18",
        "C20",
        f"the same of {rounds} runs that are open on a screen, all keys pressed",
        "no canary",
        f"{len(found)} canaries",
        not found,
    )


def ask_for_all(engine: Any, runbook: Runbook) -> None:
    for part in runbook.part_by_id:
        engine.run_part(part)
    for block in runbook.blocks:
        engine.run_block(block.id)
    for step in runbook.steps:
        engine.probe([step.id])
        for remedy in remedies(step, engine.target):
            engine.remedy(remedy)
    engine.probe()
    engine.plan()


def answer_all(engine: Any, told: queue.Queue[Told], dice: random.Random) -> None:
    """Answer until nothing more is asked, with all but trust."""
    while True:
        try:
            what = told.get(timeout=0.1)
        except queue.Empty:
            return
        if isinstance(what, Asks):
            question = what.question
            values = {a.placeholder.variable: "x" for a in question.placeholders}
            reply = Reply(values, typed=question.type_word, reason="why")
            engine.answer(question.id, dice.choice([None, reply]))


def test_a_system_that_is_asked_before_trust_is_caught(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The naive twin: it asks which system it is, to show that with the question."""

    async def at_once(*_: object) -> bool:
        return True

    monkeypatch.setattr("tui.working.trusted_first", at_once)
    alone = folder / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    runbook = read(written(alone / "book.md", b"# T\n" + REACHES))
    target = load(None, runbook, TrustStore().covers_profile)
    run = Run.create(folder / "state", runbook, target.name, current())
    told: queue.Queue[Told] = queue.Queue()
    engine = make_engine(runbook, run, target, told.put)
    engine.start()
    engine.run_part(next(iter(runbook.part_by_id)))
    while not isinstance(told.get(timeout=60), Asks):
        pass
    engine.close()
    assert sung(folder) == {"profile"}
