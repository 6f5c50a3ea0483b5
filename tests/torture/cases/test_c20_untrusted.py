"""C20: of a document that nobody trusted nothing runs, however it is written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from runbooks.asking import Place, Reply
from runbooks.errors import RefusedError
from runbooks.gate import Door
from runbooks.inventory import inventory, is_powerful
from runbooks.linting import lint
from runbooks.model import Runbook
from runbooks.parsing import parse
from runbooks.remedies import remedies
from runbooks.target import Target, load
from runbooks.wish import Wish, free, shell
from state.trust import TrustStore
from tests.torture.canaries import SHAPES, document, sung, write, written
from tests.torture.results import ROOT, counted, result, rng, size
from tests.torture.watched import started, watched
from tui.cli.json_text import chunks
from tui.cli.outline import complaint, outline, reading_mode, remarks
from tui.observing import NothingKept

pytestmark = pytest.mark.timeout(1800)


def open_and_ask(path: Path, data: bytes, folder: Path) -> int:
    """Read a document in every way, then ask for all of it without trusting it.

    Returns:
        how often the door was asked; it has to have refused each time.
    """
    runbook = parse(data, path)
    lint(runbook)
    store = TrustStore()
    target = load(None, runbook, store.covers_profile)
    for line in (
        *outline(runbook, {}),
        *remarks(runbook),
        *chunks(runbook, pretty=False),
    ):
        assert isinstance(line, str)
    complaint(runbook)
    assert list(reading_mode(runbook)) or not is_powerful(runbook)
    place = Place(folder / "out", folder / "context", folder, lambda: ())
    ledger = NothingKept(store.within(runbook))
    door = Door(runbook, target, ledger, place, inputs=dict, unmet=nothing)
    asked = 0
    for wish in wishes(door, runbook, target):
        asked += 1
        with pytest.raises(RefusedError):
            door.admit(wish, door.look(wish), Reply(as_written=True, typed="canary"))
    with pytest.raises(RefusedError):
        door.admit_trust(door.look_at_probes(), Reply())
        raise RefusedError("there was nothing to trust")
    return asked


def nothing(step_id: str) -> Sequence[str]:
    return ()


def wishes(door: Door, runbook: Runbook, target: Target) -> Iterator[Wish]:
    for block in runbook.blocks:
        yield from (door.wish(part.id) for part in block.parts)
        with suppress(RefusedError):
            yield door.wish_block(block.id)
    for step in runbook.steps:
        for remedy in remedies(step, target):
            yield free(remedy.id, remedy.text, step.id)
    if inventory(runbook):
        yield shell(1)


def test_no_generated_document_runs_anything(folder: Path) -> None:
    counted("canaries", len(SHAPES))
    dice, rounds = rng("c20"), size(10_000, 1_000)
    asked = 0
    with watched():
        for number in range(rounds):
            data = document(dice, folder / "canaries")
            asked += open_and_ask(folder / f"{number}.md", data, folder)
    assert asked > rounds
    result(
        "G18",
        "C20",
        f"{rounds} generated runbooks, opened and asked {asked} times, not trusted",
        "no canary, no program started, nothing reached",
        f"{len(sung(folder))} canaries, {len(started)} starts",
        not sung(folder) and not started,
    )


VERBS = (
    ["show"],
    ["lint"],
    ["check"],
    ["plan"],
    ["status"],
    ["decide", "STEP", "pass", "--note", "n"],
    ["trust"],
    ["act", "practice.write", "to=x", "--runbook"],
    [],
)


def test_no_verb_starts_a_shell(folder: Path) -> None:
    dice, rounds = rng("c20 strace"), size(45, 3)
    shells: list[str] = []
    for number in range(rounds):
        path = folder / f"{number}.md"
        written(path, document(dice, folder / "canaries"))
        verb = VERBS[number % len(VERBS)]
        words = [*verb[:1], str(path), *verb[1:]]
        if verb[-1:] == ["--runbook"]:
            words = [*verb, str(path)]
        log = folder / "log"
        trace = ("strace", "-f", "-qq", "-e", "trace=execve", "-o", str(log))
        subprocess.run(
            [*trace, sys.executable, "-m", "tui", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        calls = [line for line in log.read_text().splitlines() if "execve(" in line]
        shells += [line for line in calls if sys.executable not in line]
    result(
        "G18",
        "C20",
        f"execve under strace: {rounds} runbooks, with each verb of the command line",
        "none but gonogo",
        f"{len(shells)} others, {len(sung(folder))} canaries",
        not shells and not sung(folder),
    )


def test_a_reader_that_runs_what_it_finds_is_caught(folder: Path) -> None:
    """The naive twin: the canaries sing, and the hook hears it."""
    with watched():
        for name in SHAPES:
            data = write(name, folder / "canaries").encode()
            for part in parse(data, folder / "book.md").part_by_id.values():
                words = ["bash", "-c", part.text]
                subprocess.run(words, cwd=folder, capture_output=True)
    assert len(sung(folder)) >= 6 and len(started) >= 6
