"""C22: a file that is damaged, hostile or huge opens, or is refused with its place."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as from_seed
from hypothesis import strategies as st

from runbooks import env_file, kubeconfig
from runbooks.errors import DocumentError, GonogoError
from runbooks.linting import lint
from runbooks.model import Runbook
from runbooks.parsing import parse, read
from runbooks.target import parse as parse_profile
from state.identities import FILE, Identities
from state.reading import read as read_progress
from state.run import Run
from state.trust import TrustStore
from tests.state.books import ANA, runbook, step
from tests.torture.malforming import DEEP
from tests.torture.results import ROOT, SAMPLE, counted, memory, result, rng, seed, size
from tests.torture.shapes import MB, SHAPES
from tests.torture.subjects import Ours
from tui.config import read_config

pytestmark = pytest.mark.timeout(900)
BOOK = Path("book.md")
PIECES = (
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"\n\n", b"\x1b[2J"),
    *(b'"', b"'''", b'"""', b"[", b"]]", b"{", b"=", b"#", b"\\", b"\\u0000", b"```"),
    *(b"- [ ] ", b"```toml step\n", b"\n[a]\n", b"\n[[a]]\n", b"a.b.c = 1\n", b"nan"),
    *(b"1" * 5000, b"[" * 2000, b"x = [" + b"{a=" * 500, b"9999-99-99", b"-inf"),
    *(b'{"v": 1}\n', b"null", b"true", b"<<: *a", b"&a [*a]", b"${x}", b"!!python/x "),
)
WRONG = (
    *('""', "7", "-1", "true", "nan", "[]", "[[]]", "{}", '{a = {b = ""}}', '"x"'),
    *("1979-05-27", "1e400", '["a", 1]', "'''\n\n'''", '"\\u0000"', "0x7fffffff"),
)
"""Values of TOML, for where another type belongs."""


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with up to six places changed, or cut."""
    for _ in range(dice.randrange(1, 7)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data = data[:at] + dice.choice(PIECES) + data[at:]
            case 1:
                data = data[:at] + dice.choice(PIECES) + data[at + dice.randrange(9) :]
            case 2:
                data = data[:at] + data[at + dice.randrange(1, 200) :]
            case 3:
                data = data[:at] + data[max(0, at - dice.randrange(300)) :]
            case 4:
                data = data[:at] if dice.random() < 0.2 else data
            case 5:
                data = mistyped(data, dice)
    return data


def mistyped(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with another value behind one of its ``=`` or ``:``."""
    places = list(re.finditer(rb"(?<=[=:]) *[^\n=:]+(?=\n|,)", data))
    if not places:
        return data
    place = dice.choice(places)
    value = dice.choice(WRONG).encode()
    return data[: place.start()] + b" " + value + data[place.end() :]


def _runbook(data: bytes, place: Path) -> None:
    _complete(parse(data, BOOK))


def _sidecar(data: bytes, place: Path) -> None:
    _complete(parse(b"# T\n\n- [ ] one\n- [ ] two\n", BOOK, data))


def _complete(found: Runbook) -> None:
    """Lint it as well; every complaint has a line and a remedy."""
    for each in [*found.problems, *lint(found)]:
        assert each.line >= 1 and each.problem and each.remedy, each


def _profile(data: bytes, place: Path) -> None:
    parse_profile(data, place / "profile.toml")


def _config(data: bytes, place: Path) -> None:
    file = place / "config.toml"
    file.write_bytes(data)
    read_config(file)


def _progress(data: bytes, place: Path) -> None:
    for tables_too in (False, True):
        found, _ = read_progress(data, tables_too)
        assert found.problem or found.seq >= 0


def _journal(data: bytes, place: Path) -> None:
    """Open the run whose journal it is."""
    copy = place / "run"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place / "honest", copy)
    (copy / "journal.jsonl").write_bytes(data)
    run = Run.open(copy, STEPS, ANA)
    try:
        run.save()
    finally:
        run.close()


def _trust(data: bytes, place: Path) -> None:
    (place / "trust.json").write_bytes(data)
    (place / "trust.json").chmod(0o600)
    TrustStore(place).entries()


def _identities(data: bytes, place: Path) -> None:
    (place / FILE).write_bytes(data)
    Identities(place).expected("prod", "kubernetes")


def _kubeconfig(data: bytes, place: Path) -> None:
    (place / "kubeconfig").write_bytes(data)
    kubeconfig.contexts(place / "kubeconfig")


def _env_file(data: bytes, place: Path) -> None:
    (place / ".env").write_bytes(data)
    env_file.read(str(place / ".env"))


STEPS = runbook(*(step(f"s.{i}") for i in range(5)))
SIDECAR = b"""[runbook]
name = "x"
target = "prod"

[step."one"]
id = "a.one"
severity = "blocker"
probe = {use = "http", url = "https://a.test/", expect = {status = 200}}

[[step."two".probes]]
use = "tcp"
host = "a"
port = 1
expect = {answers = true}
"""
CONFIG = b"""theme = "nord"
slow_link = true
name = "Ana"
roles = ["ops", "db"]

[keymap]
"step.pass" = "space"
"""
TRUST = b'[{"digest": "a", "path": "/b", "at": "2026-01-01T00:00:00Z", "text": "x"}]'
KNOWN = b'{"prod": {"kubernetes": {"table": "kubernetes", "id": "u", "says": "c"}}}'
KUBECONFIG = b"""apiVersion: v1
clusters: [{name: here, cluster: {server: "https://a.test:6443"}}]
users: [{name: me, user: {token: made-up}}]
contexts:
- name: production
  context: {cluster: here, user: me, namespace: transcripts}
current-context: production
"""
ENV = b"A=1\nexport B='two'\nC=\"th${A}ree\"\n# comment\nD\n"


def books() -> bytes:
    text = (ROOT / "runbooks/documents/production-deployment.md").read_bytes()
    return text[: text.index(b"\n## ", 12_000)]


def rehearsed() -> bytes:
    template = (ROOT / "runbooks/rehearsal/profile.toml").read_bytes()
    return re.sub(rb"(?<= )\$\w+", b"1", template)


READERS: dict[
    str, tuple[Callable[[bytes, Path], None], Callable[[], bytes] | bytes]
] = {
    "runbook": (_runbook, books),
    "sidecar": (_sidecar, SIDECAR),
    "profile": (_profile, rehearsed),
    "config.toml": (_config, CONFIG),
    "progress.toml": (_progress, b""),
    "journal": (_journal, b""),
    "trust.json": (_trust, TRUST),
    "identities": (_identities, KNOWN),
    "kubeconfig": (_kubeconfig, KUBECONFIG),
    "env file": (_env_file, ENV),
}
SLOW = {"runbook": 16, "journal": 8, "kubeconfig": 20, "sidecar": 4}
"""How many times as long these take: they are read less often."""
LINED = ("profile", "config.toml")
"""Those whose refusal has a line where the parser of TOML has one."""


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


def honest(name: str, place: Path) -> bytes:
    if name == "progress.toml":
        return (place / "honest/progress.toml").read_bytes()
    if name == "journal":
        return (place / "honest/journal.jsonl").read_bytes()
    data = READERS[name][1]
    return data if isinstance(data, bytes) else data()


def tried(name: str, data: bytes, place: Path) -> str:
    """Read it; return what is wrong with how that ended, or ""."""
    try:
        READERS[name][0](data, place)
    except GonogoError as error:
        said = str(error)
        if not said or "Traceback" in said or "Error" in said.split(":")[0]:
            return f"says {said!r}"
        if isinstance(error, DocumentError) and " TOML" in said and not error.line:
            return f"has no line: {said}"
    except OSError:
        return "" if name == "env file" else "an OSError"
    except Exception as error:
        return repr(error)[:150]
    return ""


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


OPENS = 30.0
"""Seconds within which the largest document opens on a busy machine; what is usual is
in bench/."""
REFUSED = 5.0
MEMORY = 500
"""MB for a document of 5 MB."""
READ = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from runbooks.errors import DocumentError
from runbooks.parsing import read
began = time.monotonic()
try:
    found = read(Path(sys.argv[1]))
    said = "opened"
except DocumentError as error:
    said = f"line {error.line}" if error.line else "no line"
took = time.monotonic() - began
status = Path("/proc/self/status").read_text()
print(took, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
print(said)
"""


def opened(path: Path) -> tuple[float, float, str]:
    """Read a document in a process of its own: seconds, MB, and how it ended."""
    command = [sys.executable, "-c", READ, str(path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    figures, said = done.stdout.splitlines()
    seconds, most = map(float, figures.split())
    return seconds, most, said


def test_shapes_that_parsers_fear(tmp_path: Path) -> None:
    counted("document_shapes", len(SHAPES))
    names = list(SHAPES)
    if SAMPLE:
        names = rng("c22 shapes").sample(names, 3)
    slowest, latest, most, wrong = 0.0, 0.0, 0.0, []
    for name in names:
        path = tmp_path / "book.md"
        path.write_text(SHAPES[name](5 * MB))
        seconds, took, said = opened(path)
        most = max(most, took)
        if said == "opened":
            slowest = max(slowest, seconds)
        else:
            latest = max(latest, seconds)
        if said == "no line":
            wrong.append(name)
    result(
        "–",
        "C22",
        f"{len(names)} shapes of Markdown of 5 MB, a table of 2,000 by 200 among them",
        f"opened or refused with a line, below {MEMORY} MB",
        f"opened in {slowest:.1f} s, refused in {latest:.1f} s, {most:.0f} MB, "
        f"{len(wrong)} without a line",
        slowest < OPENS and latest < REFUSED and most < MEMORY and not wrong,
    )


@pytest.mark.parametrize("count", [400, 2000])
def test_many_steps_open(count: int, tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    one = "- [ ] step {}\n\n  Text with `code` and *more*.\n\n  ```sh\n  ls {}\n  ```\n"
    path.write_text("# T\n\n" + "".join(one.format(n, n) for n in range(count)))
    seconds, most, said = opened(path)
    assert len(read(path).steps) == count
    result(
        "–",
        "C22",
        f"{count} steps with a command each",
        "opened in 2 s",
        f"{said} in {seconds:.2f} s, {most:.0f} MB",
        said == "opened" and seconds < OPENS,
    )


def test_more_than_can_be_read_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("text\n\n" + "- [ ] a\n" * 100_001)
    with pytest.raises(DocumentError, match="more than the 100,000 items") as caught:
        read(path)
    assert caught.value.line == 100_003
    path.write_text("x\n" * 300_001)
    with pytest.raises(DocumentError, match="300,000 lines") as caught:
        read(path)
    assert caught.value.line == 300_001
