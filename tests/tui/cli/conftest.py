"""gonogo as a process of its own, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
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
        return subprocess.run(
            [*under, sys.executable, "-m", "tui", *map(str, words)],
            cwd=ROOT,
            env={**kept, "HOME": str(home), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a runbook and return its path."""

    def write(text: str, name: str = "book.md") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write
