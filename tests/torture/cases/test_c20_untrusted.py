"""C20: of a document that nobody trusted nothing runs, however it is written.

And what was trusted are bytes: another byte is not trusted, and what runs is never
what was written over them later.
"""

from __future__ import annotations

import os
import queue
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runbooks.asking import Place, Question, Reply
from runbooks.errors import GonogoError, RefusedError
from runbooks.gate import Door
from runbooks.inventory import inventory, is_powerful
from runbooks.linting import lint
from runbooks.model import Runbook
from runbooks.parsing import parse, read
from runbooks.remedies import remedies
from runbooks.target import Target, load
from runbooks.wish import Wish, free, shell
from state.author import current
from state.run import Run
from state.trust import TrustStore
from tests.torture.canaries import SHAPES, document, surround, write
from tests.torture.results import ROOT, counted, memory, result, rng, size
from tui.cli.json_text import chunks
from tui.cli.outline import complaint, outline, reading_mode, remarks
from tui.observing import NothingKept
from tui.opening import make_engine
from tui.told import Asks, Refused, Told

pytestmark = pytest.mark.timeout(1800)
_STARTS = ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork")
_REACHES = ("socket.connect", "socket.getaddrinfo")
started: list[str] = []
"""What this process started or reached while `watched`."""
_watching = False


def _hook(event: str, args: Any) -> None:
    if _watching and event in _STARTS + _REACHES:
        started.append(f"{event} {args!r}"[:200])


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[None]:
    global _watching
    _watching = True
    try:
        yield
    finally:
        _watching = False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where documents are; what they touch is in ``canaries``."""
    (tmp_path / "canaries").mkdir()
    surround(tmp_path, tmp_path / "canaries")
    targets = Path(os.environ["HOME"]) / ".config/gonogo/targets"
    targets.mkdir(parents=True, exist_ok=True)
    touch = f"touch {tmp_path / 'canaries' / 'profile'}"
    said = f"{touch}; echo postgresql://127.0.0.1:9/x"
    (targets / "canary.toml").write_text(
        f"[postgres]\ndsn = {{ command = '{said}' }}\n"
    )
    started.clear()
    return tmp_path


def sung(folder: Path) -> set[str]:
    return {path.name for path in (folder / "canaries").iterdir()} - {"include.md"}


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


# ------------------------------------------------------------- before trust


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
    dice, rounds = rng("c20"), size(10_000, 400)
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


REACHES = b"""
```toml runbook
target = "canary"
```

- [ ] Ends sessions
  ```toml action
  use = "postgres.reload"
  ```

```bash
psql -c 'drop table x'
```
"""
"""Which system these would change is asked before they are shown."""


def test_an_engine_with_a_screen_runs_nothing_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, rounds = rng("c20 engine"), size(300, 12)
    alone = folder / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    reached = 0
    for number in range(rounds):
        data = document(dice, folder / "canaries")
        # Every other one is not beside a profile: then it names the operator's own.
        place = folder if number % 2 else alone
        path = written(place / f"{number}.md", data + REACHES)
        runbook = read(path)
        target = load(None, runbook, TrustStore().covers_profile)
        run = Run.create(folder / "state", runbook, target.name, current())
        told: queue.Queue[Told] = queue.Queue()
        engine = make_engine(runbook, run, target, told.put)
        engine.start()
        ask_for_all(engine, runbook)
        with watched():
            answer_all(engine, told, dice)
        engine.close()
        reached += target.name == "canary" and target.path is not None
    assert reached >= rounds // 4
    found = sung(folder)
    result(
        "G18",
        "C20",
        f"the same of {rounds} runs that are open on a screen, all keys pressed",
        "no canary",
        f"{len(found)} canaries",
        not found,
    )


def ask_for_all(engine: Any, runbook: Runbook) -> None:
    for part in runbook.part_by_id:
        engine.run_part(part)
    for block in runbook.blocks:
        engine.run_block(block.id)
    for step in runbook.steps:
        engine.probe([step.id])
        for remedy in remedies(step, engine.target):
            engine.remedy(remedy)
    engine.probe()
    engine.plan()


def answer_all(engine: Any, told: queue.Queue[Told], dice: random.Random) -> None:
    """Answer until nothing more is asked, with all but trust."""
    while True:
        try:
            what = told.get(timeout=0.1)
        except queue.Empty:
            return
        if isinstance(what, Asks):
            question = what.question
            values = {a.placeholder.variable: "x" for a in question.placeholders}
            reply = Reply(values, typed=question.type_word, reason="why")
            engine.answer(question.id, dice.choice([None, reply]))


def test_a_system_that_is_asked_before_trust_is_caught(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The naive twin: it asks which system it is, to show that with the question."""

    async def at_once(*_: object) -> bool:
        return True

    monkeypatch.setattr("tui.working.trusted_first", at_once)
    alone = folder / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    runbook = read(written(alone / "book.md", b"# T\n" + REACHES))
    target = load(None, runbook, TrustStore().covers_profile)
    run = Run.create(folder / "state", runbook, target.name, current())
    told: queue.Queue[Told] = queue.Queue()
    engine = make_engine(runbook, run, target, told.put)
    engine.start()
    engine.run_part(next(iter(runbook.part_by_id)))
    while not isinstance(told.get(timeout=60), Asks):
        pass
    engine.close()
    assert sung(folder) == {"profile"}


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


# ------------------------------------------------------------ what voids trust

BOOK = """# Trusted

- [ ] Step

```bash
touch "$MARK"/old
```
"""
SIDECAR = '[step."Step"]\nowner = "ana"\n'
PROFILE = '[vars]\nMARK = "{mark}"\n'


class Trusted:
    """A document, its sidecar and a profile, as they are when they are trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts = {
            "book.md": BOOK,
            "book.gonogo.toml": SIDECAR,
            "gonogo.toml": PROFILE.format(mark=folder / "canaries"),
        }
        self.lay()
        self.store = TrustStore()
        self.store.trust(self.runbook)
        self.store.trust(self.texts["gonogo.toml"], folder / "gonogo.toml")

    def lay(self) -> None:
        for name, text in self.texts.items():
            written(self.folder / name, text.encode())

    @property
    def runbook(self) -> Runbook:
        return read(self.folder / "book.md")

    def holds(self) -> bool:
        """Whether all three are trusted, as they lie there now."""
        try:
            runbook = self.runbook
            target = load(None, runbook, self.store.covers_profile)
        except GonogoError:
            return False
        return self.store.covers(runbook) and target.untrusted is None


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


# ------------------------------------------------- changed between trust and run


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


def test_a_question_shows_what_changed(folder: Path) -> None:
    trusted = Trusted(folder)
    text = BOOK.replace('"$MARK"/old', "/srv/new")
    written(folder / "book.md", text.encode())
    runbook = trusted.runbook
    run = Run.create(folder / "state", runbook, "", current())
    place = Place(folder / "out", folder / "context", folder, lambda: ())
    door = Door(runbook, Target(""), run, place, inputs=dict, unmet=nothing)
    question: Question = door.look_at_probes()
    assert '-touch "$MARK"/old' in question.untrusted
    assert "+touch /srv/new" in question.untrusted
    run.close()
    assert not TrustStore().covers(replace(runbook, data=b""))
