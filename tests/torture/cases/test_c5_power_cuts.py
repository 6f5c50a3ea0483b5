"""C2, C5: power cuts at every call, and syncs that fail once or from then on."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runbooks.errors import StateError
from tests.torture.power import Disk
from tests.torture.results import memory, result, rng, size
from tests.torture.subjects import Naive, Ours, Retrying, Subject, Unsynced

pytestmark = pytest.mark.timeout(1800)


class Walk:
    """Answers on a disk that may lose its power at any call.

    Attributes:
        cuts: how often the power was cut.
        wrong: what was acknowledged and not there afterwards.
    """

    def __init__(self, kind: type[Subject], home: Path, dice: random.Random) -> None:
        self._kind = kind
        self._home = home
        self._dice = dice
        self._told: list[str] = []
        self._said: list[str] = []
        (home / "disk").mkdir()
        self.disk = Disk(home / "disk")
        self.cuts = 0
        self.wrong: list[str] = []

    def run(self, answers: int, every: int) -> None:
        """Answer so often, with a power cut at each call, or one in *every*."""
        self.disk.changed = lambda: self._dice.randrange(every) or self.cut()
        with self.disk.watched():
            subject = self._kind()
            try:
                subject.open(self._home / "disk")
            except StateError:
                return  # said before anything was
            for number in range(answers):
                text = f"number {number}"
                self._said.append(text)
                try:
                    subject.say(text)
                except (StateError, OSError):
                    pass
                else:
                    self._told.append(text)
                    self.cut()
                try:
                    subject.save()
                except (StateError, OSError):
                    continue
                self._told = self._said.copy()

    def cut(self) -> None:
        self.cuts += 1
        with self.disk.paused(), tempfile.TemporaryDirectory(dir=self._home) as place:
            left = Path(place, "left")
            self.disk.cut(left, self._dice)
            try:
                there = self._kind.load(left)
            except (StateError, OSError, ValueError, AssertionError) as error:
                self.wrong.append(f"unreadable: {error!r}")
                return
            if lost := [text for text in self._told if text not in there]:
                self.wrong.append(f"lost {lost}")


def walk(
    kind: type[Subject],
    answers: int,
    dice: random.Random,
    fails: Callable[[int], bool] = lambda number: False,
    every: int = 1,
) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory(dir=memory()) as place:
        walked = Walk(kind, Path(place), dice)
        walked.disk.fails = fails
        walked.run(answers, every)
        return walked.cuts, walked.wrong


def test_a_power_cut_takes_nothing_that_was_acknowledged() -> None:
    cuts, wrong = walk(Ours, size(150, 6), rng("c5 power"))
    result(
        "G1, G3",
        "C2",
        "power cut at every call: only what was synced is there, the rest by chance",
        "0 answers lost, 0 states unreadable",
        f"{len(wrong)} bad of {cuts} cuts {wrong[:2] or ''}",
        not wrong,
    )


@pytest.mark.parametrize("kind", [Naive, Unsynced])
def test_what_is_not_synced_does_not_survive_it(kind: type[Subject]) -> None:
    assert walk(kind, 8, rng(f"c5 {kind.__name__}"))[1]


def test_a_sync_that_failed_is_never_called_saved() -> None:
    dice, wrong, cuts = rng("c5 syncs"), [], 0
    rounds = size(60, 4)
    for number in range(1, rounds + 1):
        ever = number % 2

        def fails(sync: int, at: int = 6 + number // 2, ever: int = ever) -> bool:
            return sync >= at if ever else sync == at

        done, bad = walk(Ours, 6, dice, fails, every=3)
        cuts, wrong = cuts + done, wrong + bad
    result(
        "G2",
        "C5",
        "fsync fails at the n-th call, or from it on; power cuts after that",
        "0 called saved that are not",
        f"{len(wrong)} of {rounds} walks, {cuts} power cuts {wrong[:2] or ''}",
        not wrong,
    )


def test_a_sync_that_is_simply_tried_again_lies() -> None:
    cuts, wrong = walk(Retrying, 6, rng("c5 retry"), lambda sync: sync == 3)
    assert cuts
    assert wrong
