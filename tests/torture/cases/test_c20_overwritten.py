"""C20: what runs was trusted, never what was written over it later."""

from __future__ import annotations

import queue
import random
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runbooks.asking import Reply
from runbooks.parsing import read
from runbooks.target import Target
from state.author import current
from state.run import Run
from tests.torture.canaries import sung, written
from tests.torture.results import memory, result, rng, size
from tests.torture.trusted import BOOK, PROFILE, Trusted
from tui.opening import make_engine
from tui.told import Asks, Refused, Told

pytestmark = pytest.mark.timeout(1800)


class Walked:
    """A run of a trusted document whose files are written over while it is open."""

    def __init__(self, folder: Path, moment: int, dice: random.Random) -> None:
        self._folder, self._moment, self._dice = folder, moment, dice
        self._told: queue.Queue[Told] = queue.Queue()

    def walk(self) -> str:
        """Ask for the command; return "ran" or "refused"."""
        trusted = Trusted(self._folder)
        runbook = trusted.runbook
        self._at(0)
        target = Target("", vars={"MARK": str(self._folder / "canaries")})
        run = Run.create(self._folder / "state", runbook, "", current())
        engine = make_engine(runbook, run, target, self._told.put)
        self._at(1)
        engine.start()
        try:
            engine.run_part(next(iter(runbook.part_by_id)))
            while True:
                what = self._told.get(timeout=60)
                if isinstance(what, Asks):
                    self._at(2)
                    engine.answer(
                        what.question.id, Reply(trust="all", reason="why", typed="x")
                    )
                elif isinstance(what, Refused):
                    return "refused"
                elif type(what).__name__ == "Happened" and _is_end(what):
                    return "ran"
        finally:
            engine.close()

    def _at(self, moment: int) -> None:
        """Write over one of the files, or all, if it is the moment."""
        if moment == self._moment:
            new = f"```bash\ntouch {self._folder}/canaries/new\n```\n"
            for name, text in (
                ("book.md", "# Trusted\n\n" + new),
                ("book.gonogo.toml", '[step."Step"]\nfix = ["touch x"]\n'),
                ("gonogo.toml", PROFILE.format(mark="/nowhere")),
            ):
                if self._dice.random() < 0.8 or name == "book.md":
                    (self._folder / name).write_text(text)


def _is_end(what: Any) -> bool:
    return str(what.event.kind) == "command_finished"


def test_what_is_written_over_after_trust_never_runs(tmp_path: Path) -> None:
    dice, rounds = rng("c20 between"), size(200, 9)
    base = (memory() or tmp_path) / tmp_path.name
    new = old = refused = 0
    for number in range(rounds):
        place = base / f"{number}"
        (place / "canaries").mkdir(parents=True)
        ended = Walked(place, number % 3, dice).walk()
        new += (place / "canaries" / "new").exists()
        old += (place / "canaries" / "old").exists()
        refused += ended == "refused"
        subprocess.run(["rm", "-r", str(place)], check=True)
    assert old + refused == rounds and old
    result(
        "G19",
        "C20",
        f"runbook, sidecar and profile written over between trust and run; {old} times "
        f"what was trusted ran, {refused} times nothing did",
        "new bytes run 0 times",
        f"{new} of {rounds}",
        not new,
    )


def test_a_runner_that_reads_again_is_caught(folder: Path) -> None:
    """The naive twin: it trusts what it read, and runs what it reads then."""
    path = written(folder / "book.md", BOOK.encode())
    agreed = sha256(path.read_bytes()).hexdigest()
    path.write_text(f"```bash\ntouch {folder}/canaries/new\n```\n")
    (part,) = read(path).part_by_id.values()
    assert agreed
    subprocess.run(["bash", "-c", part.text], check=True)
    assert "new" in sung(folder)
