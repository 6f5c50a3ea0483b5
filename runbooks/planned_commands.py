"""The commands in a dry run: which exact line would run, or why nobody can tell."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping

from msgspec.structs import replace

from runbooks.asking import Question
from runbooks.context import names
from runbooks.errors import CommandError, RefusedError
from runbooks.facts import differing
from runbooks.gate import Door
from runbooks.model import Part, Runbook
from runbooks.planned import Known, Planned, Says
from runbooks.references import variables as declared
from runbooks.results import Finding
from runbooks.tables import CommandClass
from runbooks.target import Target
from runbooks.variables import OF_THE_SHELL, variables
from runbooks.wish import Wish


class Commands:
    """Foresees commands in the order of the document; those that only read are run.

    Args:
        door: looks at wishes; nothing is admitted by it.
        observe: runs a part that only reads; raises RefusedError or CommandError.
        inputs: answers and outputs that the run remembers.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        door: Door,
        observe: Callable[[Part], Awaitable[Finding]],
        inputs: Mapping[str, str],
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._door = door
        self._observe = observe
        self._given = {
            name: Known(name, value, origin)
            for origin, said in (
                ("the runbook", declared(runbook.options.vars, target)),
                ("the profile", target.vars),
                ("the run", inputs),
            )
            for name, value in said.items()
        }
        self._set: dict[str, tuple[str | None, int]] = {}
        self._anything = 0

    async def foresee(self, part: Part) -> Planned:
        """Return what would become of *part*, after those before it."""
        block = self._runbook.block_by_id[part.block]
        step = self._runbook.step_by_id.get(part.id) or (
            self._runbook.step_by_id[block.step] if block.step else None
        )
        base = Planned(
            kind="part",
            id=part.id,
            section=block.section,
            title=part.title or (step.text if step and step.part else ""),
            line=part.line,
            says=Says.UNKNOWN,
            why="",
            commands=(part.text,),
        )
        if differs := step and differing(step.options.when, self._target):
            return replace(base, says=Says.SKIP, why=f"by fact: {differs}")
        wish = self._door.wish(part.id)
        try:
            question = self._door.look(wish)
        except RefusedError as error:
            return replace(base, says=Says.SKIP, why=str(error))
        said = await self._asked(base, wish, question)
        self._remember(part, said.says is Says.LOOKED)
        return said

    async def _asked(self, base: Planned, wish: Wish, question: Question) -> Planned:
        known: list[Known] = []
        missing: list[str] = []
        for each in (*_filled(question), *self._variables(question.text)):
            if isinstance(each, Known):
                known.append(each)
            else:
                missing.append(each)
        base = replace(
            base,
            commands=(question.text,),
            command_class=question.command_class,
            inferred=question.inferred,
            reason=question.reason,
            known=tuple(known),
        )
        if missing:
            return replace(base, why="; ".join(missing))
        if why := _needs_person(wish, question):
            return replace(base, says=Says.RUN, why=why)
        try:
            finding = await self._observe(wish.parts[0])
        except (RefusedError, CommandError) as error:
            return replace(base, why=str(error))
        return replace(
            base,
            says=Says.LOOKED,
            why=finding.reason,
            result=finding.result,
            evidence=finding.evidence,
        )

    def _variables(self, text: str) -> Iterator[Known | str]:
        """Yield what the command's variables stand for, or why nobody can tell."""
        kept = set(names(self._door.context))
        for name in variables(text).read:
            value, line = self._set.get(name, (None, 0))
            if name in kept or name in OF_THE_SHELL or name.startswith("GONOGO_"):
                continue
            if value is not None:
                yield Known(name, value, f"line {line}")
            elif line:
                yield f"${name} is what the command on line {line} sets"
            elif name in self._given:
                yield self._given[name]
            elif name not in os.environ and self._anything:
                yield f"${name} may be what the command on line {self._anything} sets"

    def _remember(self, part: Part, ran: bool) -> None:
        """Take what a command leaves to later ones; one that ran has left it."""
        if ran:
            return
        said = variables(part.text)
        for name, value in said.sets.items():
            self._set[name] = value, part.line
        if said.anything:
            self._anything = part.line


def _filled(question: Question) -> Iterator[Known | str]:
    """Yield what the placeholders stand for, or why nobody can tell."""
    for asked in question.placeholders:
        word, name = asked.placeholder.text, asked.placeholder.variable
        if asked.remembered:
            yield Known(name, asked.remembered, "the run", word)
        elif len(asked.candidates) == 1:
            yield Known(name, asked.candidates[0], "the profile", word)
        else:
            several = " or ".join(asked.candidates)
            more = f": it may be {several}" if several else ""
            yield f"{word} has no value yet{more}"


def _needs_person(wish: Wish, question: Question) -> str:
    """Return why a command is not run unasked, though it could be, or ""."""
    if question.command_class is not CommandClass.OBSERVE:
        return "once a person agrees"
    if question.inferred:
        return "once a person starts it: that it only reads is inferred"
    if wish.is_interactive():
        return "once a person starts it: it wants the terminal"
    if wish.is_follower():
        return "once a person starts it, until it is stopped"
    if question.needed:
        return "once a person agrees to what is filled in"
    return ""
