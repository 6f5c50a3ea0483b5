"""C4: a disk that takes a few bytes at a time gets all of them.

Nothing is synced here: whole files are compared, not what a power cut leaves.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from unittest import mock

import pytest

from state.locations import replace_file, write_all
from tests.torture.results import memory, result, rng, size

pytestmark = pytest.mark.timeout(600)
CONTENT = bytes(range(256)) * 16


def bad(write: object, rounds: int, dice: random.Random) -> int:
    """Return how often a file was not what was written, with writes cut by chance."""
    wrong, taken = 0, os.write
    with tempfile.TemporaryDirectory(dir=memory()) as place:
        for number in range(rounds):
            most = dice.randint(1, 4096)

            def short(handle: int, data: bytes, most: int = most) -> int:
                return taken(handle, bytes(data[: dice.randint(1, most)]))

            path = Path(place, str(number % 7))
            with mock.patch.object(os, "write", short), mock.patch.object(os, "fsync"):
                write(path, CONTENT)  # type: ignore[operator]
            wrong += path.read_bytes() != CONTENT
    return wrong


def appended(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    write_all(handle, content)
    os.close(handle)


def believed(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, content)
    os.close(handle)


def test_every_byte_arrives() -> None:
    rounds = size(10_000, 300)
    dice = rng("c4")
    wrong = sum(bad(write, rounds // 2, dice) for write in (replace_file, appended))
    result(
        "G3",
        "C4",
        "writes that take 1 to k bytes, by chance, of 4 KiB",
        "identical bytes",
        f"{wrong} of {rounds} patterns differ",
        not wrong,
    )


def test_a_write_that_is_believed_loses_some() -> None:
    assert bad(believed, 30, rng("c4 naive"))
