"""What a runbook is, once read: sections, steps, blocks and parts in document order.

Everything here is a value: parsing makes it, nothing changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from runbooks.tables import (
    NOTHING_DECLARED,
    ActionSpec,
    BlockOptions,
    Gate,
    Level,
    ProbeSpec,
    RunbookOptions,
    Severity,
    StepOptions,
)


class Problem(msgspec.Struct, frozen=True):
    """A complaint about a document, with its remedy.

    Attributes:
        line, column: 1-based.
        warning: the document still works; errors stop `gonogo lint` with 2.
    """

    path: Path
    line: int
    column: int
    problem: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.problem}; {self.remedy}"


class Notice(msgspec.Struct, frozen=True):
    """Something that looks like a step and is none (``-[ ]``, ☐, a box in a table)."""

    line: int
    text: str


class Section(msgspec.Struct, frozen=True):
    """The text under one heading.

    Attributes:
        id: slug of the heading path, unique in the document.
        title: plain text of the heading.
        level: 1 to 6; 0 for what stands before the first heading.
        line: 1-based.
        path: titles from the outermost heading down to this one.
    """

    id: str
    title: str
    level: int
    line: int
    path: tuple[str, ...]


class Part(msgspec.Struct, frozen=True):
    """One complete shell command of a fenced block: the unit that runs.

    Attributes:
        id: unique in the document.
        block: id of the block that holds it.
        title: the comment lines above it, or "".
        text: exactly what the shell is given, without prompts.
        line: 1-based line of its first character.
    """

    id: str
    block: str
    title: str
    text: str
    line: int


class Block(msgspec.Struct, frozen=True):
    """A fenced shell block.

    Attributes:
        language: first word of the info string as written, ``bash`` for instance.
        shell: the program that runs it, ``bash`` or ``zsh``.
        section: id of its section.
        step: id of the step it belongs to, or None when it is the section's.
        whole_refused: why the block cannot be run as a whole, or "".
    """

    id: str
    language: str
    shell: str
    line: int
    section: str
    step: str | None
    options: BlockOptions
    parts: tuple[Part, ...]
    whole_refused: str = ""


class Step(msgspec.Struct, frozen=True):
    """Something to be decided.

    Attributes:
        id: declared, else a slug of heading path and text, made unique.
        text: plain text, inline markup removed, one line.
        section: id of its section.
        line: 1-based.
        checked: ticked in the file (pending until a person confirms).
        depth: 0 for a top-level item, 1 for an item inside an item, ….
        digest: sha256 hex of text, declaration and attached parts.
        part: id of the part this step stands for, in a section without tasks.
        details: Markdown source of the prose under the item, or "".
    """

    id: str
    text: str
    section: str
    line: int
    checked: bool
    depth: int
    digest: str
    options: StepOptions = NOTHING_DECLARED
    part: str | None = None
    details: str = ""
    actions: tuple[ActionSpec, ...] = ()

    @property
    def probes(self) -> tuple[ProbeSpec, ...]:
        """Declared probes, singular and plural form together."""
        one = (self.options.probe,) if self.options.probe else ()
        return one + self.options.probes

    @property
    def level(self) -> Level:
        """Declared, else auto with a probe, attest without."""
        return self.options.level or (Level.AUTO if self.probes else Level.ATTEST)

    @property
    def severity(self) -> Severity:
        return self.options.severity or Severity.MINOR

    @property
    def gate(self) -> Gate:
        """Declared, else ``ops`` for a part that is a step, ``go`` for a task."""
        return self.options.gate or (Gate.OPS if self.part else Gate.GO)

    @property
    def note_required(self) -> bool:
        """Whether a pass by a person needs a note: declared, else on blockers."""
        if self.options.note is not None:
            return self.options.note == "required"
        return self.severity is Severity.BLOCKER and self.level is Level.ATTEST


class Counts(msgspec.Struct, frozen=True):
    """What GFM counts, whatever gonogo makes of it.

    Attributes:
        headings: level (1 to 6) to number, levels without headings left out.
        checked, unchecked: task list items.
        fences: first word of the info string to number, "" for none.
    """

    headings: Mapping[int, int]
    checked: int
    unchecked: int
    fences: Mapping[str, int]


class Row(msgspec.Struct, frozen=True):
    """One line of the checklist: `id` is that of a section, step or part."""

    kind: Literal["section", "step", "part"]
    id: str


@dataclass(frozen=True)
class Runbook:
    """A document, read.

    Attributes:
        path: where it was read.
        title: first heading of level 1, else first heading, else the file name.
        digest: sha256 hex of the bytes of the file, and of its sidecar.
        rows: sections, steps and parts in document order.
        declares: whether any step declares severity or gate; without one the
            verdict is OPEN or DONE, never GO.
        data: the bytes that were parsed; what runs are these.
        sidecar: those of the file beside it, None where there is none.
    """

    path: Path
    title: str
    digest: str
    counts: Counts
    options: RunbookOptions
    sections: tuple[Section, ...]
    steps: tuple[Step, ...]
    blocks: tuple[Block, ...]
    rows: tuple[Row, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]
    data: bytes = field(repr=False)
    sidecar: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """Declared id, else the file's stem."""
        return self.options.id or self.path.stem

    @cached_property
    def declares(self) -> bool:
        return any(s.options.severity or s.options.gate for s in self.steps)

    @cached_property
    def section_by_id(self) -> Mapping[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def step_by_id(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def block_by_id(self) -> Mapping[str, Block]:
        return {block.id: block for block in self.blocks}

    @cached_property
    def part_by_id(self) -> Mapping[str, Part]:
        return {part.id: part for block in self.blocks for part in block.parts}
