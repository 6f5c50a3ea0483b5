"""Whatever cannot be opened gets one plain sentence and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.terminals import ESCAPE, ROOT, terminal

Told = Callable[..., tuple[int, str]]

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Runs root as a user whom file modes hold back."""
HELD_BACK = WITHOUT_PRIVILEGES if os.geteuid() == 0 else ()


def main(*words: str | Path) -> str:
    """Return the program of `gonogo WORDS`."""
    argv = [str(word) for word in words]
    return f"import sys; from tui.__main__ import main; sys.exit(main({argv}))"


@pytest.fixture(params=["no terminal", "terminal"])
def told(request: pytest.FixtureRequest, gonogo, home: Path) -> Told:
    """Run gonogo and return its exit code and what it said, with and without one."""

    def without(*words: str | Path, under: tuple[str, ...] = ()) -> tuple[int, str]:
        done = gonogo(*words, under=under)
        return done.returncode, done.stderr

    def on_one(*words: str | Path, under: tuple[str, ...] = ()) -> tuple[int, str]:
        with terminal(main(*words), home, under=under) as shown:
            code = shown.ended()
        return code, shown.seen.decode().replace("\r\n", "\n")

    return on_one if request.param == "terminal" else without


def one_sentence(said: tuple[int, str], *words: str | Path) -> None:
    code, text = said
    assert code == 2, said
    assert text.count("\n") == 1 and text.startswith("gonogo: "), text
    assert "Traceback" not in text and "\x1b" not in text
    for word in words:
        assert str(word) in text


@pytest.mark.parametrize("verb", [(), ("show",), ("lint",), ("check",)])
class TestFiles:
    def test_missing(self, told: Told, tmp_path: Path, verb) -> None:
        one_sentence(told(*verb, tmp_path / "none.md"), "no such file")

    def test_directory(self, told: Told, tmp_path: Path, verb) -> None:
        one_sentence(told(*verb, tmp_path), "directory")

    def test_binary(self, told: Told, tmp_path: Path, verb) -> None:
        path = tmp_path / "a.bin"
        path.write_bytes(b"\x7fELF\x00\x00\x01\x00" * 100)
        one_sentence(told(*verb, path), "a.bin")

    def test_unreadable(self, told: Told, write, verb) -> None:
        path = write("- [ ] a\n")
        path.chmod(0)
        said = told(*verb, path, under=HELD_BACK)
        one_sentence(said, f"{path}: it cannot be read: permission denied")


BOOKS = (
    ("", "no steps"),
    ("# Title\n\nprose\n", "no steps"),
    ("- [ ] a\n\n  ```toml step\n  severity = 'grave'\n  ```\n", "gonogo lint"),
)
"""Runbooks with something wrong in them, and what is said."""


@pytest.mark.parametrize(("text", "words"), BOOKS, ids=["empty", "prose", "broken"])
class TestDocuments:
    @pytest.mark.parametrize("verb", [(), ("show",)])
    def test_without_a_terminal(self, gonogo, write, home, text, words, verb) -> None:
        done = gonogo(*verb, write(text))
        one_sentence((done.returncode, done.stderr), "book.md", words)
        assert not list(home.rglob("journal.jsonl"))

    def test_on_the_screen(self, write, home: Path, text: str, words: str) -> None:
        program = main(write(text, "b.md"))
        with terminal(program, home, size=(120, 40)) as shown:
            shown.until(lambda: words.encode() in ESCAPE.sub(b"", shown.seen))
            shown.type(b"q")
            assert shown.ended() == 0


class TestState:
    def test_a_file_in_the_way(self, told: Told, write, tmp_path: Path) -> None:
        state = tmp_path / "state"
        state.write_text("not a directory")
        one_sentence(told("open", write("- [ ] a\n"), "--state-dir", state), state)
        assert state.read_text() == "not a directory"

    @pytest.mark.parametrize("verb", ["runs", "open", "check", "check --run x"])
    def test_a_state_dir_that_is_not_there(
        self, told: Told, write, tmp_path: Path, verb: str
    ) -> None:
        book = [] if verb == "runs" else [write("- [ ] a\n")]
        none = tmp_path / "none"
        said = told(*verb.split(), *book, "--state-dir", none)
        one_sentence(said, f"{none} does not exist")
        assert not none.exists()

    def test_a_home_that_may_not_be_written(
        self, told: Told, write, home: Path
    ) -> None:
        home.chmod(0o500)
        said = told("check", "--run", "x", write("- [ ] a\n"), under=HELD_BACK)
        one_sentence(said)

    def test_a_screen_without_a_place_for_decisions(self, write, home: Path) -> None:
        book = write("- [ ] a\n")
        home.chmod(0o500)
        with terminal(main(book), home, under=HELD_BACK) as shown:
            one_sentence((shown.ended(), shown.seen.decode()), home)

    def test_of_a_newer_gonogo(self, told: Told, write, home: Path) -> None:
        run = home / ".local/state/gonogo/runs/20260101T000000Z-aaaaaa"
        run.mkdir(parents=True)
        journal = run / "journal.jsonl"
        journal.write_text('{"v": 99, "seq": 1}\n')
        said = told("check", "--run", run.name, write("- [ ] a\n"))
        one_sentence(said, "newer gonogo")
        assert journal.read_text() == '{"v": 99, "seq": 1}\n'
        assert [path.name for path in run.iterdir()] == ["journal.jsonl"]


def test_wrong_usage(told: Told) -> None:
    one_sentence(told("show"), "gonogo show --help")
    one_sentence(told("show", "--form", "x", "y"), "--form")


def test_a_mistyped_command_is_guessed(told: Told) -> None:
    one_sentence(told("shwo"), "gonogo show")


def test_a_reader_who_leaves_is_no_error(write, home: Path) -> None:
    path = write("".join(f"- [ ] step {n}\n" for n in range(20_000)))
    words = [sys.executable, "-m", "tui", "show", str(path)]
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -n 1', "-", *words],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "book.md\n"
    assert done.stderr == ""
