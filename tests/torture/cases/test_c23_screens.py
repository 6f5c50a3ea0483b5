"""C23: sixty secrets are printed, probed and reported; none is on a screen or kept."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.torture.cases.test_c11_lost_terminals import SIZE, begin
from tests.torture.drill import GONOGO, OPEN, Drill
from tests.torture.planted import Planted, kept
from tests.torture.results import ROOT, result
from tests.tui.terminals import ESCAPE, terminal
from tests.tui.tmux import own_environment

pytestmark = pytest.mark.timeout(600)

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
