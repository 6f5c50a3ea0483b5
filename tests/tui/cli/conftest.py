"""gonogo as a process of its own, in a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

import pytest

from tui.__main__ import BUG, main

ROOT = Path(__file__).parents[3]
LIMIT = 60
"""Seconds that one command may take."""
NEW = ("PYTHON", "LC_", "LANG", "TZ", "TERM")
"""Variables that Python, or what it loads, looks at when it starts."""
Gonogo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory, outside of which nothing is kept."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def gonogo(home: Path) -> Gonogo:
    """Run gonogo without a terminal and return what it printed."""

    def run(
        *words: str | Path, under: Sequence[str] = (), **environ: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        env = {**kept, "HOME": str(home), **environ}
        argv = [*map(str, words)]
        if not under and not any(name.startswith(NEW) for name in environ):
            return forked(argv, env)
        return subprocess.run(
            [*under, sys.executable, "-m", "tui", *argv],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )

    return run


def forked(
    argv: Sequence[str], env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run gonogo in a fork of this process, which has imported most of it already."""
    with (
        open(os.devnull) as nothing,
        TemporaryFile("w+") as out,
        TemporaryFile("w+") as err,
    ):
        pid = os.fork()
        if pid == 0:
            for number, file in enumerate((nothing, out, err)):
                os.dup2(file.fileno(), number)
            _become(argv, env)
        _, status = os.waitpid(pid, 0)
        said = [file.seek(0) or file.read() for file in (out, err)]
    code = os.waitstatus_to_exitcode(status)
    return subprocess.CompletedProcess(["gonogo", *argv], code, *said)


def _become(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Be gonogo from here on, with what a new process would have."""
    code = BUG
    try:
        signal.alarm(LIMIT)
        os.chdir(ROOT)
        os.environ.clear()
        os.environ.update(env)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8")  # noqa: SIM115
            for number, mode in enumerate("rww")
        )
        code = main(argv)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a runbook and return its path."""

    def write(text: str, name: str = "book.md") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write
