"""What the one door asks before anything may run: one question, whatever is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import uuid4

from runbooks.asking import Asked, Place, Question
from runbooks.errors import RefusedError
from runbooks.events import Ledger
from runbooks.inventory import inventory
from runbooks.model import Runbook
from runbooks.systems import Systems
from runbooks.tables import CommandClass
from runbooks.wish import Wish

if TYPE_CHECKING:
    from runbooks.actions.wish import ActionWish
    from runbooks.classes import Classified
    from runbooks.identity_of import Met
    from runbooks.placeholders import Placeholder
    from runbooks.target import Target

_CHANGED = "changed since it was trusted:"
_ALL = "all that it does now:"
_UNKNOWN = "nobody knows what will be done in it"
"""How a shell is taken back."""


class Questioning:
    """Says what must be asked; starts nothing and writes nothing down.

    Args:
        inputs: remembered answers and outputs of the run, by environment name.
        unmet: texts of the steps that a step needs and that do not stand yet.
        doubts: what was interrupted in this run and is not settled, a sentence each.
        interrupted: what of the same block was, before these parts, or "".
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
        doubts: Callable[[], Sequence[str]] = tuple,
        interrupted: Callable[[Sequence[str]], str] = lambda parts: "",
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._ledger = ledger
        self._place = place
        self._inputs = inputs
        self._unmet = unmet
        self._doubts = doubts
        self._interrupted = interrupted
        self._systems = Systems(target, ledger)

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

    def look_at_trust(self, digest: str = "") -> Question:
        """What must be asked before a system is, for a command or an action.

        Args:
            digest: of the command, which may be trusted alone.
        """
        return Question(
            id=uuid4().hex,
            title="Ask the target which system it is",
            target=self._target.name,
            untrusted=self._untrusted(digest),
        )

    def systems(self, wish: Wish) -> tuple[str, ...]:
        """Return the tables of the profile that *wish* would change the systems of.

        Which ones they are has to be asked before `look`. In a shell it may be any.
        """
        if not wish.original.strip() or not self._changes(wish):
            return ()
        if wish.is_shell:
            return self._systems.askable
        return self._systems.reached("\n".join(wish.substituted()))

    def _changes(self, wish: Wish) -> bool:
        said = self._classified(wish).command_class
        return said is not CommandClass.OBSERVE

    def _classified(self, wish: Wish) -> Classified:
        from runbooks.context import names

        return wish.classified(names(self._place.context))

    def look(self, wish: Wish, met: Met = MappingProxyType({})) -> Question:
        """What must be asked before *wish* may run.

        Args:
            met: by table, which systems it would change, asked just now.

        Raises:
            RefusedError: it may not run now, whatever a person says.
        """
        if not wish.original.strip():
            raise RefusedError("There is nothing to run: the command is empty.")
        said = self._classified(wish)
        changes = said.command_class is not CommandClass.OBSERVE
        if changes:
            self._ledger.refuse_change()
            self._refuse_unmet(wish.block.step or "")
            self._refuse_after_doubt(wish)
        systems = tuple(each for each in met.values() if not isinstance(each, str))
        for each in systems:
            self._systems.refuse_other(each)
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
            undo=_UNKNOWN if wish.is_shell else wish.block.options.undo or "",
            placeholders=self._asked(wish),
            untrusted=self._untrusted(wish.digest),
            confirm=changes,
            type_word=self._word if destroys else "",
            arm=changes and self._ledger.armed() is None,
            facts=tuple(self._reached(wish, met)) if changes else (),
            systems=systems,
        )

    def _reached(self, wish: Wish, met: Met) -> Iterator[tuple[str, str]]:
        from runbooks.context import names

        text = "\n".join(wish.substituted())
        if wish.is_shell:
            yield "recorded", "what it shows, with secrets taken out; no keys"
            yield "has", "directory, exported variables and values of this run"
        yield from self._systems.facts(self.systems(wish), met)
        yield from self._systems.elsewhere(text, self.env, names(self._place.context))
        yield from self._in_doubt()

    def _in_doubt(self) -> Iterator[tuple[str, str]]:
        """Yield what whoever changes something should know first."""
        for said in self._doubts():
            yield "in doubt", said

    @property
    def context(self) -> Path:
        """File of the shell context that commands of the run share."""
        return self._place.context

    @property
    def env(self) -> Mapping[str, str]:
        """What commands get beside gonogo's own environment."""
        from runbooks.references import variables

        declared = variables(self._runbook.options.vars, self._target)
        return {**declared, **self._target.vars, **self._inputs()}

    def look_at_action(self, wish: ActionWish) -> Question:
        """What must be asked before an action may be performed.

        Raises:
            RefusedError: it may not be performed now, whatever a person says.
        """
        said = wish.description
        self._ledger.refuse_change()
        self._refuse_unmet(wish.step)
        self._systems.refuse_other(said.identity)
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
            undo=str(said.way_back(wish.asked)),
            untrusted=self._untrusted(),
            confirm=True,
            type_word=self._word if destroys else "",
            arm=self._ledger.armed() is None,
            facts=(
                *wish.facts(),
                *self._systems.first(said.identity),
                *self._in_doubt(),
            ),
            systems=(said.identity,),
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

    def _refuse_after_doubt(self, wish: Wish) -> None:
        if said := self._interrupted([part.id for part in wish.parts]):
            raise RefusedError(
                f"What comes before it in its block is in doubt: {said}. Settle that, "
                "or run it again."
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

    @cached_property
    def _listed(self) -> tuple[str, ...]:
        return inventory(self._runbook, self._target)

    def _untrusted(self, text_digest: str = "") -> tuple[str, ...]:
        if self.trusted:
            return ()
        if text_digest and self._ledger.is_trusted(text_digest):
            return ()
        listed = self._listed
        changed = self._ledger.changed_since_trusted()
        return (_CHANGED, *changed, _ALL, *listed) if changed else listed

    def _cwd(self, wish: Wish) -> str:
        from runbooks.context import read_cwd

        here = read_cwd(self._place.context) or str(self._place.started_in)
        return str(Path(here, wish.block.options.cwd or "").expanduser())
