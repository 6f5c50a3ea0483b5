"""The one door: whatever a person wants to run passes here, and nowhere else.

`Door.look` says what must be asked (see `questioning`), `Door.admit` takes the reply,
checks it and hands out a `Permit`; `Door.start` writes the request down durably and
only then starts the command. Actions pass the same way: `look_at_action`,
`admit_action`, `start_action`. What changes something also needs the lever, arming
with a reason, and the system that was met at first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbooks.asking import Permit, Question, Reply
from runbooks.errors import RefusedError
from runbooks.questioning import Questioning
from runbooks.redaction import SHORTEST
from runbooks.tables import CommandClass
from runbooks.wish import Wish

if TYPE_CHECKING:
    from runbooks.actions.wish import ActionWish
    from runbooks.commands import Plan, Running


class Door(Questioning):
    """The single guarded way from a wish to a running command or action."""

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
            {**self.env, **values},
            reply.cwd or question.cwd,
            question.command_class,
            question.systems,
        )

    def admit_action(self, question: Question, reply: Reply) -> None:
        """Check *reply*; what it says is recorded first.

        Raises:
            RefusedError: something that had to be said was not said.
            StateError: it could not be written down, so nothing may run.
        """
        self.admit_trust(question, reply)
        self._admit_change(question, reply)

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
        elif self._ledger.armed() is None:
            raise RefusedError("Nothing ran: you are not armed any more; try again.")
        for system in question.systems:
            self._ledger.know(system)

    def admit_trust(self, question: Question, reply: Reply) -> None:
        """Record the trust that *reply* gives.

        Raises:
            RefusedError: the document is not trusted and was not trusted now.
        """
        if not question.untrusted:
            return
        if not reply.trust or (reply.trust == "this" and not question.original):
            raise RefusedError("Nothing ran: this runbook is not trusted yet.")
        self._ledger.trust("" if reply.trust == "all" else question.original)

    # --------------------------------------------------------------- the start

    async def refuse_moved(self, permit: Permit) -> None:
        """Ask once more, directly before a start, where the profile leads.

        Raises:
            RefusedError: to another system than was agreed to, or nobody can tell.
        """
        if permit.systems:
            await self._systems.refuse_moved(permit.systems)

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
        if asked.secret and len(value) < SHORTEST:
            raise RefusedError(
                f"Nothing ran: {asked.placeholder.text} has fewer than {SHORTEST} "
                "characters, and cannot be hidden. Set a longer one."
            )
        values[variable] = value
    return values
