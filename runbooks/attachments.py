"""Which declaration belongs to which step or block, in a document and its sidecar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from runbooks import fences
from runbooks.annotations import read_annotation
from runbooks.declarations import decode, make
from runbooks.found import Fence, Found, Heading, Task
from runbooks.model import Problem
from runbooks.sidecar import Declaration, Sidecar
from runbooks.source import Source, near, read_toml
from runbooks.tables import ActionSpec, BlockOptions, RunbookOptions, StepOptions

_NO_OPTIONS = BlockOptions()


class Attached:
    """Everything declared, by what it belongs to.

    Attributes:
        runbook: the ``toml runbook`` table.
        steps: line of a task item to its declaration.
        commands: line of a shell block, in a section without tasks, to what is
            declared below it of its one command.
        blocks: line of a shell block to its annotation.
        names: every id and name that is declared anywhere.
        sidecar: outranks the document.
    """

    def __init__(
        self,
        path: Path,
        text: str,
        found: Found,
        sidecar: Sidecar,
        problems: list[Problem],
    ) -> None:
        self.runbook: dict[str, Any] = {}
        self.steps: dict[int, Declaration] = {}
        self.commands: dict[int, Declaration] = {}
        self.blocks: dict[int, BlockOptions] = {}
        self.sidecar = sidecar
        self.names = set(sidecar.names)
        self._path = path
        self._text = text
        self._problems = problems
        self._runbook_line = 0
        self._above = dict(_commands_above(found))
        for item in found.items:
            if isinstance(item, Fence):
                self._fence(item)
        self.runbook |= sidecar.runbook

    def _fence(self, fence: Fence) -> None:
        kind = fences.kind(fence.info)
        if kind == "shell":
            options = _NO_OPTIONS
            if "{" in fence.info:
                options = read_annotation(self._info(fence), self._problems)
            self.blocks[fence.line] = options
            if options.name:
                if options.name in self.names:
                    self._complain(
                        self._info(fence),
                        f"the name {options.name!r} is used twice",
                        "give one of them another",
                    )
                self.names.add(options.name)
        elif kind == "table":
            self._table(fence, fences.words(fence.info)[1].lower())
        else:
            self._near_table(fence)

    def _table(self, fence: Fence, kind: str) -> None:
        source = self._content(fence)
        table = read_toml(source, self._problems)
        if kind == "runbook":
            self._runbook(fence, source, table)
            return
        task = fence.task or _listed(fence)
        above = self._above.get(fence.line)
        if task is None and above is None:
            self._complain(
                self._info(fence),
                f"this toml {kind} block belongs to no step",
                "put it under a task item, indented like the item's text",
            )
            return
        new = Declaration(source)
        if task:
            declared = self.steps.setdefault(task.line, new)
        else:
            assert above is not None
            declared = self.commands.setdefault(above, new)
        if kind == "action":
            action = make(ActionSpec, table, source, self._problems)
            declared.actions += [action] if action else []
        elif declared.values:
            self._complain(
                self._info(fence),
                "this step has a toml step block already",
                "write all its keys in one block",
            )
        else:
            declared.source = source
            declared.values = decode(StepOptions, table, source, self._problems)
            if declared.id:
                self.names.add(declared.id)

    def _runbook(self, fence: Fence, source: Source, table: dict[str, Any]) -> None:
        if self._runbook_line:
            self._complain(
                self._info(fence),
                f"the runbook is declared on line {self._runbook_line} already",
                "write all its keys in one toml runbook block, under the title",
            )
            return
        self._runbook_line = fence.line
        self.runbook = decode(RunbookOptions, table, source, self._problems)

    def _near_table(self, fence: Fence) -> None:
        words = fences.words(fence.info)
        if len(words) < 2 or words[0].lower() != "toml" or "=" in words[1]:
            return
        meant = near(words[1], fences.TABLES)
        if meant:
            self._complain(
                self._info(fence),
                f"toml {words[1]} is no declaration, so this block is ignored",
                f"did you mean toml {meant}?",
            )

    def command(self, fence: Fence, parts: int) -> Declaration | None:
        """Return what is declared of the one command of a block."""
        declared = self.commands.get(fence.line)
        if declared is None or parts == 1:
            return declared
        self._problems.append(
            declared.source.problem(
                (0, 0),
                f"the block above holds {parts} commands, and this is about one",
                "give each command a block of its own",
            )
        )
        del self.commands[fence.line]
        return None

    def complain_same_id(self, declared: Declaration) -> None:
        """Complain of an id that another step has."""
        self._problems.append(
            declared.source.problem(
                declared.source.find(("id",)),
                f"another step has the id {declared.id!r}",
                "give each step an id of its own",
            )
        )

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    def _info(self, fence: Fence) -> Source:
        def margin(_line: int) -> int:
            return max(0, self._lines[fence.line - 1].find(fence.info))

        return Source(self._path, fence.info, fence.line, margin)

    def _content(self, fence: Fence) -> Source:
        def margin(line: int) -> int:
            written = fence.content.split("\n")[line : line + 1]
            row = fence.line + line
            whole = self._lines[row] if row < len(self._lines) else ""
            return max(0, whole.find(written[0])) if written else 0

        return Source(self._path, fence.content, fence.line + 1, margin)

    def _complain(self, source: Source, problem: str, remedy: str) -> None:
        self._problems.append(source.problem((0, 0), problem, remedy))


def _commands_above(found: Found) -> Iterator[tuple[int, int]]:
    """Yield the line of each table that follows a command, and the block's line.

    Only in sections without tasks, in which each command is a step.
    """
    for is_heading, items in groupby(found.items, lambda item: type(item) is Heading):
        below = [] if is_heading else list(items)
        if any(isinstance(item, Task) for item in below):
            continue
        block = 0
        for fence in below:
            assert isinstance(fence, Fence)
            kind = fences.kind(fence.info)
            if kind == "shell":
                block = fence.line
            elif kind == "table" and block:
                yield fence.line, block


def _listed(fence: Fence) -> Task | None:
    """Return the last task of the list that an indented block follows."""
    before = fence.before
    if fence.indent and before.tasks and not before.paragraph:
        return before.tasks[-1]
    return None
