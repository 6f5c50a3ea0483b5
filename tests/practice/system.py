"""A directory that is acted on, with the profile that leads to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import runbooks.actions
from runbooks import reaching
from runbooks.tables import ActionSpec
from runbooks.target import Target, parse

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

BOOK = """\
# Change

- [ ] Setting is new
  ```toml step
  id = "setting"
  ```
  ```toml action
  use = "practice.write"
  to = "new"
  ```
"""


class System:
    """A practice system and its target."""

    def __init__(self, home: Path, id: str = "alpha") -> None:
        self.directory = home / "system"
        self.directory.mkdir()
        self.profile = home / "practice.toml"
        self.profile.write_text(f'[practice]\ndirectory = "{self.directory}"\n')
        self.put("id", id)

    def put(self, name: str, text: str = "") -> None:
        (self.directory / name).write_text(text)

    def take(self, name: str) -> None:
        (self.directory / name).unlink()

    def read(self, name: str = "setting") -> str:
        path = self.directory / name
        return path.read_text() if path.exists() else "absent"

    @property
    def target(self) -> Target:
        return parse(self.profile.read_bytes(), self.profile)


def write(to: str, **more: object) -> ActionSpec:
    """The action that writes *to* into the system's setting."""
    return ActionSpec("practice.write", {"to": to, **more})


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the practice family known here and in every Python started from here."""
    actions = runbooks.actions
    monkeypatch.setattr(actions, "FAMILIES", ("practice",))
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(HERE)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(HERE))))


def command(system: System, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a program that goes to *system* and return its name."""
    program = system.directory.parent / "practise"
    program.write_text(f'#!/bin/sh\necho "$1" >>{system.directory}/said\n')
    program.chmod(0o755)
    monkeypatch.setitem(reaching._TABLE, program.name, "practice")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program.name
