"""Whatever cannot be opened gets one plain sentence and exit code 2."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("gonogo: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("verb", [(), ("show",), ("lint",), ("check",)])
class TestFiles:
    def test_missing(self, gonogo, tmp_path: Path, verb) -> None:
        one_sentence(gonogo(*verb, tmp_path / "none.md"), "no such file")

    def test_directory(self, gonogo, tmp_path: Path, verb) -> None:
        one_sentence(gonogo(*verb, tmp_path), "directory")

    def test_binary(self, gonogo, tmp_path: Path, verb) -> None:
        path = tmp_path / "a.bin"
        path.write_bytes(b"\x7fELF\x00\x00\x01\x00" * 100)
        one_sentence(gonogo(*verb, path), "a.bin")


@pytest.mark.parametrize("verb", [(), ("show",)])
class TestDocuments:
    def test_empty(self, gonogo, write, verb) -> None:
        one_sentence(gonogo(*verb, write("")), "book.md")

    def test_no_steps(self, gonogo, write, verb) -> None:
        one_sentence(gonogo(*verb, write("# Title\n\nprose\n")), "no steps")

    def test_broken_fence_block(self, gonogo, write, verb) -> None:
        text = "- [ ] a\n\n  ```toml step\n  severity = 'grave'\n  ```\n"
        one_sentence(gonogo(*verb, write(text)), "book.md:4:", "gonogo lint")


def test_unreadable_state_directory(gonogo, write, tmp_path: Path) -> None:
    home = tmp_path / "state"
    home.write_text("not a directory")
    one_sentence(gonogo(write("- [ ] a\n"), "--state-dir", home), str(home))


def test_newer_state(gonogo, write, home: Path) -> None:
    run = home / ".local/state/gonogo/runs/20260101T000000Z-aaaaaa"
    run.mkdir(parents=True)
    (run / "journal.jsonl").write_text('{"v": 99, "seq": 1}\n')
    done = gonogo("check", "--run", run.name, write("- [ ] a\n"))
    one_sentence(done, "newer gonogo")


def test_wrong_usage(gonogo) -> None:
    one_sentence(gonogo("show"), "gonogo show --help")
    one_sentence(gonogo("show", "--form", "x", "y"), "--form")


def test_a_mistyped_command_is_guessed(gonogo) -> None:
    one_sentence(gonogo("shwo"), "gonogo show")


def test_a_reader_who_leaves_is_no_error(write, home: Path) -> None:
    path = write("".join(f"- [ ] step {n}\n" for n in range(20_000)))
    words = [sys.executable, "-m", "tui", "show", str(path)]
    env = {**os.environ, "HOME": str(home)}
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -n 1', "-", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "book.md\n"
    assert done.stderr == ""


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_shows_no_screen(write, home: Path, term: str) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tui", str(write("- [ ] a\n"))],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "TERM": term},
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    os.close(leader)
    os.close(follower)
    one_sentence(done, "gonogo show")
