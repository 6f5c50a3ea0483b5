"""The one door: whatever a person wants to run passes here, and nowhere else.

`Door.look` says what must be asked (at most one dialog, whatever is missing),
`Door.admit` takes the reply, checks it, and hands out a `Permit`; `Door.start`
writes the request down durably and only then starts the command. Later rules
(lever, arming, identity of the target) join `look` and `admit`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbooks.asking import Asked, Permit, Place, Question, Reply, Wish
from runbooks.errors import RefusedError
from runbooks.events import Kind, Ledger
from runbooks.model import CommandClass, Runbook

if TYPE_CHECKING:
    from runbooks.commands import Plan, Running
    from runbooks.placeholders import Placeholder
    from runbooks.target import Target

_ORDER = list(CommandClass)


class Door:
    """The single guarded way from a wish to a running command.

    Args:
        inputs: remembered answers and outputs of the run, by environment name.
        unmet: ids of the steps that a step needs and that do not stand yet.
        inventory: lists every command, probe and host of the document.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        ledger: Ledger,
        place: Place,
        *,
        inputs: Callable[[], Mapping[str, str]],
        unmet: Callable[[str], Sequence[str]],
        inventory: Callable[[], tuple[str, ...]],
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._ledger = ledger
        self._place = place
        self._inputs = inputs
        self._unmet = unmet
        self._inventory = inventory

    @property
    def trusted(self) -> bool:
        return self._ledger.is_trusted(self._runbook.digest)

    def wish(self, part_id: str, text: str | None = None) -> Wish:
        """One part, as written or as edited."""
        part = self._runbook.part_by_id[part_id]
        block = self._runbook.block_by_id[part.block]
        return Wish(block, (part,), (part.text if text is None else text,))

    def wish_block(self, block_id: str) -> Wish:
        """A block as a whole.

        Raises:
            RefusedError: the block cannot be run as a whole; the message says why.
        """
        block = self._runbook.block_by_id[block_id]
        if block.whole_refused:
            raise RefusedError(
                f"This block does not run as a whole: {block.whole_refused}. "
                "Run its commands one by one."
            )
        return Wish(block, block.parts, tuple(part.text for part in block.parts))

    def look_at_probes(self) -> Question:
        """What must be asked before probes may look."""
        return Question(
            id=uuid4().hex,
            title="Probe the target",
            target=self._target.name,
            untrusted=() if self.trusted else self._inventory(),
        )

    def look(self, wish: Wish) -> Question:
        """What must be asked before *wish* may run.

        Raises:
            RefusedError: it may not run now, whatever a person says.
        """
        from runbooks.context import read_cwd
        from runbooks.placeholders import substitute

        if not any(text.strip() for text in wish.texts):
            raise RefusedError("There is nothing to run: the command is empty.")
        original = "\n".join(wish.texts)
        found = _placeholders(wish.texts)
        command_class, inferred, reason = self._classify(wish)
        if command_class is not CommandClass.OBSERVE and wish.block.step:
            if unmet := self._unmet(wish.block.step):
                raise RefusedError(
                    "This changes things and needs other steps first: "
                    f"{', '.join(unmet)}. Settle those, then run it again."
                )
        inputs = self._inputs()
        trusted = self.trusted or self._ledger.is_trusted(_digest(original))
        destroys = command_class is CommandClass.DESTRUCTIVE
        return Question(
            id=uuid4().hex,
            title=_title(wish),
            text="\n".join(
                substitute(text, placeholders)
                for text, placeholders in zip(wish.texts, found, strict=True)
            ),
            original=original,
            part=wish.block.id if wish.whole else wish.parts[0].id,
            command_class=command_class,
            inferred=inferred,
            reason=reason,
            target=self._target.name,
            cwd=wish.block.options.cwd
            or read_cwd(self._place.context)
            or str(self._place.started_in),
            undo=wish.block.options.undo or "",
            placeholders=tuple(
                Asked(p, self._candidates(p), inputs.get(p.variable, ""))
                for p in _distinct(found)
            ),
            untrusted=() if trusted else self._inventory(),
            confirm=command_class is not CommandClass.OBSERVE,
            type_word=(self._target.name or self._runbook.id) if destroys else "",
        )

    def admit(self, wish: Wish, question: Question, reply: Reply) -> Permit:
        """Check *reply* and give leave; what it says is recorded first.

        Raises:
            RefusedError: something that had to be said was not said.
            StateError: it could not be written down, so nothing may run.
        """
        from runbooks.placeholders import substitute

        if question.type_word and reply.typed != question.type_word:
            raise RefusedError(
                f"Nothing ran: what was typed is not {question.type_word!r}."
            )
        self.admit_trust(question, reply)
        values = {}
        for asked in () if reply.as_written else question.placeholders:
            variable = asked.placeholder.variable
            value = reply.values.get(variable, asked.remembered)
            if not value:
                raise RefusedError(
                    f"Nothing ran: {asked.placeholder.text} has no value yet. "
                    "Fill it in, or choose to run the command as written."
                )
            values[variable] = value
        inputs = self._inputs()
        if any(inputs.get(name) != value for name, value in values.items()):
            self._ledger.record(Kind.INPUT_GIVEN, None, {"values": values})
        texts = wish.texts
        if not reply.as_written:
            texts = tuple(
                substitute(text, placeholders)
                for text, placeholders in zip(
                    wish.texts, _placeholders(wish.texts), strict=True
                )
            )
        env = {**self._runbook.options.vars, **self._target.vars, **inputs, **values}
        return Permit(
            wish, texts, env, reply.cwd or question.cwd, question.command_class
        )

    def admit_trust(self, question: Question, reply: Reply) -> None:
        """Record the trust that *reply* gives.

        Raises:
            RefusedError: the document is not trusted and was not trusted now.
        """
        if not question.untrusted:
            return
        if not reply.trust:
            raise RefusedError("Nothing ran: this runbook is not trusted yet.")
        scope, digest = "all", self._runbook.digest
        if reply.trust == "this":
            scope, digest = "this", _digest(question.original)
        self._ledger.record(
            Kind.TRUSTED,
            None,
            {
                "scope": scope,
                "digest": digest,
                "path": str(self._runbook.path),
                "text": "" if scope == "all" else question.original,
            },
        )

    def plan(self, permit: Permit, index: int = 0) -> Plan:
        """How the *index*-th text of *permit* will be run."""
        from runbooks.commands import Plan
        from runbooks.context import read_cwd
        from runbooks.durations import seconds
        from runbooks.natures import nature

        options = permit.wish.block.options
        text = permit.texts[index]
        # Later parts of a block go on where the one before left.
        cwd = (index and read_cwd(self._place.context)) or permit.cwd
        return Plan(
            id=uuid4().hex[:12],
            text=text,
            shell=permit.wish.block.shell,
            cwd=Path(cwd),
            outputs=self._place.outputs,
            env=permit.env,
            context=self._place.context,
            keep_context=not nature(text).endless,
            wall=seconds(options.timeout) if options.timeout else None,
            silence=seconds(options.silence) if options.silence else None,
            secrets=self._place.secrets,
            tty=bool(options.tty),
        )

    def is_interactive(self, wish: Wish) -> bool:
        """Whether it needs the terminal: declared, else by rule."""
        from runbooks.natures import nature

        declared = wish.block.options.interactive
        if declared is not None:
            return declared
        return any(nature(text).interactive for text in wish.texts)

    def request(self, permit: Permit, plan: Plan, index: int = 0) -> None:
        """Write down durably that *plan* is about to run.

        Raises:
            StateError: it could not be written, so it must not run.
        """
        self._ledger.record(
            Kind.COMMAND_REQUESTED,
            permit.wish.block.step,
            {
                "command": plan.id,
                "part": permit.wish.parts[index].id,
                "text": _masked(plan.text, plan.secrets),
                "class": str(permit.command_class),
                "edited": permit.wish.edited,
                "cwd": str(plan.cwd),
            },
        )

    def start(self, permit: Permit, index: int = 0) -> Running:
        """Record the request, then start the command under its supervisor.

        Raises:
            StateError: the request could not be written; nothing ran.
            CommandError: the command could not be started.
        """
        from runbooks.commands import start

        plan = self.plan(permit, index)
        self.request(permit, plan, index)
        return start(plan)

    def _classify(self, wish: Wish) -> tuple[CommandClass, bool, str]:
        """Class, whether it is inferred, and why; the strongest of all texts.

        An edited text is classed by what it says now, and never below what was
        declared for the text it came from.
        """
        from runbooks.classes import classify
        from runbooks.context import names

        declared = wish.block.options.class_
        shadowed = set(names(self._place.context))
        best = None
        for text in wish.texts:
            said = classify(text, None if wish.edited else declared)
            if wish.edited and declared and _rank(declared) > _rank(said.command_class):
                said = replace(said, command_class=declared, reason="declared")
            if said.inferred and said.command_class is CommandClass.OBSERVE:
                if word := next((w for w in text.split() if w in shadowed), None):
                    said = replace(
                        said,
                        command_class=CommandClass.MUTATE,
                        reason=f"{word} was redefined earlier in this run",
                    )
            if best is None or _rank(said.command_class) > _rank(best.command_class):
                best = said
        assert best is not None  # a wish has at least one text
        return best.command_class, best.inferred, best.reason

    def _candidates(self, placeholder: Placeholder) -> tuple[str, ...]:
        from runbooks.target import candidates

        return candidates(self._target, placeholder.text)


def _rank(command_class: CommandClass) -> int:
    return _ORDER.index(command_class)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _title(wish: Wish) -> str:
    if wish.whole:
        return f"Run {len(wish.parts)} commands"
    return "Run an edited command" if wish.edited else "Run a command"


def _placeholders(texts: Sequence[str]) -> list[tuple[Placeholder, ...]]:
    """The placeholders of each text; the same words get the same variable."""
    from runbooks.placeholders import find

    variables = {p.text: p.variable for p in find("\n".join(texts))}
    return [
        tuple(
            replace(p, variable=variables.get(p.text, p.variable)) for p in find(text)
        )
        for text in texts
    ]


def _distinct(found: Sequence[tuple[Placeholder, ...]]) -> list[Placeholder]:
    first: dict[str, Placeholder] = {}
    for placeholders in found:
        for placeholder in placeholders:
            first.setdefault(placeholder.variable, placeholder)
    return list(first.values())


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return text


def working_directory() -> Path:
    """Where gonogo was started, or the home directory when that has vanished."""
    try:
        return Path(os.getcwd())
    except FileNotFoundError:
        return Path.home()
