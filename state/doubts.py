"""Commands and actions that were interrupted: nobody saw how they ended.

So it is where the supervisor died too: a power cut, a kill for want of memory, a
reboot. What needs them waits until they are settled: by the probes that look at what
they change, or by a person with a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from runbooks.events import Kind
from state import entries
from state.acted import Acted, left_open
from state.standing import EMPTY, Command, StepState

if TYPE_CHECKING:
    from runbooks.events import Event
    from runbooks.model import Runbook
    from state.progress import Progress
    from state.run import Run

SAYS = "was interrupted, outcome unknown"


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One command or action of which nobody knows how it ended.

    Attributes:
        id: name of its files under outputs/.
        title: the action's, or the first line of the command.
        step: id of the step that it belongs to, or "".
        part: id of the part, "" for an action.
        at: when it was started, ISO 8601.
        verify: ids of the steps whose probes look at what it changes.
        waits: those of them that have not passed since.
    """

    id: str
    title: str
    step: str
    part: str
    by: str
    at: str
    verify: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.title}: {SAYS}"


Doubts = Mapping[str, Doubt]
"""Id of the command or action to what is known of it."""


def of_command(command: Command) -> Doubt:
    """Return the doubt about a command that was found interrupted."""
    return Doubt(
        id=command.id,
        title=command.text.strip().partition("\n")[0],
        step=command.step,
        part=command.part,
        by=command.by,
        at=command.at,
        verify=command.verify,
        waits=command.verify,
    )


def _of_action(acted: Acted) -> Doubt:
    return Doubt(
        id=acted.id,
        title=acted.title,
        step=acted.step,
        part="",
        by=acted.by,
        at=acted.at,
        verify=acted.verify,
        waits=acted.verify,
    )


# What follows changes *progress*, for `state.progress.apply`, and returns the ids of
# the steps that were touched.


def begin(progress: Progress, doubt: Doubt) -> set[str]:
    progress.doubts = {**progress.doubts, doubt.id: doubt}
    if not doubt.step:
        return set()
    old = progress.steps.get(doubt.step, EMPTY)
    progress.steps[doubt.step] = replace(old, doubts=(*old.doubts, doubt.id))
    return {doubt.step}


def action_ended(progress: Progress, id: str) -> set[str]:
    """An action ended: in doubt, or so that an earlier one is in doubt no longer."""
    ended = progress.actions[id]
    if ended.ending == "in doubt":
        return begin(progress, _of_action(ended))
    touched: set[str] = set()
    for other in list(progress.doubts) if ended.ending == "done" else ():
        before = progress.actions.get(other)
        again = before is not None and before.asked == ended.asked
        if again or other == ended.undoes:
            how = "done again" if again else "taken back"
            touched |= settle(progress, other, f"{how}: {ended.title}")
    return touched


def run_again(progress: Progress, part: str) -> set[str]:
    """A command was started anew: how it ended before matters no more."""
    touched: set[str] = set()
    for doubt in list(progress.doubts.values()):
        if doubt.part == part:
            touched |= settle(progress, doubt.id, "it was run again")
    return touched


def settle(progress: Progress, id: str, note: str) -> set[str]:
    """What was interrupted is in doubt no longer."""
    doubt = progress.doubts.get(id)
    if doubt is None:
        return set()
    progress.doubts = {k: each for k, each in progress.doubts.items() if k != id}
    if acted := progress.actions.get(id):
        progress.actions[id] = replace(acted, settled=note)
    command = progress.commands.get(doubt.part)
    if command and command.id == id:
        progress.commands[doubt.part] = replace(command, settled=note)
    touched = set()
    for step, state in list(progress.steps.items()):
        if id in state.doubts or any(each.id == id for each in state.commands):
            progress.steps[step] = _settled(state, id, note)
            touched.add(step)
    return touched


def _settled(state: StepState, id: str, note: str) -> StepState:
    commands = (
        replace(each, settled=note) if each.id == id else each
        for each in state.commands
    )
    left = tuple(each for each in state.doubts if each != id)
    return replace(state, doubts=left, commands=tuple(commands))


def looked(progress: Progress, step: str, passed: bool) -> None:
    """The probes of *step* have looked once more."""
    progress.doubts = {
        id: _looked(doubt, step, passed) if step in doubt.verify else doubt
        for id, doubt in progress.doubts.items()
    }


def _looked(doubt: Doubt, step: str, passed: bool) -> Doubt:
    others = tuple(each for each in doubt.waits if each != step)
    return replace(doubt, waits=others if passed else (*others, step))


def moved(progress: Progress, ids: Mapping[str, str]) -> None:
    """Steps went on under other ids."""

    def new(steps: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(ids.get(step, step) for step in steps)

    progress.doubts = {
        id: replace(
            doubt,
            step=ids.get(doubt.step, doubt.step),
            verify=new(doubt.verify),
            waits=new(doubt.waits),
        )
        for id, doubt in progress.doubts.items()
    }


def settle_verified(run: Run) -> list[Event]:
    """Settle what all its probes have passed for since; return the events.

    Raises:
        StateError: it could not be written down.
    """
    events = []
    for doubt in list(run.state.doubts.values()):
        if doubt.verify and not doubt.waits:
            steps = run.runbook.step_by_id
            texts = (steps[id].text if id in steps else id for id in doubt.verify)
            note = f"the probe passes: {'; '.join(texts)}"
            data = entries.settled(doubt.id, note, doubt.verify)
            events.append(run.record(Kind.SETTLED, doubt.step or None, data))
    return events


def beside_steps(progress: Progress) -> tuple[str, ...]:
    """Return what weighs in a verdict and is no step's, a sentence each.

    That is what is in doubt where no step stands for it, and what was left open.
    """
    doubts = [doubt for doubt in progress.doubts.values() if not doubt.step]
    said = (f"{doubt}, begun by {doubt.by}" for doubt in doubts)
    return (*said, *left_open(progress.actions))


def later_in_block(runbook: Runbook, doubts: Doubts, parts: Collection[str]) -> str:
    """Return the interrupted command of the same block before *parts*, or ""."""
    waiting = {doubt.part: doubt for doubt in doubts.values() if doubt.part}
    for block in runbook.blocks if waiting else ():
        before: list[Doubt] = []
        for part in block.parts:
            if part.id in parts:
                return str(before[0]) if before else ""
            if part.id in waiting:
                before.append(waiting[part.id])
    return ""
