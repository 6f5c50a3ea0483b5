"""Trials that mostly wait, several at a time, each with its own randomness."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.torture.results import seed

T = TypeVar("T")


def abreast(
    case: str,
    trials: int,
    trial: Callable[[int, random.Random], T],
    at_once: int = 3,
) -> list[T]:
    """Return what each *trial* returned; the first failure is raised, with its seed.

    Args:
        trial: called with its number and its randomness.
    """
    print(f"{case}: {trials} trials, GONOGO_SEED={seed()}", flush=True)

    def one(number: int) -> T:
        try:
            done = trial(number, random.Random(f"{seed()} {case} {number}"))
        except BaseException as error:
            error.add_note(f"{case}, trial {number}, GONOGO_SEED={seed()}")
            raise
        print(f"{case} {number}", flush=True)
        return done

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(trials)))


def worst(numbers: Iterable[float]) -> str:
    """Return the middle and the largest of *numbers*, in seconds."""
    ordered = sorted(numbers)
    return f"median {ordered[len(ordered) // 2]:.2f} s, max {ordered[-1]:.2f} s"
