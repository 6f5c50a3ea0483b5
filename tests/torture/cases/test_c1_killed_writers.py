"""C1: SIGKILL at any moment of writing loses nothing that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.killed import kill
from tests.torture.results import result, rng, size
from tests.torture.subjects import Naive, Ours

pytestmark = pytest.mark.timeout(1800)


def test_nothing_is_lost(tmp_path: Path) -> None:
    rounds = size(1000, 15)
    told, lost, unreadable = kill(Ours, rounds, tmp_path, rng("c1"))
    assert told > rounds // 5
    result(
        "G1, G3",
        "C1",
        "SIGKILL at a random moment of writing",
        "0 answers lost, 0 states unreadable",
        f"{lost} lost of {told} acknowledged, {unreadable} unreadable, "
        f"in {rounds} kills",
        lost == unreadable == 0,
    )


def test_a_plain_file_does_not_survive_it(tmp_path: Path) -> None:
    _, lost, unreadable = kill(Naive, 20, tmp_path, rng("c1 naive"))
    assert lost + unreadable
