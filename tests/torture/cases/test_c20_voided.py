"""C20: what was trusted are bytes; another byte, place or owner is not trusted."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.asking import Place, Question
from runbooks.gate import Door
from runbooks.parsing import parse, read
from runbooks.target import Target
from state.author import current
from state.run import Run
from state.trust import TrustStore
from tests.torture.canaries import written
from tests.torture.results import result, rng, size
from tests.torture.trusted import BOOK, SIDECAR, Trusted

pytestmark = pytest.mark.timeout(1800)


def changed(data: bytes, at: int, dice: random.Random) -> bytes:
    """Return *data* with one byte turned, taken out or put in at a place."""
    way = dice.randrange(3)
    if way == 0:
        other = bytes([data[at] ^ 1 << dice.randrange(8)])
        return data[:at] + other + data[at + 1 :]
    if way == 1:
        return data[:at] + data[at + 1 :]
    return data[:at] + bytes([dice.randrange(256)]) + data[at:]


def test_every_change_of_a_byte_voids_trust(folder: Path) -> None:
    trusted, dice = Trusted(folder), rng("c20 bytes")
    assert trusted.holds()
    places = [(n, at) for n, text in trusted.texts.items() for at in range(len(text))]
    tried = [each for each in places for _ in range(size(20, 1))]
    kept = 0
    for name, at in tried:
        data = trusted.texts[name].encode()
        (folder / name).write_bytes(changed(data, at, dice))
        kept += trusted.holds()
        (folder / name).write_bytes(data)
    assert trusted.holds()
    result(
        "G18",
        "C20",
        "one byte turned, taken out or put in, of runbook, sidecar and profile",
        "trust is void each time",
        f"{len(tried) - kept} of {len(tried)}",
        not kept,
    )


def test_trust_by_path_does_not_see_it(folder: Path) -> None:
    trusted, dice = Trusted(folder), rng("c20 path")
    known = {entry.path for entry in trusted.store.entries()}
    for _ in range(20):
        data = trusted.texts["book.md"].encode()
        at = dice.randrange(len(data))
        (folder / "book.md").write_bytes(changed(data, at, dice))
        assert str(folder / "book.md") in known and not trusted.holds()


def test_what_is_moved_copied_or_added_is_not_trusted(folder: Path) -> None:
    trusted = Trusted(folder)
    runbook = trusted.runbook
    copy = written(folder / "copy.md", BOOK.encode())
    written(folder / "copy.gonogo.toml", SIDECAR.encode())
    assert read(copy).digest == runbook.digest
    assert not trusted.store.covers(read(copy))
    # The bytes of both in one file, as a digest of bytes in a row would have it.
    both = b"%b\0sidecar %d\0%b" % (BOOK.encode(), len(SIDECAR), SIDECAR.encode())
    (folder / "book.gonogo.toml").unlink()
    (folder / "book.md").write_bytes(both)
    assert not trusted.store.covers(parse(both, folder / "book.md"))
    (folder / "book.md").write_text(BOOK)
    assert not trusted.holds()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["book.md", "book.gonogo.toml", "gonogo.toml", ""])
def test_a_file_of_another_owner_is_not_trusted(folder: Path, name: str) -> None:
    trusted = Trusted(folder)
    os.chown(folder / name, 12345, -1)
    assert not trusted.holds()
    os.chown(folder / name, 0, -1)
    assert trusted.holds()
    (folder / name).chmod(0o777)
    assert not trusted.holds()


def test_a_question_shows_what_changed(folder: Path) -> None:
    trusted = Trusted(folder)
    text = BOOK.replace('"$MARK"/old', "/srv/new")
    written(folder / "book.md", text.encode())
    runbook = trusted.runbook
    run = Run.create(folder / "state", runbook, "", current())
    place = Place(folder / "out", folder / "context", folder, lambda: ())
    door = Door(runbook, Target(""), run, place, inputs=dict, unmet=lambda step: ())
    question: Question = door.look_at_probes()
    assert '-touch "$MARK"/old' in question.untrusted
    assert "+touch /srv/new" in question.untrusted
    run.close()
    assert not TrustStore().covers(replace(runbook, data=b""))
