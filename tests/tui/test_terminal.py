"""What is decided before Textual is imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from tui.terminal import Terminal, look, prepare, too_small

MODERN = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}


def found(env: Mapping[str, str], **more: bool | str) -> Terminal:
    facts = {"reads": True, "writes": True, "encoding": "utf-8"} | more
    return look(env, **facts)  # type: ignore[arg-type]


def test_a_modern_terminal() -> None:
    assert found(MODERN) == Terminal()


@pytest.mark.parametrize(
    ("env", "more", "said"),
    [
        (MODERN, {"reads": False}, "standard input"),
        (MODERN, {"writes": False}, "standard error"),
        ({"TERM": "dumb"}, {}, "TERM=dumb"),
        ({}, {}, "TERM is not set"),
    ],
)
def test_no_screen_and_why(
    env: Mapping[str, str], more: Mapping[str, bool], said: str
) -> None:
    assert said in found(env, **more).plain


@pytest.mark.parametrize(
    ("env", "encoding", "only"),
    [
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "utf-8", True),
        ({"LANG": "POSIX"}, "utf-8", True),
        ({"LC_CTYPE": "de_DE.ISO-8859-1"}, "utf-8", True),
        ({"LANG": "C.utf8"}, "utf-8", False),
        ({}, "utf-8", False),
        (MODERN, "ascii", True),
    ],
)
def test_ascii_only(env: Mapping[str, str], encoding: str, only: bool) -> None:
    assert found({"TERM": "xterm", **env}, encoding=encoding).ascii_only is only


def test_the_environment_presses_no_keys_and_loads_no_driver() -> None:
    env = {
        **MODERN,
        "TEXTUAL": "debug",
        "TEXTUAL_PRESS": "r,y",
        "TEXTUAL_DRIVER": "evil:Driver",
        "TEXTUAL_LOG": "/tmp/log",
        "NO_COLOR": "",
        "COLUMNS": "80",
        "LINES": "24",
    }
    prepare(found(env), env)
    assert env == {**MODERN, "TEXTUAL_ANIMATIONS": "none"}


def test_a_slow_link() -> None:
    env = dict(MODERN)
    prepare(look(env, slow_link=True, reads=True, writes=True), env)
    assert env["TEXTUAL_FPS"] == "10" and env["TEXTUAL_COLOR_SYSTEM"] == "256"


def test_it_decides_without_textual_and_refuses_when_it_is_too_late() -> None:
    code = """
import sys
from tui.terminal import Terminal, prepare
assert not any(name.split(".")[0] in ("textual", "rich") for name in sys.modules)
prepare(Terminal())
import textual.constants
assert textual.constants.PRESS == "" and textual.constants.TEXTUAL_ANIMATIONS == "none"
try:
    prepare(Terminal())
except RuntimeError:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"TEXTUAL_PRESS": "r,y", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "refused\n"


def test_too_small() -> None:
    assert too_small(60, 16) == ""
    assert too_small(40, 10) == ("terminal is 40x10; gonogo needs 60x16: enlarge it")
    assert too_small(200, 15) and too_small(59, 50)
