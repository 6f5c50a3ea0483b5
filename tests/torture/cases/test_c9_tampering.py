"""C9: a journal that somebody changed is found out, if its end is known elsewhere."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from runbooks.errors import NewerState
from state.run import Run
from state.verifying import verify
from tests.state.books import ANA
from tests.torture.results import memory, result, rng, size
from tests.torture.subjects import BOOK, Ours

pytestmark = pytest.mark.timeout(600)
Lines = list[bytes]


def bit(lines: Lines, dice: random.Random) -> None:
    i = dice.randrange(len(lines))
    line = bytearray(lines[i])
    line[dice.randrange(len(line))] ^= 1 << dice.randrange(8)
    lines[i] = bytes(line)


def drop(lines: Lines, dice: random.Random) -> None:
    del lines[dice.randrange(len(lines))]


def swap(lines: Lines, dice: random.Random) -> None:
    i, j = dice.sample(range(len(lines)), 2)
    lines[i], lines[j] = lines[j], lines[i]


def double(lines: Lines, dice: random.Random) -> None:
    lines.insert(dice.randrange(len(lines)), lines[dice.randrange(len(lines))])


def cut(lines: Lines, dice: random.Random) -> None:
    del lines[dice.randrange(1, len(lines)) :]


def forge(lines: Lines, dice: random.Random) -> None:
    """Another answer, and the chain after it written anew."""
    begin = dice.randrange(1, len(lines))
    for i in range(begin, len(lines)):
        event = json.loads(lines[i])
        if i == begin:
            event["by"]["user"] = "mallory"
        event["prev"] = sha256(lines[i - 1]).hexdigest()
        lines[i] = json.dumps(event, separators=(",", ":")).encode()


WAYS = (bit, drop, swap, double, cut, forge)


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    subject = Ours()
    subject.open(tmp_path)
    for number in range(60):
        subject.say(f"number {number}")
    run: Run = subject.run
    path = run.directory / "journal.jsonl"
    assert verify(path).last == (run.seq, run._journal.head)
    return path.read_bytes().splitlines()


def found(
    lines: Lines,
    rounds: int,
    dice: random.Random,
    look: Callable[[Path, Lines], bool],
    tmp_path: Path,
) -> dict[str, tuple[int, int]]:
    """Return by way of changing how many were found out, of how many."""
    counts = {way.__name__: (0, 0) for way in WAYS}
    path = (memory() or tmp_path) / f"{tmp_path.name}.tampered"
    for number in range(rounds):
        way = WAYS[number % len(WAYS)]
        changed = lines.copy()
        way(changed, dice)
        path.write_bytes(b"\n".join(changed) + b"\n")
        was, of = counts[way.__name__]
        counts[way.__name__] = was + look(path, lines), of + 1
    path.unlink()
    return counts


def with_anchor(path: Path, lines: Lines) -> bool:
    return complains(path, [(len(lines), sha256(lines[-1]).hexdigest())])


def alone(path: Path, lines: Lines) -> bool:
    return complains(path, [])


def complains(path: Path, anchors: list[tuple[int, str]]) -> bool:
    try:
        return bool(verify(path, anchors).problem)
    except NewerState:  # a bit of the number of the format was turned
        return True


def readable(path: Path, lines: Lines) -> bool:
    """What a program finds out that only reads its lines."""
    try:
        return [json.loads(line)["v"] for line in path.read_bytes().splitlines()] == []
    except (ValueError, KeyError):
        return True


def test_every_change_is_found_out(lines: Lines, tmp_path: Path) -> None:
    rounds = size(1200, 120)
    counts = found(lines, rounds, rng("c9"), with_anchor, tmp_path)
    missed = sum(of - was for was, of in counts.values())
    result(
        "G7",
        "C9",
        "bits turned, lines taken out, exchanged, doubled, cut off, chain forged; the "
        "last event is known elsewhere",
        "all found",
        f"{rounds - missed} of {rounds}",
        not missed,
    )


def test_the_chain_alone_does_not_see_its_end(lines: Lines, tmp_path: Path) -> None:
    counts = found(lines, size(1200, 120), rng("c9 alone"), alone, tmp_path)
    said = ", ".join(f"{name} {was}/{of}" for name, (was, of) in counts.items())
    result(
        "G7",
        "C9",
        "the same with the chain alone, as docs say",
        "cut and forged: none; all else but in the last line",
        said,
        counts["cut"][0] == counts["forge"][0] == 0 < counts["bit"][0],
    )


def test_reading_the_lines_finds_little(lines: Lines, tmp_path: Path) -> None:
    counts = found(lines, 120, rng("c9 naive"), readable, tmp_path)
    assert sum(was for was, _ in counts.values()) < 60


def test_opening_a_run_says_what_was_cut_off(lines: Lines, tmp_path: Path) -> None:
    (place,) = (tmp_path / "runs").iterdir()
    run = Run.open(place, BOOK, ANA)
    run.save()
    path = place / "journal.jsonl"
    path.write_bytes(b"\n".join(lines[:30]) + b"\n")
    again = Run.open(place, BOOK, ANA)
    assert "damaged after event 30" in again.notices[0]
