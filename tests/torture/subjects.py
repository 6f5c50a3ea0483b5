"""What is maltreated: a run of ours, and what a naive program would do instead.

A way of maltreating that the naive one survives proves nothing, so each case must see
the naive one fail.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Protocol

from runbooks.errors import StateError
from state.author import Author
from state.deciding import decide
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, runbook, step

BOOK = runbook(*(step(f"s.{i}") for i in range(20)))


class Subject(Protocol):
    """Something that keeps what is said, durably."""

    def open(self, directory: Path) -> None:
        """Begin, or go on with what is in *directory*."""

    def say(self, text: str) -> None:
        """Keep *text*; it is acknowledged once this returns.

        Raises:
            StateError, OSError: it is not kept yet.
        """

    def save(self) -> None:
        """Bring everything up to date.

        Raises:
            StateError, OSError: that was not possible.
        """

    def close(self) -> None: ...

    @staticmethod
    def load(directory: Path) -> list[str]:
        """Return all that was kept, as a program that is started anew sees it."""


class Ours:
    """A run as gonogo keeps it."""

    def __init__(self) -> None:
        self._count = 0

    def open(self, directory: Path) -> None:
        if (directory / "runs").exists():
            (place,) = (directory / "runs").iterdir()
            self.run = Run.open(place, BOOK, Author("eve", pid=os.getpid()))
        else:
            self.run = Run.create(directory, BOOK, "", ANA)

    def say(self, text: str) -> None:
        self._count += 1
        decide(self.run, BOOK.steps[self._count * 7 % 20], Answer.PASS, text)

    def save(self) -> None:
        self.run.save()

    def close(self) -> None:
        self.run.close()

    @staticmethod
    def load(directory: Path) -> list[str]:
        places = list((directory / "runs").glob("*"))
        if not places:
            return []
        run = Run.open(places[0], BOOK, ANA)
        said = [
            (decision.seq, decision.note)
            for state in run.progress.values()
            for decision in (*state.earlier, state.decision)
            if decision is not None
        ]
        bad = [notice for notice in run.notices if "journal is damaged" in notice]
        if bad:
            raise StateError(bad[0])
        run.save()
        tables = tomllib.loads((run.directory / "progress.toml").read_text())["step"]
        for one, state in run.progress.items():
            assert state.decision is None or tables[one]["note"] == state.decision.note
        left = list(run.directory.glob(".*.new"))
        assert not left, f"left behind: {left}"
        run.close()
        return [note for _, note in sorted(said)]


class Naive:
    """A file that is opened for writing and written, as most programs do it."""

    def open(self, directory: Path) -> None:
        self._path = directory / "state.json"
        self._said = self.load(directory)
        directory.mkdir(exist_ok=True)

    def say(self, text: str) -> None:
        self._said.append(text)
        try:
            self.save()
        except OSError:
            self._said.pop()
            raise

    def save(self) -> None:
        with self._path.open("w") as file:
            json.dump(self._said, file)

    def close(self) -> None:
        self.save()

    @staticmethod
    def load(directory: Path) -> list[str]:
        path = directory / "state.json"
        return list(json.loads(path.read_text())) if path.exists() else []


class Unsynced(Naive):
    """Temporary file and rename, and nothing is ever synced."""

    def save(self) -> None:
        new = self._path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(self._said, file)
        os.replace(new, self._path)


class Retrying(Naive):
    """A journal that syncs again when a sync failed, and believes the second one."""

    def say(self, text: str) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, json.dumps(text).encode() + b"\n")
            for last in (False, True):
                try:
                    os.fsync(handle)
                    break
                except OSError:
                    if last:
                        raise
        finally:
            os.close(handle)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._said.append(text)

    def save(self) -> None:
        """Everything is in the journal."""

    @staticmethod
    def load(directory: Path) -> list[str]:
        path = directory / "state.json"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


SUBJECTS: dict[str, type[Subject]] = {
    "ours": Ours,
    "naive": Naive,
    "unsynced": Unsynced,
    "retrying": Retrying,
}
