"""An action that a person asked for, with what looking said it would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbooks.actions import action_class
from runbooks.changes import Description
from runbooks.quantities import shown
from runbooks.results import Reading
from runbooks.tables import ActionSpec, CommandClass


@dataclass(frozen=True, slots=True)
class ActionWish:
    """What is to be done, and what it would do as of the last look.

    Attributes:
        step: id of the step that it belongs to, or "".
        again: it was agreed to already, and then something had changed.
    """

    asked: ActionSpec
    description: Description
    step: str = ""
    again: bool = False

    @property
    def command_class(self) -> CommandClass:
        return action_class(self.asked.use).command_class

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield what a person should read before agreeing: a name and lines of text."""
        said = self.description
        if self.again:
            yield "changed", "since it was shown; nothing was done: read it anew"
        yield "system", said.identity.says
        things = [f"{thing.kind}/{thing.name}" for thing in said.things]
        number = len(things) if said.count is None else said.count
        yield "touches", f"{number}: {', '.join(things)}"
        for change in said.changes:
            yield "changes", f"{change.what}: {change.before} → {change.after}"
        for name, lines in (("stays", said.stays), ("fights", said.fights)):
            for line in lines:
                yield name, line
        for each in said.preconditions:
            yield "checked", each.says
        if said.dry_run:
            yield "dry run", said.dry_run
        if said.seconds is not None:
            yield "takes", f"at most {shown(Reading('time', said.seconds, 's'))}"
        if said.point_of_no_return:
            yield "no return", said.point_of_no_return
        if said.watch:
            yield "go back if", said.watch
        if said.loose_end:
            yield "loose end", said.loose_end
