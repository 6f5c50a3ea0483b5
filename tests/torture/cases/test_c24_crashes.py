"""C24: what a bug leaves on the screen and in files: no local variable, no secret."""

from __future__ import annotations

import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.traceback import Traceback

from tests.torture.cases.test_c11_lost_terminals import SIZE
from tests.torture.crash_places import ON_SCREEN, PLACES, WITH_A_VERB
from tests.torture.drill import GONOGO, Drill
from tests.torture.planted import Planted, kept
from tests.torture.results import ROOT, SAMPLE, counted, result, rng
from tests.tui.terminals import ESCAPE, Terminal, terminal
from tui.__main__ import _report

pytestmark = pytest.mark.timeout(600)
BOOK = """\
- [ ] Decide 01
- [ ] Look
  ```toml step
  probe = { use = "command", command = "true", class = "observe", expect.exit = 0 }
  ```
"""
PROGRAM = "import sys; from tests.torture.crash_places import main; sys.exit(main())"


class Crash:
    """One run of gonogo that breaks at *place*, with files of its own.

    Attributes:
        said: every byte that it printed.
        code: how it exited; None if it had to be killed.
    """

    def __init__(self, drill: Drill, place: str, planted: Planted, number: int) -> None:
        self.place = place
        self.home = drill.home / f"state-{number}"
        self.said = b""
        self.code: int | None = None
        self._drill = drill
        self._sign = drill.home / f"sign-{number}"
        secrets, codes = list(planted.secrets.values()), list(planted.codes.values())
        self._env = {
            **drill.env,
            **planted.environment,
            "XDG_STATE_HOME": str(self.home),
            "CRASHED": str(self._sign),
            "CRASH_PASSWORD": secrets[number % len(secrets)],
            "CRASH_CODE": codes[number * 9 % len(codes)],
        }

    @property
    def came(self) -> bool:
        """Whether it broke there."""
        return self._sign.exists()

    @property
    def reports(self) -> list[Path]:
        """The files that say what broke."""
        places = (self.home / "gonogo").glob("*.log")
        return [path for path in places if path.read_bytes()]

    def happen(self) -> None:
        if self.place in WITH_A_VERB:
            self._with_a_verb()
        else:
            self._on_screen(ON_SCREEN[self.place])

    def _with_a_verb(self) -> None:
        book = self._drill.home / "book.md"
        words = [each.format(book=book) for each in WITH_A_VERB[self.place]]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, self.place, *words],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        self.said, self.code = done.stdout + done.stderr, done.returncode

    def _on_screen(self, keys: bytes) -> None:
        argv = f"import sys; sys.argv[1:] = {[self.place, *self._drill.words]!r}\n"
        with terminal(argv + PROGRAM, self._drill.home, self._env, size=SIZE) as shown:

            def ended() -> bool:
                return self.came or shown.process.poll() is not None

            shown.until(lambda: ended() or b"Decide 00" in shown.seen)
            for key in keys + keys[-1:] * 10:
                if not ended():
                    shown.type(bytes([key]))
                    read(shown, 0.2)
            shown.until(lambda: ended())
            read(shown, 0.5)
            for _ in range(3):
                if shown.process.poll() is None:
                    shown.type(b"\x11")
                    read(shown, 0.5)
            self.code = shown.process.poll()
        self.said = shown.seen


def read(shown: Terminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and shown.process.poll() is None:
        shown.read()
    while shown.read(0.01):
        pass


def test_fifty_places(planted: Planted, tmp_path: Path) -> None:
    counted("crash_places", len(PLACES))
    places, chance = list(PLACES), rng("c24 places")
    if SAMPLE:
        kinds = (ON_SCREEN, WITH_A_VERB)
        places = [place for kind in kinds for place in chance.sample(list(kind), 2)]
    drill = Drill(tmp_path / "drill", ("echo said",))
    (drill.home / "book.md").write_text(BOOK)
    (drill.home / "book.md").chmod(0o600)
    trust = [*GONOGO, "trust", "--yes", str(drill.home / "book.md")]
    subprocess.run(trust, env=drill.env, check=True, capture_output=True)
    leaks: dict[str, object] = {}
    modes: set[int] = set()
    missed, silent, stopped = [], [], 0
    for place in places:
        crash = Crash(drill, place, planted, PLACES.index(place))
        crash.happen()
        said = (crash.said, ESCAPE.sub(b"", crash.said), *kept(crash.home))
        found = planted.leaks(*said), set().union(*map(planted.torn, said))
        if any(found):
            leaks[place] = found
        modes |= {path.stat().st_mode & 0o777 for path in crash.reports}
        if not crash.came:
            missed.append(place)
        elif not crash.reports:
            silent.append(place)
        stopped += any(path.name.startswith("bug-") for path in crash.reports)
        print(place, crash.code, [path.name for path in crash.reports], flush=True)
    drill.kill_all()
    print(leaks, missed, silent)
    result(
        "G20",
        "C24",
        f"{len(places)} places break, secrets in variables and messages; searched: "
        "terminal, all files",
        "0 leaked; reports 0600",
        f"{len(leaks)} leaked, {stopped} ended gonogo, {len(missed)} not "
        f"reached, {len(silent)} without a report, {[oct(mode) for mode in modes]}",
        not leaks and not missed and not silent and modes == {0o600},
    )


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


def test_a_traceback_with_variables_tells_them(planted: Planted) -> None:
    """The twin: what Textual shows of an error, were it left to."""
    password, code = list(planted.secrets.values())[3], list(planted.codes.values())[9]
    error = raised(1, password, code)
    told = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, width=400
    )
    console = Console(width=400, file=StringIO(), record=True)
    console.print(told)
    assert planted.leaks(console.export_text().encode())
