"""What reading Markdown finds: headings, tasks, fences, and where no task can stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_NESTING = 200
"""Levels of quotes and lists (a list takes two); beyond, content is not read."""


@dataclass(slots=True, eq=False)
class Heading:
    """A heading that begins a section: neither in a quote nor in a list."""

    line: int
    level: int
    content: str


@dataclass(slots=True, eq=False)
class Task:
    """A task list item.

    Attributes:
        line: 1-based line of the item.
        content: inline source after the box.
        prose: lines under the item that are neither steps nor commands.
    """

    line: int
    checked: bool
    depth: int
    content: str
    prose: str = ""


@dataclass(slots=True, eq=False)
class Siblings:
    """What stands directly before a block: a list, or a paragraph, or both.

    Attributes:
        tasks: task items of the list.
        only: the list has one item.
        paragraph: inline source of the paragraph that follows it, or "".
    """

    tasks: Sequence[Task] = ()
    only: bool = False
    paragraph: str = ""


@dataclass(slots=True, eq=False)
class Fence:
    """A fenced block.

    Attributes:
        line: 1-based line of the opening fence.
        indent: columns before the fence, within its container.
        info: info string as written, trimmed.
        task: innermost task item that holds it.
        before: what stands directly before it.
    """

    line: int
    indent: int
    info: str
    content: str
    task: Task | None
    before: Siblings


@dataclass(slots=True)
class Span:
    """Lines (0-based, end excluded) in which no task can stand."""

    start: int
    end: int
    kind: Literal["code", "html", "table"]


@dataclass(slots=True)
class Found:
    """Everything found, in document order.

    Attributes:
        unclosed: 1-based lines of the fences that nothing closes.
        too_deep: 1-based line where nesting went beyond `MAX_NESTING`, or 0.
        references: link reference definitions, for reading inline markup.
    """

    items: list[Heading | Task | Fence] = field(default_factory=list)
    headings: Counter[int] = field(default_factory=Counter)
    fences: Counter[str] = field(default_factory=Counter)
    spans: list[Span] = field(default_factory=list)
    unclosed: list[int] = field(default_factory=list)
    too_deep: int = 0
    references: dict[str, Any] = field(default_factory=dict)
