"""Interactive commands: a terminal of their own, a record, ours as it was."""

from __future__ import annotations

import json
import os
import select
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbooks.commands import Ending, Plan
from runbooks.errors import CommandError
from runbooks.interactive import run_interactive
from tests.runbooks.running import gone, until


@dataclass
class Operator:
    """Somebody at a terminal: `ours` is their side, `theirs` is gonogo's."""

    ours: int
    theirs: int
    seen: bytes = b""
    ending: Ending | None = None

    def run(self, home: Path, text: str, **plan: object) -> threading.Thread:
        options = {"id": "i", "cwd": home, "outputs": home, "grace": 0.5}
        whole = Plan(text=text, **{**options, **plan})  # type: ignore[arg-type]

        def work() -> None:
            self.ending = run_interactive(whole, self.theirs, self.theirs)

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def sees(self, what: bytes) -> None:
        """Read until *what* has come."""

        def read() -> bool:
            while select.select([self.ours], [], [], 0)[0]:
                self.seen += os.read(self.ours, 65536)
            return what in self.seen

        until(read)


@pytest.fixture
def operator() -> Iterator[Operator]:
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (33, 99))
    yield Operator(ours, theirs)
    for fd in (ours, theirs):
        with suppress(OSError):  # a test has closed it
            os.close(fd)


def printed(cast: Path) -> str:
    lines = cast.read_text().splitlines()
    head = json.loads(lines[0])
    assert (head["version"], head["width"], head["height"]) == (2, 99, 33)
    events = [json.loads(line) for line in lines[1:]]
    times = [at for at, _, _ in events]
    assert times == sorted(times) and {kind for _, kind, _ in events} == {"o"}
    return "".join(text for _, _, text in events)


def test_it_talks_and_is_recorded(tmp_path: Path, operator: Operator) -> None:
    before = termios.tcgetattr(operator.theirs)
    text = (
        "stty size; read -p 'name? ' n </dev/tty; echo hi $n $S\n"
        "echo a=1 >>$GONOGO_OUTPUT; exit 3"
    )
    secret = "hunter2-hunter2"
    thread = operator.run(tmp_path, text, env={"S": secret}, secrets=(secret,))
    operator.sees(b"name? ")
    os.write(operator.ours, b"eve\r")
    operator.sees(secret.encode())  # their own terminal shows what it always would
    thread.join()
    ending = operator.ending
    assert ending is not None
    assert (ending.code, ending.ending, ending.values) == (3, "exit", {"a": "1"})
    said = printed(tmp_path / "i.cast")
    assert "33 99" in said and "hi eve [redacted]" in said and secret not in said
    assert (tmp_path / "i.cast").stat().st_mode & 0o777 == 0o600
    assert termios.tcgetattr(operator.theirs) == before


def test_keys_are_the_commands(tmp_path: Path, operator: Operator) -> None:
    text = "trap 'echo interrupted; exit 1' INT; echo up; sleep 60 & wait"
    thread = operator.run(tmp_path, text)
    operator.sees(b"up")
    os.write(operator.ours, b"\x03")
    thread.join()
    assert operator.ending is not None and operator.ending.code == 1
    operator.sees(b"interrupted")


def test_the_window_size_follows(tmp_path: Path, operator: Operator) -> None:
    text = "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.05; done"
    thread = operator.run(tmp_path, text)
    operator.sees(b"up")
    termios.tcsetwinsize(operator.ours, (11, 44))
    operator.sees(b"11 44")
    thread.join()


def test_a_terminal_that_goes_away_ends_it(tmp_path: Path, operator: Operator) -> None:
    text = "trap '' HUP; echo $$ >pid; echo up; sleep 60; sleep 60"
    thread = operator.run(tmp_path, text)
    operator.sees(b"up")
    os.close(operator.ours)
    thread.join()
    assert operator.ending is not None
    assert operator.ending.ending == "stopped"
    assert gone(int((tmp_path / "pid").read_text()))


def test_it_changes_no_context(tmp_path: Path, operator: Operator) -> None:
    context = tmp_path / "context"
    context.write_text("# cwd /\nkept=1\n# names kept\n# complete\n")
    before = context.read_bytes()
    thread = operator.run(tmp_path, "echo [$kept]; kept=2", context=context)
    operator.sees(b"[1]")
    thread.join()
    assert context.read_bytes() == before


def test_what_cannot_start_says_why(tmp_path: Path, operator: Operator) -> None:
    plan = Plan(id="i", text="true", cwd=tmp_path / "none", outputs=tmp_path)
    with pytest.raises(CommandError, match="not there"):
        run_interactive(plan, operator.theirs, operator.theirs)
