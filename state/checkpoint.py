"""progress.toml on disk: looked at, set aside when it is cut, replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from runbooks.model import Runbook
from runbooks.unseen import escaped
from state.chunks import Chunk, split, step_chunk
from state.locations import cannot, replace_file
from state.progress import Progress
from state.reading import END, Found, digest, read
from state.rendering import (
    HEADER,
    Value,
    run_values,
    step_header,
    step_values,
    toml,
)

Identity = tuple[int, int, int]
"""Inode, time of change in ns, size: another one means that somebody wrote."""


class Checkpoint:
    """The progress.toml of one run. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Identity | None = None
        self._text = ""  # of the file as it was read, until it is cut into chunks
        self._chunks: list[Chunk] = []
        self._index: dict[str, Chunk] = {}
        self._values: dict[str, dict[str, Value]] = {}
        self._everything = True  # what the tables say is not known

    def changed(self) -> bool:
        """Whether somebody else wrote the file since it was last read or saved."""
        return self._identity() != self._seen

    def look(self, tables_too: bool = False) -> Found:
        """Read the file as it is now, as `read` does.

        A cut one is kept aside as ``progress.toml.broken-TIME``.

        Raises:
            StateError: it cannot be read.
            NewerState: a newer gonogo wrote it.
        """
        self._text, self._chunks, self._index, self._values = "", [], {}, {}
        self._everything = True
        try:
            self._seen = self._identity()
            if self._seen is None:
                return Found()
            data = self.path.read_bytes()
        except OSError as error:
            raise cannot("read", self.path, error) from error
        found, text = read(data, tables_too)
        if found.problem:
            return self._set_aside(found.problem)
        self._text = text
        return found

    def _set_aside(self, problem: str) -> Found:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = self.path.with_name(f"{self.path.name}.broken-{stamp}")
        try:
            os.rename(self.path, aside)
        except OSError as error:
            raise cannot("set aside", self.path, error) from error
        self._seen = None
        return Found(
            problem=f"progress.toml was cut or damaged: {problem}. It was rebuilt "
            f"from the journal; the old one is kept as {aside.name}."
        )

    def save(
        self,
        runbook: Runbook,
        progress: Progress,
        dirty: Iterable[str],
        counted: tuple[int, int],
    ) -> bool:
        """Replace the file by one that says *progress*.

        Args:
            dirty: ids of the steps that changed since the last save.
            counted: how many steps of the gate are done, and of how many.

        Returns:
            False when somebody else wrote the file meanwhile: nothing was done,
            `look` again.

        Raises:
            StateError: it cannot be written; the old file stands.
        """
        known = runbook.step_by_id
        if self._everything:
            dirty = chain((step.id for step in runbook.steps), progress.steps)
        if self._text:
            self._chunks, self._text = split(self._text), ""
            self._index = {c.name[1]: c for c in self._chunks if _is_step(c)}
        if not self._chunks:
            self._begin(runbook)
        for step in dict.fromkeys(dirty):
            if step in self._index or step in known or step in progress.steps:
                values = step_values(known.get(step), progress.steps.get(step))
                self._put(runbook, step, values)
        self._put_run(run_values(progress, counted))
        text = "".join(map(str, self._chunks))
        text = text.rstrip("\n") + "\n\n"
        end: dict[str, Value] = {
            "seq": progress.seq,
            "journal": progress.head,
            "steps": len(self._index),
            "digest": digest(text),
            "complete": True,
        }
        unchanged: Callable[[], bool] = lambda: not self.changed()  # noqa: E731
        if not replace_file(self.path, (text + END + toml(end)).encode(), unchanged):
            return False
        self._seen = self._identity()
        self._everything = False
        return True

    def _begin(self, runbook: Runbook) -> None:
        """Lay out a new file: every step in document order, under its section."""
        self._chunks = [
            Chunk((), "", "", HEADER),
            Chunk(("run",), "\n", "[run]\n", ""),
        ]
        self._index = {}
        sections = runbook.section_by_id
        section = None
        for step in runbook.steps:
            lead = "\n"
            if step.section != section:
                section = step.section
                title = (
                    " / ".join(sections[section].path) if section in sections else ""
                )
                lead = f"\n# {escaped(title)}\n\n" if title.strip() else "\n"
            chunk = Chunk(("step", step.id), lead, step_header(step.id), "")
            self._chunks.append(chunk)
            self._index[step.id] = chunk

    def _put(self, runbook: Runbook, step: str, values: dict[str, Value]) -> None:
        chunk = self._index.get(step)
        if chunk is None:
            chunk = step_chunk(step, values)
            self._index[step] = chunk
            self._chunks.insert(self._place(runbook, step), chunk)
        chunk.update(self._values.get(step, {}), values)
        self._values[step] = values

    def _place(self, runbook: Runbook, step: str) -> int:
        """Return where a new table goes: behind that of the step before it."""
        before = None
        for other in runbook.steps:
            if other.id == step:
                break
            before = self._index.get(other.id, before)
        for position, chunk in enumerate(self._chunks):
            if chunk is before:
                return position + 1
        return len(self._chunks)

    def _put_run(self, values: dict[str, Value]) -> None:
        chunk = next((c for c in self._chunks if c.name == ("run",)), None)
        if chunk is None:
            chunk = Chunk(("run",), "\n", "[run]\n", "")
            self._chunks.insert(1 if self._chunks[0].name == () else 0, chunk)
        chunk.update({}, values)

    def _identity(self) -> Identity | None:
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise cannot("look at", self.path, error) from error
        return status.st_ino, status.st_mtime_ns, status.st_size


def _is_step(chunk: Chunk) -> bool:
    return len(chunk.name) == 2 and chunk.name[0] == "step"
