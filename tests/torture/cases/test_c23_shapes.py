"""C23: secrets that nobody named are found by their shapes, and ordinary lines stay."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest

from runbooks.shapes import find
from runbooks.sifting import Sieve
from tests.torture.ordinary_lines import ordinary
from tests.torture.results import result, rng, size
from tests.torture.secret_formats import FORMATS

pytestmark = pytest.mark.timeout(600)


def test_shapes_are_found(tmp_path: Path) -> None:
    chance = rng("g21")
    rounds = size(50, 5)
    missed: list[str] = []
    for _ in range(rounds):
        for name, make in FORMATS.items():
            secret, text = make(chance)
            data = f"first line\n{text}\nlast line\n".encode()
            sieve = Sieve([])
            cuts = sorted({0, *chance.sample(range(len(data)), 2), len(data)})
            shown = b"".join(sieve.feed(data[a:b]) for a, b in pairwise(cuts))
            if secret[-12:].encode() in shown + sieve.flush():
                missed.append(name)
    found = 1 - len(missed) / (rounds * len(FORMATS))
    result(
        "G21",
        "C23",
        f"secrets nobody named, in {rounds * len(FORMATS)} texts of 60 formats, cut "
        "twice",
        "98 % or more",
        f"{found:.1%} found; missed: {', '.join(sorted(set(missed))) or 'none'}",
        found >= 0.98,
    )


def test_ordinary_lines_stay() -> None:
    lines = [line.encode() for line in ordinary(rng("g21 ordinary"), 5000)]
    wrong = [line for line in lines if find(line)]
    text = b"\n".join(lines * 4)
    began = time.process_time()
    sieve = Sieve([])
    for at in range(0, len(text), 65536):
        sieve.feed(text[at : at + 65536])
    speed = len(text) / 1e6 / (time.process_time() - began)
    print(wrong[:5])
    result(
        "G21",
        "C23",
        "5,000 ordinary lines: logs, git hashes, UUIDs, image digests",
        "at most 1 of 1,000 changed; 0.5 MB/s",
        f"{len(wrong)} changed; {speed:.1f} MB/s",
        len(wrong) <= 5 and speed >= 0.5,
    )


def test_a_word_of_its_own_is_not_enough(tmp_path: Path) -> None:
    """The twin of shapes: what looks random is secret. It changes ordinary lines."""
    lines = ordinary(rng("g21 naive"), 1000)
    assert sum(bool(re.search(r"[\w-]{24,}", line)) for line in lines) > 100
