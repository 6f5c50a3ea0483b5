"""The one door: whatever a person wants to run passes here, and nowhere else.

`Door.look` says what must be asked (at most one dialog, whatever is missing),
`Door.admit` takes the reply, checks it and hands out a `Permit`; `Door.start`
writes the request down durably and only then starts the command. Actions pass the
same way: `look_at_action`, `admit_action`, `start_action`. What changes something also
needs the lever, arming with a reason, and the system that was met at first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbooks.asking import Asked, Permit, Place, Question, Reply
from runbooks.errors import RefusedError
from runbooks.events import Ledger
from runbooks.inventory import inventory
from runbooks.model import Runbook
from runbooks.tables import CommandClass
from runbooks.wish import Wish

if TYPE_CHECKING:
    from runbooks.actions.wish import ActionWish
    from runbooks.changes import Identity
    from runbooks.commands import Plan, Running
    from runbooks.placeholders import Placeholder
    from runbooks.target import Target


class Door:
    """The single guarded way from a wish to a running command.

    Args:
        inputs: remembered answers and outputs of the run, by environment name.
        unmet: ids of the steps that a step needs and that do not stand yet.
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
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._ledger = ledger
        self._place = place
        self._inputs = inputs
        self._unmet = unmet

    # ------------------------------------------------------------- the wish

    def wish(
        self, part_id: str, text: str | None = None, interactive: bool | None = None
    ) -> Wish:
        """One part, as written or as edited; with the terminal if that is said."""
        part = self._runbook.part_by_id[part_id]
        block = self._runbook.block_by_id[part.block]
        texts = (part.text if text is None else text,)
        return Wish(block, (part,), texts, interactive=interactive)

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

    # ----------------------------------------------------------- the question

    def look_at_probes(self, step_id: str = "") -> Question:
        """What must be asked before probes may look.

        Args:
            step_id: the one step that is meant, "" for several: only for one that
                a person points at may looking do more than read, and only where
                the profile allows it.
        """
        from runbooks.intrusive import allowed, does

        step = self._runbook.step_by_id.get(step_id)
        more = does(step) if step and allowed(step, self._target) else ""
        return Question(
            id=uuid4().hex,
            title="Probe the target",
            text=step.text if step and more else "",
            command_class=CommandClass.MUTATE if more else CommandClass.OBSERVE,
            reason=f"looking {more}" if more else "",
            target=self._target.name,
            untrusted=self._untrusted(),
            confirm=bool(more),
        )

    def look(self, wish: Wish) -> Question:
        """What must be asked before *wish* may run.

        Raises:
            RefusedError: it may not run now, whatever a person says.
        """
        from runbooks.context import names

        if not wish.original.strip():
            raise RefusedError("There is nothing to run: the command is empty.")
        said = wish.classified(names(self._place.context))
        changes = said.command_class is not CommandClass.OBSERVE
        if changes:
            self._refuse_unmet(wish.block.step or "")
        destroys = said.command_class is CommandClass.DESTRUCTIVE
        return Question(
            id=uuid4().hex,
            title=wish.title,
            text="\n".join(wish.substituted()),
            original=wish.original,
            part=wish.block.id if wish.whole else wish.parts[0].id,
            command_class=said.command_class,
            inferred=said.inferred,
            reason=said.reason,
            target=self._target.name,
            cwd=self._cwd(wish),
            undo=wish.block.options.undo or "",
            placeholders=self._asked(wish),
            untrusted=self._untrusted(wish.digest),
            confirm=changes,
            type_word=self._word if destroys else "",
            arm=changes and self._ledger.armed() is None,
        )

    def look_at_action(self, wish: ActionWish) -> Question:
        """What must be asked before an action may be performed.

        Raises:
            RefusedError: it may not be performed now, whatever a person says.
        """
        said = wish.description
        self._refuse_unmet(wish.step)
        self._refuse_other(said.identity)
        if said.unmet:
            raise RefusedError(f"Not now: {'; '.join(said.unmet)}.")
        if self._target.path is None:
            raise RefusedError("An action needs a profile; gonogo target init.")
        destroys = wish.command_class is CommandClass.DESTRUCTIVE
        calls = (f"{call.text}\n{call.body}".rstrip() for call in said.calls)
        return Question(
            id=uuid4().hex,
            title=said.title,
            text="\n".join(calls),
            command_class=wish.command_class,
            reason="declared",
            target=self._target.name,
            undo=str(said.undo),
            untrusted=self._untrusted(),
            confirm=True,
            type_word=self._word if destroys else "",
            arm=self._ledger.armed() is None,
            facts=tuple(wish.facts()),
        )

    @property
    def _word(self) -> str:
        """What is typed before something is destroyed: the target, not the object."""
        return self._target.name or self._runbook.id

    def _refuse_unmet(self, step: str) -> None:
        if step and (unmet := self._unmet(step)):
            raise RefusedError(
                "This changes things and needs other steps first: "
                f"{', '.join(unmet)}. Settle those, then run it again."
            )

    def _refuse_other(self, found: Identity) -> None:
        """Refuse a system that is not the one that was met at first contact."""
        known = self._ledger.expected(found.table)
        if known and known.id != found.id:
            raise RefusedError(
                f"Nothing ran: the profile leads to {found.says}, and at first contact "
                f"it was {known.says}. If that is meant, say so with 'gonogo target "
                f"check --accept {found.table}'."
            )

    def _asked(self, wish: Wish) -> tuple[Asked, ...]:
        from runbooks.target import candidates

        inputs = self._inputs()
        distinct: dict[str, Placeholder] = {}
        for placeholders in wish.placeholders():
            for placeholder in placeholders:
                distinct.setdefault(placeholder.variable, placeholder)
        return tuple(
            Asked(p, candidates(self._target, p.text), inputs.get(variable, ""))
            for variable, p in distinct.items()
        )

    @property
    def trusted(self) -> bool:
        """Whether the whole document is trusted."""
        return self._ledger.is_trusted(self._runbook.digest)

    def _untrusted(self, text_digest: str = "") -> tuple[str, ...]:
        if self.trusted:
            return ()
        if text_digest and self._ledger.is_trusted(text_digest):
            return ()
        return inventory(self._runbook)

    def _cwd(self, wish: Wish) -> str:
        from runbooks.context import read_cwd

        here = read_cwd(self._place.context) or str(self._place.started_in)
        return str(Path(here, wish.block.options.cwd or "").expanduser())

    # -------------------------------------------------------------- the leave

    def admit(self, wish: Wish, question: Question, reply: Reply) -> Permit:
        """Check *reply* and give leave; what it says is recorded first.

        Raises:
            RefusedError: something that had to be said was not said.
            StateError: it could not be written down, so nothing may run.
        """
        self.admit_trust(question, reply)
        self._admit_change(question, reply)
        values = _values(question, reply)
        inputs = self._inputs()
        if any(inputs.get(name) != value for name, value in values.items()):
            self._ledger.give(values)
        return Permit(
            wish,
            wish.substituted(),
            {**self._runbook.options.vars, **self._target.vars, **inputs, **values},
            reply.cwd or question.cwd,
            question.command_class,
        )

    def admit_action(self, wish: ActionWish, question: Question, reply: Reply) -> None:
        """Check *reply*; what it says is recorded first.

        Raises:
            RefusedError: something that had to be said was not said.
            StateError: it could not be written down, so nothing may run.
        """
        self.admit_trust(question, reply)
        self._admit_change(question, reply)
        self._ledger.know(wish.description.identity)

    def _admit_change(self, question: Question, reply: Reply) -> None:
        if question.type_word and reply.typed != question.type_word:
            raise RefusedError(
                f"Nothing ran: what was typed is not {question.type_word!r}."
            )
        if question.command_class is CommandClass.OBSERVE:
            return
        if question.arm and not reply.reason.strip():
            raise RefusedError("Nothing ran: say why systems are to be changed.")
        self._ledger.take_lever()
        if question.arm:
            self._ledger.arm(reply.reason.strip())

    def admit_trust(self, question: Question, reply: Reply) -> None:
        """Record the trust that *reply* gives.

        Raises:
            RefusedError: the document is not trusted and was not trusted now.
        """
        if not question.untrusted:
            return
        if not reply.trust:
            raise RefusedError("Nothing ran: this runbook is not trusted yet.")
        self._ledger.trust("" if reply.trust == "all" else question.original)

    # --------------------------------------------------------------- the start

    def plan(self, permit: Permit, index: int = 0) -> Plan:
        """How the *index*-th text of *permit* will be run."""
        from runbooks.commands import Plan
        from runbooks.context import read_cwd
        from runbooks.durations import seconds

        options = permit.wish.block.options
        # Later parts of a block go on where the one before left.
        cwd = (index and read_cwd(self._place.context)) or permit.cwd
        return Plan(
            id=uuid4().hex[:12],
            text=permit.texts[index],
            shell=permit.wish.block.shell,
            cwd=Path(cwd),
            outputs=self._place.outputs,
            env=permit.env,
            context=self._place.context,
            keep_context=not permit.wish.is_follower(),
            wall=seconds(options.timeout) if options.timeout else None,
            silence=seconds(options.silence) if options.silence else None,
            secrets=self._place.secrets(),
            tty=bool(options.tty),
        )

    def request(self, permit: Permit, plan: Plan, index: int = 0) -> None:
        """Write down durably that *plan* is about to run.

        Raises:
            StateError: it could not be written, so it must not run.
        """
        from runbooks.redaction import patterns, redact

        text = redact(plan.text.encode(), patterns(plan.secrets))
        self._ledger.request(
            plan.id,
            permit.wish.parts[index].id,
            text.decode(),
            permit.command_class,
            str(plan.cwd),
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

    def start_action(self, wish: ActionWish) -> Running:
        """Record the request, then start the process that performs the action.

        Raises:
            StateError: the request could not be written; nothing ran.
            CommandError: it could not be started.
        """
        from runbooks.actions.ordering import plan
        from runbooks.commands import start

        id = uuid4().hex[:12]
        planned = plan(id, wish, self._target, self._place)
        self._ledger.act(id, wish.step, wish.asked, wish.description)
        return start(planned)


def _values(question: Question, reply: Reply) -> dict[str, str]:
    """The value of each placeholder: given now, else remembered.

    Raises:
        RefusedError: one has none.
    """
    values = {}
    for asked in question.placeholders:
        variable = asked.placeholder.variable
        value = reply.values.get(variable, asked.remembered)
        if not value:
            raise RefusedError(
                f"Nothing ran: {asked.placeholder.text} has no value yet. "
                "Fill it in, or choose to run the command as written."
            )
        values[variable] = value
    return values
