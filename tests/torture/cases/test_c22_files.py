"""C22: a file that is damaged or hostile is read, or refused with its place."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as from_seed
from hypothesis import strategies as st

from tests.torture.damaging import damaged
from tests.torture.malforming import DEEP
from tests.torture.readers import READERS, SLOW, honest, rehearsed, tried
from tests.torture.results import counted, memory, result, rng, seed, size
from tests.torture.subjects import Ours

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def place() -> Path:
    made = Path(tempfile.mkdtemp(dir=memory()))
    subject = Ours()
    subject.open(made)
    for number in range(12):
        subject.say(f"number {number}")
    subject.run.save()
    subject.run.close()
    (kept,) = (made / "runs").iterdir()
    shutil.copytree(kept, made / "honest")
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files(name: str, place: Path) -> None:
    dice, data = rng(f"c22 {name}"), honest(name, place)
    READERS[name][0](data, place)
    rounds = size(4000, 120) // SLOW.get(name, 1)
    wrong: dict[str, bytes] = {}
    for _ in range(rounds):
        falsified = damaged(data, dice)
        if said := tried(name, falsified, place):
            wrong.setdefault(said, falsified)
    for said in list(wrong)[:10]:
        print(said, wrong[said][:80])
    counted("files_to_falsify", len(READERS))
    result(
        "–",
        "C22",
        f"{name}: bytes, lines and types changed, hostile pieces put in, cut",
        "read, or refused in a sentence with the place",
        f"{len(wrong)} other endings of {rounds}",
        not wrong,
    )


SEED_TEXT = st.text(max_size=60)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), SEED_TEXT, st.dates()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(SEED_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("name", "facts", "vars", "thresholds", "api", "postgres", "settings", "step"),
        *(
            "runbook",
            "theme",
            "roles",
            "keymap",
            "probe",
            "id",
            "severity",
            "intrusive",
        ),
    ]
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=5)


def written(table: dict[str, object]) -> bytes:
    """Return TOML with these values, as far as it has such."""
    import tomlkit

    def kept(value: object) -> object:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if v is not None}
        if isinstance(value, list):
            return [kept(v) for v in value if v is not None]
        return value

    return tomlkit.dumps(kept(table)).encode("utf-8", "backslashreplace")


@from_seed(seed())
@settings(
    max_examples=size(2000, 60),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(["sidecar", "profile", "config.toml"]), DOCUMENTS)
def test_valid_toml_of_another_shape(name: str, table: dict[str, object]) -> None:
    data = written(table)
    try:
        tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return  # what tomlkit writes is not always TOML
    with tempfile.TemporaryDirectory(dir=memory()) as made:
        assert tried(name, data, Path(made)) == ""


EVIL = {
    "nested arrays": b"a = " + b"[" * DEEP,
    "nested tables": b"a = " + b"{a=" * DEEP,
    "dotted keys": b".".join([b"a"] * 20_000) + b" = 1\n",
    "digits": b"a = " + b"1" * 100_000 + b"\n",
    "JSON in depth": b"[" * 20_000,
    "one long text": b'a = "' + b"x" * 1_000_000,
    "nothing": b"",
    "NUL": b"\0" * 100_000,
    "UTF-16": "theme = 'x'\n".encode("utf-16"),
    "many tables": b"".join(b"[t%d]\na=1\n" % n for n in range(5_000)),
}


@pytest.mark.parametrize("name", [each for each in READERS if each != "journal"])
def test_hostile_files(name: str, place: Path) -> None:
    said = {evil: tried(name, data, place) for evil, data in EVIL.items()}
    assert {evil: each for evil, each in said.items() if each} == {}


def test_a_naive_reader_breaks(place: Path) -> None:
    dice, broken = rng("c22 naive"), 0
    for _ in range(200):
        try:
            tables = tomllib.loads(damaged(rehearsed(), dice).decode())
            [value for table in tables.values() for value in table.values()]
        except tomllib.TOMLDecodeError:
            continue
        except Exception:
            broken += 1
    assert broken > 5
    with pytest.raises(RecursionError):
        tomllib.loads(EVIL["nested arrays"].decode())
