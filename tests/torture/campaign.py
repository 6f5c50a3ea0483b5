"""How much is tried, from which seed, and that it never becomes less."""

from __future__ import annotations

import os
import random
import secrets
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
SEED = int(os.environ.get("GONOGO_SEED") or secrets.randbits(32))
SAMPLE = os.environ.get("GONOGO_TORTURE") == "sample"
COUNTS = tomllib.loads(Path(__file__).with_name("supervision.toml").read_text())
ABREAST = 3
"""Trials at one time: they mostly wait."""


class Trials:
    """The trials of one goal: numbered, each with its own randomness, counted.

    Args:
        goal: table of ``supervision.toml``: how many trials there are at least, and of
            how many kinds each thing is that a trial draws from.
    """

    def __init__(self, goal: str) -> None:
        self._goal = goal
        self._counts = COUNTS[goal]
        self.number: int = self._counts["sample" if SAMPLE else "full"]

    def kinds(self, name: str, kinds: Sequence[T]) -> Sequence[T]:
        """Return *kinds*; fails if there are fewer than there once were."""
        assert len(kinds) >= self._counts[name], f"{self._goal}: {name} became fewer"
        return kinds

    def run(
        self,
        trial: Callable[[int, random.Random], T],
        abreast: int = ABREAST,
        each: int = 1,
    ) -> list[T]:
        """Run every trial, several at a time; the first failure is raised.

        Args:
            each: how many trials one call of *trial* makes.
        """
        print(f"\n{self._goal}: {self.number} trials, GONOGO_SEED={SEED}", flush=True)

        def one(number: int) -> T:
            try:
                done = trial(number, random.Random(f"{SEED} {self._goal} {number}"))
            except BaseException as error:
                error.add_note(f"{self._goal} {number}, GONOGO_SEED={SEED}")
                raise
            print(f"{self._goal} {number + each}", flush=True)
            return done

        with ThreadPoolExecutor(abreast) as pool:
            return list(pool.map(one, range(0, self.number, each)))


def row(goal: str, text: str) -> None:
    """Print a line of the table of results."""
    print(f"| {goal} | {text} |", flush=True)


def worst(numbers: Iterable[float]) -> str:
    """Return the middle and the largest of *numbers*, in seconds."""
    ordered = sorted(numbers)
    return f"median {ordered[len(ordered) // 2]:.2f} s, max {ordered[-1]:.2f} s"
