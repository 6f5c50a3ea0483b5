"""What a person asked to run, and what can be said of it from its text alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from runbooks.model import Block, Part
from runbooks.tables import BlockOptions, CommandClass

if TYPE_CHECKING:
    from runbooks.classes import Classified
    from runbooks.placeholders import Placeholder

_MILDEST_FIRST = list(CommandClass)
SHELL = "shell:"
"""Beginning of the ids under which shells are written down."""
_SHELL = """\
echo 'This shell is recorded; exit or Ctrl-D leads back to gonogo.'
exec bash -i"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Some parts of one block, perhaps edited: one text for each part.

    Attributes:
        literal: to be run as written, placeholders and all.
        interactive: whether to give it the terminal, where a person said so.
    """

    block: Block
    parts: tuple[Part, ...]
    texts: tuple[str, ...]
    literal: bool = False
    interactive: bool | None = None

    @property
    def whole(self) -> bool:
        return len(self.parts) > 1

    @property
    def edited(self) -> bool:
        return self.texts != tuple(part.text for part in self.parts)

    @property
    def is_shell(self) -> bool:
        """Whether nobody knows what will be done in it."""
        return self.block.id.startswith(SHELL)

    @property
    def title(self) -> str:
        if self.is_shell:
            return "Open a recorded shell"
        if self.whole:
            return f"Run {len(self.parts)} commands"
        return "Run an edited command" if self.edited else "Run a command"

    @property
    def original(self) -> str:
        return "\n".join(self.texts)

    @property
    def digest(self) -> str:
        """sha256 hex of the text: what is trusted when only this is."""
        return sha256(self.original.encode("utf-8", "backslashreplace")).hexdigest()

    def is_interactive(self) -> bool:
        """Whether it needs the terminal: said, else declared, else by rule."""
        from runbooks.natures import nature

        if self.interactive is not None:
            return self.interactive
        declared = self.block.options.interactive
        if declared is not None:
            return declared
        return any(nature(text).interactive for text in self.texts)

    def is_follower(self) -> bool:
        """Whether it runs beside the rest until it is stopped (``-f``, ``watch``)."""
        from runbooks.natures import nature

        return nature(self.texts[-1]).endless

    def placeholders(self) -> list[tuple[Placeholder, ...]]:
        """The placeholders of each text; the same words get the same variable."""
        from runbooks.placeholders import find

        if self.literal:
            return [()] * len(self.texts)
        variables = {p.text: p.variable for p in find(self.original)}
        return [
            tuple(
                replace(p, variable=variables.get(p.text, p.variable))
                for p in find(text)
            )
            for text in self.texts
        ]

    def substituted(self) -> tuple[str, ...]:
        """The texts with each placeholder replaced by a reference to its variable."""
        from runbooks.placeholders import substitute

        return tuple(
            substitute(text, placeholders)
            for text, placeholders in zip(self.texts, self.placeholders(), strict=True)
        )

    def classified(self, redefined: Collection[str]) -> Classified:
        """The strongest class of all texts as they will run, and why.

        An edited text is classed by what it says now, and never below what was
        declared for the text it came from.

        Args:
            redefined: functions and aliases of the run's shell context: a command
                of that name is no longer what the read-only list means.
        """
        return max(
            (self._classify(text, redefined) for text in self.substituted()),
            key=lambda said: _MILDEST_FIRST.index(said.command_class),
        )

    def _classify(self, text: str, redefined: Collection[str]) -> Classified:
        from runbooks.classes import classify

        declared = self.block.options.class_
        said = classify(text, None if self.edited else declared, defined=redefined)
        if self.edited and declared:
            stronger = max(said.command_class, declared, key=_MILDEST_FIRST.index)
            if stronger is not said.command_class:
                said = replace(said, command_class=stronger, reason="declared")
        return said


def free(id: str, text: str, step: str = "") -> Wish:
    """A command that stands in no block: a fix, or how a change is taken back.

    Args:
        id: under which it is written down.
        step: id of the step that it belongs to, or "".
    """
    part = Part(id, id, "", text, 0)
    block = Block(id, "bash", "bash", 0, "", step or None, BlockOptions(), (part,))
    return Wish(block, (part,), (text,))


def shell(number: int) -> Wish:
    """A shell for what no command of the document says, the *number*-th of a run."""
    return replace(free(f"{SHELL}{number}", _SHELL), interactive=True)


def class_as_run(block: Block, part: Part) -> Classified:
    """The class of *part* as it will run, its placeholders filled in, and why."""
    return Wish(block, (part,), (part.text,)).classified(())
