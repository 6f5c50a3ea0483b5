"""C23: sixty secrets in eight encodings and six places; none is stored or shown."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from ahocorasick_rs import BytesAhoCorasick

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.results import Finding, Result
from runbooks.shapes import find
from runbooks.sifting import Sieve
from runbooks.tables import CommandClass
from state import entries
from state.author import current
from state.deciding import decide, note
from state.run import Run
from state.standing import Answer
from tests.runbooks.running import run as run_alone
from tests.state.books import runbook, step
from tests.torture.cases.test_c11_lost_terminals import SIZE, begin
from tests.torture.drill import GONOGO, OPEN, Drill
from tests.torture.ordinary_lines import ordinary
from tests.torture.results import ROOT, counted, result, rng, size
from tests.torture.secret_formats import FORMATS
from tests.tui.terminals import ESCAPE, terminal
from tests.tui.tmux import own_environment
from tui.__main__ import _report

pytestmark = pytest.mark.timeout(600)

ENCODINGS = ("raw", "base64", "base64 +1", "base64 +2", "url", "json", "shell", "hex")
PLACES = ("output", "note", "variable", "error", "row", "command line")
PHOTO = """
from pathlib import Path
from tui import opening
prepare = opening.prepare_screen

def prepared(**options):
    config = prepare(**options)
    from tui.desk import Desk  # not before: it imports Textual
    ready = Desk.on_ready

    def taken(self):
        ready(self)
        shots = Path.home() / "shots"
        shots.mkdir()
        count = iter(range(10**6))

        def shoot():
            (shots / f"{next(count)}.svg").write_text(self.export_screenshot())

        self.set_interval(0.5, shoot)

    Desk.on_ready = taken
    return config

opening.prepare_screen = prepared
"""
"""The screen takes pictures of itself, as a palette might."""


def encoded(secret: str, way: str) -> str:
    """Return *secret* in an encoding: what no neighbour has a part in, of base64."""
    raw = secret.encode()
    if way.startswith("base64"):
        shift = ENCODINGS.index(way) - 1
        code = b64encode(bytes(shift) + raw)
        return code[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6].decode()
    return {
        "raw": secret,
        "url": quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
        "shell": shlex.quote(secret),
        "hex": raw.hex(),
    }[way]


class Planted:
    """The secrets of one run of the campaign."""

    def __init__(self, chance: Random) -> None:
        made = {name: make(chance) for name, make in FORMATS.items()}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        self.texts = {name: text for name, (_, text) in made.items()}
        self.codes = {
            (name, way): encoded(secret, way)
            for name, secret in self.secrets.items()
            for way in ENCODINGS
        }
        self._find = BytesAhoCorasick([code.encode() for code in self.codes.values()])

    @property
    def environment(self) -> dict[str, str]:
        return {f"PLANTED_{i}_TOKEN": s for i, s in enumerate(self.secrets.values())}

    def leaks(self, *said: bytes) -> set[tuple[str, str]]:
        """Return which of the secrets, and how encoded, something holds."""
        names = list(self.codes)
        return {
            names[which]
            for text in said
            for which, _, _ in self._find.find_matches_as_indexes(
                text, overlapping=True
            )
        }

    def torn(self, said: bytes) -> set[str]:
        """Return of which secrets *said* holds twelve characters in a row.

        Whatever has more than that in front is looked for by its last ones, since
        its beginning may say no more than what kind of secret it is.
        """
        return {
            name
            for name, secret in self.secrets.items()
            if secret.splitlines()[-2 if "\n" in secret else -1][-14:-2].encode()
            in said
        }


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    made = Planted(rng("c23"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def kept(home: Path) -> Iterator[bytes]:
    """Everything that was written below *home*."""
    for path in home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def test_each_place(planted: Planted, tmp_path: Path) -> None:
    book = runbook(*(step(f"s.{i}") for i in range(20)))
    run = Run.create(tmp_path / "state", book, "", current())
    sources = Sources()
    sources.hide(*planted.secrets.values())
    cases = size(len(planted.codes), 80)
    chance = rng("c23 places")
    chosen = chance.sample(sorted(planted.codes), cases)
    said: list[bytes] = []
    for number, key in enumerate(chosen):
        code = planted.codes[key]
        text = f"it says {code} there"
        place = book.steps[number % 20]
        note(run, place.id, text)
        if number % 5 == 0:
            decide(run, place, Answer.PASS, text)
        run.give({f"VALUE_{number}": code})
        run.request(f"c{number}", place.id, f"tool {code}", CommandClass.OBSERVE, "/")
        error = ProbeError(text, source="x")
        said += (sources.hidden(str(error)).encode(), sources.hidden(code).encode())
        row = Finding(Result.PASS, "", evidence=f"id | {code} | 3", seconds=0.1)
        run.record(run_kind(), place.id, entries.probe_finished(row))
    (tmp_path / "planted").write_text(
        "".join(f"{planted.codes[key]} x\n" for key in chosen), encoding="utf-8"
    )
    words = f"cat {tmp_path / 'planted'}; echo A=$(cat {tmp_path / 'planted'})"
    _, output = run_alone(
        tmp_path / "state",
        f"{words}; head -c 4000 {tmp_path / 'planted'} > /dev/null",
        secrets=tuple(planted.secrets.values()),
    )
    run.close()
    leaks = planted.leaks(output, *said, *kept(tmp_path / "state"))
    counted("secret_cases", len(FORMATS) * len(ENCODINGS) * len(PLACES))
    result(
        "G20",
        "C23",
        f"60 formats, 8 encodings, 6 places ({cases * len(PLACES)} cases); searched: "
        "journal, progress.toml, stored output, messages",
        "0",
        f"{len(leaks)} leaked",
        not leaks,
    )


def run_kind():  # type: ignore[no-untyped-def]
    from runbooks.events import Kind

    return Kind.PROBE_FINISHED


def test_a_screen_full_of_them(planted: Planted, tmp_path: Path) -> None:
    file = tmp_path / "planted"
    lines = [f"{code} x\n" for code in planted.codes.values()]
    lines += [f"{text}\n" for text in planted.texts.values()]
    file.write_text("".join(lines), encoding="utf-8")
    drill = Drill(tmp_path / "drill", (f"cat {file}; echo that was all; sleep 2",))
    drill.env = {**drill.env, **planted.environment}
    commands: set[bytes] = set()
    program = PHOTO + OPEN.format(words=drill.words)
    with terminal(program, drill.home, drill.env, size=SIZE) as shown:

        def ended() -> bool:
            commands.update(words.encode() for words in drill.processes().values())
            return bool(drill.events("command_finished"))

        begin(shown, b"cat", drill.supervised)
        shown.until(ended)
        for key in b"\r", *([b"\x1b[5~"] * 40), b"\x1b", b"j", b"k":
            shown.type(key)
            shown.read(0.1)
        began = time.monotonic()
        shown.until(lambda: time.monotonic() > began + 1)
        shown.type(b"\x11")
        began = time.monotonic()
        shown.until(lambda: time.monotonic() > began + 2)
    seen = ESCAPE.sub(b"", shown.seen)
    shots = [path.read_bytes() for path in (drill.home / "shots").iterdir()]
    said = (shown.seen, seen, *shots, *commands, *kept(drill.home / "state"))
    leaks = planted.leaks(*said)
    torn = set().union(*map(planted.torn, (seen, *shots)))
    drill.kill_all()
    result(
        "G20",
        "C23",
        f"60 planted secrets printed on a screen: terminal, {len(shots)} pictures, "
        f"{len(commands)} command lines, all files of the run",
        "0",
        f"{len(leaks)} leaked, {len(torn)} in part",
        bool(shots) and b"redacted" in seen and not leaks and not torn,
    )


REPORTED = """\
- [ ] Look {number}
  ```toml step
  probe = {{ use = "command", command = "cat {file}", class = "observe", \
expect = {{ output = "nothing" }} }}
  ```
"""


def test_reports(planted: Planted, tmp_path: Path) -> None:
    """What `gonogo check` prints for people and programs, and what `status` does."""
    texts = [*planted.codes.values(), *planted.texts.values()]
    book = "# Reported\n\n"
    for number in range(20):
        file = tmp_path / f"planted-{number}"
        file.write_text("\n".join(texts[number::20]), encoding="utf-8")
        book += REPORTED.format(number=number, file=file)
    (tmp_path / "book.md").write_text(book)
    (tmp_path / "book.md").chmod(0o600)
    env = {
        **own_environment(tmp_path),
        **planted.environment,
        "PYTHONPATH": str(ROOT),
    }

    def gonogo(*words: str) -> bytes:
        argv = [*GONOGO, *words]
        done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True)
        assert done.returncode in (0, 1, 4), done.stderr
        return done.stdout + done.stderr

    gonogo("trust", "--yes", "book.md")
    forms = ("text", "json", "junit", "prometheus")
    said = [gonogo("check", "--format", form, "book.md") for form in forms]
    gonogo("decide", "book.md", "Look 3", "--note", f"saw {texts[7]}")
    said += [gonogo("status", "--format", form, "book.md") for form in forms[:2]]
    leaks = planted.leaks(*said, *kept(tmp_path / "state"))
    result(
        "G20",
        "C23",
        f"60 planted secrets in what is probed: {len(said)} reports, files of the run",
        "0",
        f"{len(leaks)} leaked",
        not leaks and all(b"[redacted]" in text for text in said[:3]),
    )


def naive(text: bytes, secrets: list[str]) -> bytes:
    """What one writes first: replace each value where it stands."""
    for secret in secrets:
        text = text.replace(secret.encode(), b"***")
    return text


def test_replacing_values_is_not_enough(planted: Planted) -> None:
    secrets = list(planted.secrets.values())
    leaks = planted.leaks(*(naive(c.encode(), secrets) for c in planted.codes.values()))
    assert len(leaks) > 200
    split = 0
    for secret in secrets:
        half = len(secret) // 2
        parts = secret[:half].encode(), secret[half:].encode()
        split += secret.encode() in b"".join(naive(part, secrets) for part in parts)
    assert split == len(secrets)


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


def test_crashes_tell_nothing(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    said = []
    secrets = list(planted.secrets.values())
    for number in range(50):
        token, code = secrets[number], list(planted.codes.values())[number * 9]
        said.append(_report(raised(number, token, code)).encode())
    files = [path for path in (tmp_path / "state").rglob("bug-*.log")]
    modes = {path.stat().st_mode & 0o777 for path in files}
    leaks = planted.leaks(*said, *kept(tmp_path / "state"))
    result(
        "G20",
        "C24",
        "50 crashes with secrets in variables and messages",
        "0 leaked; files 0600",
        f"{len(leaks)} leaked in {len(files)} files, {[oct(mode) for mode in modes]}",
        not leaks and len(files) == 50 and modes == {0o600},
    )


def raised(depth: int, token: str, code: str) -> Exception:
    """Return an error from *depth* frames down, secrets in each and in its message."""

    def fall(left: int, password: str) -> None:
        held = {"password": password, "code": code}
        if left:
            fall(left - 1, held["password"])
        try:
            raise KeyError(held["code"])
        except KeyError as error:
            raise RuntimeError(f"cannot log in with {held['password']}") from error

    try:
        fall(depth, token)
    except RuntimeError as error:
        return error
    raise AssertionError
