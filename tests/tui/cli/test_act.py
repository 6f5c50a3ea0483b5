"""`gonogo act` and what `gonogo target check` says of systems, as people start them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.practice.system import BOOK, System, register
from tests.tui.cli.conftest import ROOT, Gonogo

Act = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    register(monkeypatch)
    return System(tmp_path)


@pytest.fixture
def act(gonogo: Gonogo, write: Callable[[str], Path], system: System) -> Act:
    """`gonogo act` on the practice system, with a runbook that is trusted."""
    book = write(BOOK)
    assert gonogo("trust", "--yes", book).returncode == 0

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        where = ["--target", str(system.profile), "--runbook", str(book)]
        return gonogo("act", *words, *where)

    return run


AGREED = ("--confirm", "practice", "--reason", "INC-311")


def test_without_a_name_it_lists_actions_with_their_class(
    gonogo: Gonogo, system: System
) -> None:
    done = gonogo("act")
    first, second = done.stdout.splitlines()
    assert first.split() == ["practice.remove", "destructive", "Remove", "a", "file."]
    assert second.split()[:2] == ["practice.write", "mutate"]


def test_it_shows_does_and_says_how_it_ended(act: Act, system: System) -> None:
    done = act("practice.write", "to=new", *AGREED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "| WRITE" in done.stdout and "system     practice system alpha" in done.stdout
    )
    assert done.stdout.endswith("done: write 'new' to setting\n")
    assert system.read() == "new"


def test_describing_changes_nothing(act: Act, system: System) -> None:
    done = act("practice.write", "to=new", "--describe")
    assert done.returncode == 0 and "undo       practice.remove" in done.stdout
    assert system.read() == "absent"
    system.put("locked")
    done = act("practice.write", "to=new", "--describe")
    assert done.returncode == 2 and "not now    somebody locked" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("to=new",), "add --confirm practice"),
        (("to=new", "--confirm", "alpha", "--reason", "x"), "add --confirm practice"),
        (("to=new", "--confirm", "practice"), "say why systems are to be changed"),
        (("too=new", *AGREED), "no parameter is called 'too'; did you mean 'to'?"),
        (("to=${nowhere.x}", *AGREED), "no [nowhere] x in the profile"),
    ],
)
def test_what_was_not_said_changes_nothing(
    act: Act, system: System, words: tuple[str, ...], said: str
) -> None:
    done = act("practice.write", *words)
    assert done.returncode == 2 and said in done.stdout + done.stderr
    assert system.read() == "absent"


def test_a_failure_is_one(act: Act, system: System) -> None:
    system.put("broken")
    done = act("practice.write", "to=new", *AGREED)
    assert done.returncode == 1 and "The disk refused." in done.stdout


def test_a_runbook_nobody_trusted_changes_nothing(
    gonogo: Gonogo, write: Callable[[str], Path], system: System
) -> None:
    words = ["practice.write", "to=new", *AGREED, "--runbook", str(write(BOOK))]
    done = gonogo("act", *words, "--target", system.profile)
    assert done.returncode == 2 and "not trusted yet" in done.stdout
    assert system.read() == "absent"


def test_at_a_terminal_it_asks(home: Path, act: Act, system: System) -> None:
    system.put("setting", "old")
    words = ["practice.remove", "--target", str(system.profile)]
    words += ["--runbook", str(system.profile.with_name("book.md"))]

    def answered(*answers: tuple[bytes, bytes], ahead: bytes = b"") -> str:
        ours, theirs = pty.openpty()
        os.write(ours, ahead)
        process = subprocess.Popen(
            [sys.executable, "-m", "tui", "act", *words],
            cwd=ROOT,
            env={**os.environ, "HOME": str(home)},
            stdin=theirs,
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        said = b""
        for prompt, answer in answers:
            while not said.endswith(prompt):
                said += (came := process.stdout.read1())  # type: ignore[attr-defined]
                assert came, said
            os.write(ours, answer + b"\n")
        with process.stdout:
            said += process.stdout.read()
        process.wait(50)
        os.close(ours)
        os.close(theirs)
        return said.decode()

    word, why = b"to go on: ", b"Why: "
    assert "cancelled" in answered((word, b"alpha"), ahead=b"practice\nINC-311\n")
    assert system.read() == "old"
    said = answered((word, b"practice"), (why, b"INC-311"))
    assert "done: remove setting" in said
    assert system.read() == "absent"


def test_another_system_is_told_and_accepted_by_hand(
    gonogo: Gonogo, act: Act, system: System
) -> None:
    def check(*words: str) -> tuple[int, str]:
        done = gonogo("target", "check", system.profile, *words)
        return done.returncode, done.stdout + done.stderr

    assert "new    practice  practice system alpha; met for the first" in check()[1]
    assert act("practice.write", "to=new", *AGREED).returncode == 0
    assert "known  practice  practice system alpha" in check()[1]
    system.put("id", "beta")
    code, said = check()
    assert code != 0 and "other  practice  practice system beta; at first" in said
    refused = act("practice.write", "to=newer", *AGREED)
    assert refused.returncode == 2 and "--accept practice" in refused.stderr
    code, said = check("--accept", "practice")
    assert code == 2 and "nobody can be asked here" in said
    assert "was  practice system alpha\n  is   practice system beta" in said
    assert act("practice.write", "to=newer", *AGREED).returncode == 2
    assert check("--accept", "practice", "--yes")[0] == 0
    assert act("practice.write", "to=newer", *AGREED).returncode == 0
    assert "there are practice" in check("--accept", "kubernetes")[1]
    system.take("id")
    assert "unseen practice  nobody could look" in check()[1]
    code, said = check("--accept", "practice", "--yes")
    assert code == 1 and "nobody could look" in said
