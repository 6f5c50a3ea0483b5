"""C8: progress.toml cut, damaged, or edited by somebody in a hurry."""

from __future__ import annotations

import random
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as from_seed
from hypothesis import strategies as st

from runbooks.errors import NewerState
from state.deciding import decide, note
from state.reading import read
from state.replaying import replay
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, BEN, runbook, step
from tests.torture.results import counted, memory, result, rng, seed, size

pytestmark = pytest.mark.timeout(1800)
LONG = runbook(*(step(f"s.{i}", section=f"part {i // 20}") for i in range(200)))
SHORT = runbook(*(step(f"s.{i}") for i in range(8)))
ANSWERS = (Answer.PASS, Answer.FAIL, Answer.NA)


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=memory()) as made:
        yield Path(made)


def long_file(place: Path) -> bytes:
    run = Run.create(place, LONG, "prod", ANA)
    for i, each in enumerate(LONG.steps[::2]):
        decide(run, each, ANSWERS[i % 3], f"seen by two, ticket OPS-{i}")
    note(run, "s.1", "all quiet")
    run.close()
    return (run.directory / "progress.toml").read_bytes()


def cuts(data: bytes, dice: random.Random) -> list[int]:
    most = len(data) - 200
    some = size(most, 700)
    return [*dice.sample(range(most), some), *range(most, len(data))]


def test_a_file_that_is_cut_anywhere_is_known_to_be_cut(place: Path) -> None:
    data = long_file(place)
    counted("file_bytes", len(data))
    where = cuts(data, rng("c8 cuts"))
    taken = [n for n in where if not read(data[:n])[0].problem]
    missing = [n for n in taken if n < len(data) - 1]
    result(
        "G4",
        "C8",
        f"prefixes of a progress.toml of 200 steps, {len(data)} bytes",
        "0 that miss something load",
        f"{len(missing)} of {len(where)}; {len(taken) - len(missing)} lacks just the "
        "newline at its end, and is whole",
        not missing,
    )


def test_toml_alone_takes_a_cut_file_for_a_whole_one(place: Path) -> None:
    data = long_file(place)
    loaded = 0
    ends = [n for n in range(len(data) - 200) if data[n - 1 : n] == b"\n"]
    for n in rng("c8 naive").sample(ends, 20):
        try:
            tomllib.loads(data[:n].decode())
            loaded += 1
        except tomllib.TOMLDecodeError:
            pass
    assert loaded


def filled(place: Path) -> Run:
    run = Run.create(place, SHORT, "prod", ANA)
    for each in SHORT.steps[:5]:
        decide(run, each, Answer.FAIL, f"why {each.id}")
    run.close()
    return run


def reopened(run: Run, data: bytes, place: Path) -> Run:
    """Open a copy of *run* with another progress.toml, and save it."""
    directory = Path(shutil.copytree(run.directory, place / "runs" / "copy"))
    (directory / "progress.toml").write_bytes(data)
    again = Run.open(directory, SHORT, BEN)
    again.save()
    return again


def answers(run: Run) -> dict[str, object]:
    return {id: (s.decision, s.notes) for id, s in run.progress.items()}


def test_a_byte_that_turned_harms_one_step_at_most(place: Path) -> None:
    run, dice = filled(place), rng("c8 bytes")
    whole = (run.directory / "progress.toml").read_bytes()
    before = answers(Run.open(run.directory, SHORT, BEN))
    crashed, spread, newer, rounds = [], 0, 0, size(10_000, 30)
    for _ in range(rounds):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        try:
            again = reopened(run, bytes(data), place)
        except NewerState:
            newer += 1  # its version is another, so it is left alone, and that is said
        except Exception as error:
            crashed.append(f"{error!r}: {bytes(data)!r}")
        else:
            tables = tomllib.loads((again.directory / "progress.toml").read_text())
            assert len(tables["step"]) >= len(SHORT.steps)
            now = answers(again)
            spread += sum(now.get(id) != was for id, was in before.items()) > 1
            again.close()
        shutil.rmtree(place / "runs" / "copy")
    print(*crashed[:3], sep="\n")
    result(
        "G4",
        "C8",
        "one bit of progress.toml turned",
        "0 crashes; never more than its own step differs, and that as a hand edit",
        f"{len(crashed)} crashes, {spread} spread, of {rounds}; {newer} left alone "
        "since their version number was a later one",
        not crashed and not spread,
    )


HASTE = (
    '[step."s.2"]',
    '[step."gone"]',
    "[[step]]",
    "[step]",
    "[end]",
    "[run]",
    'state = "pass"',
    'decision = "waive"',
    "decision = 7",
    "at = 2026-01-01",
    'note = """',
    "note = 'a\tb'",
    "until = [1, {a = 2}]",
    "x." * 150 + "x = 1",
    "\x00",
    "\ufeff",
    "= = =",
    "# " + "é" * 300,
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "double", "swap", "put", "break"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=6,
)


def edited(text: str, edits: list[tuple[str, int, int]]) -> str:
    lines = text.splitlines()
    for how, a, b in edits:
        i, j = a % len(lines), b % len(lines)
        match how:
            case "drop" if len(lines) > 1:
                del lines[i]
            case "double":
                lines.insert(j, lines[i])
            case "swap":
                lines[i], lines[j] = lines[j], lines[i]
            case "put":
                lines.insert(i, HASTE[b % len(HASTE)])
            case "break":
                lines[i] = lines[i][: b % (len(lines[i]) + 1)]
    return "\n".join(lines) + "\n"


def test_an_edit_in_a_hurry_crashes_nothing_and_drops_no_event(place: Path) -> None:
    run = filled(place)
    text = (run.directory / "progress.toml").read_text()
    events = (run.directory / "journal.jsonl").read_bytes()
    done = []

    @from_seed(seed())
    @settings(
        max_examples=size(3000, 15),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(EDITS)
    def edit(edits: list[tuple[str, int, int]]) -> None:
        try:
            again = reopened(run, edited(text, edits).encode(), place)
            assert (again.directory / "journal.jsonl").read_bytes().startswith(events)
            assert replay(again.directory) == again.state
            tomllib.loads((again.directory / "progress.toml").read_text())
            again.close()
            done.append(1)
        finally:
            shutil.rmtree(place / "runs" / "copy")

    edit()
    result(
        "G3",
        "C8",
        "lines dropped, doubled, exchanged, broken and put in by hand",
        "0 crashes, 0 unreadable afterwards",
        f"0 of {len(done)}",
        True,
    )
