"""What a run changed, by actions and by commands, and how each is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from runbooks.changes import Undo
from runbooks.model import Runbook
from runbooks.tables import CommandClass
from runbooks.wish import SHELL
from state.acted import Acted, unlike_before
from state.record import Record
from state.standing import Command

BACK = "undo:"
"""Beginning of the id under which a part's undo is run."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One change.

    Attributes:
        id: of the action, or of the part that changed something.
        seq: sequence number of the event of its request.
        ending: "" while it is under way, else ``done``, ``failed`` or ``in doubt``.
        says: what the state is and what to do next, or how the command ended.
        undo_id: under which the command that takes it back is run.
        taken_back: it was; it is shown, and nothing more is to be done.
        takes_back: title of the change that it took back, or "".
        differs: what that left unlike it was before, a sentence each.
        in_doubt: nobody knows how it ended, and nobody settled it.
        loose_end: what is left different on purpose, "" where nothing is open.
        seconds: how long it took, and `takes` at most, as was said before.
    """

    id: str
    seq: int
    title: str
    at: str
    by: str
    ending: str
    undo: Undo
    step: str = ""
    says: str = ""
    taken_back: bool = False
    takes_back: str = ""
    differs: tuple[str, ...] = ()
    in_doubt: bool = False
    loose_end: str = ""
    seconds: float = 0.0
    takes: float | None = None
    point_of_no_return: str = ""
    watch: str = ""
    before: Mapping[str, str] = {}
    after: Mapping[str, str] = {}

    @property
    def undo_id(self) -> str:
        return f"{BACK}{self.id}"

    @property
    def stands(self) -> bool:
        """Whether there is something to be taken back."""
        return not self.taken_back and not self.takes_back


def changes(runbook: Runbook, run: Record) -> tuple[Changed, ...]:
    """Return what *run* changed, the newest first."""
    found = [*_by_actions(run.actions), *_by_commands(runbook, run.commands)]
    return tuple(sorted(found, key=lambda each: each.seq, reverse=True))


def _by_actions(actions: Mapping[str, Acted]) -> Iterator[Changed]:
    for acted in list(actions.values()):
        if acted.ending == "refused":
            continue
        undone = actions.get(acted.undoes)
        yield Changed(
            id=acted.id,
            seq=acted.seq,
            title=acted.title,
            at=acted.at,
            by=acted.by,
            ending=acted.ending,
            undo=acted.undo,
            step=acted.step,
            says=_settled(acted.says, acted.settled),
            in_doubt=acted.ending == "in doubt" and not acted.settled,
            taken_back=bool(acted.undone),
            takes_back=undone.title if undone else "",
            differs=unlike_before(actions, acted),
            loose_end=acted.loose_end if acted.is_loose else "",
            seconds=acted.seconds,
            takes=acted.takes,
            point_of_no_return=acted.point_of_no_return,
            watch=acted.watch,
            before=acted.before,
            after=acted.after,
        )


def _by_commands(
    runbook: Runbook, commands: Mapping[str, Command]
) -> Iterator[Changed]:
    for command in list(commands.values()):
        part = runbook.part_by_id.get(command.part)
        if command.command_class in ("", CommandClass.OBSERVE):
            continue
        block = runbook.block_by_id[part.block] if part else None
        whole = block.options.undo if block else ""
        back = commands.get(f"{BACK}{command.part}")
        undone = commands.get(command.part.removeprefix(BACK))
        takes_back = undone and undone is not command
        if command.part.startswith(SHELL):
            yield _shell(command)
            continue
        yield Changed(
            id=command.part,
            seq=command.seq,
            title=_first_line(command),
            at=command.at,
            by=command.by,
            ending=_ending(command),
            undo=Undo(command=whole or ""),
            step=(block.step if block else "") or "",
            says=_settled(_ended(command), command.settled),
            in_doubt=command.in_doubt,
            taken_back=bool(back and back.code == 0 and back.seq > command.seq),
            takes_back=_first_line(undone) if undone and takes_back else "",
            seconds=command.seconds,
        )


def _shell(command: Command) -> Changed:
    """Whatever was done in it, with whichever exit code."""
    ended = command.ending == "exit"
    return Changed(
        id=command.part,
        seq=command.seq,
        title="a recorded shell",
        at=command.at,
        by=command.by,
        ending="done" if ended else _ending(command),
        undo=Undo(
            irreversible="what was done in it, its recording shows: "
            f"outputs/{command.id}.cast"
        ),
        says=_ended(command),
        seconds=command.seconds,
    )


def _settled(says: str, how: str) -> str:
    return f"{says} Settled: {how}" if how else says


def _first_line(command: Command) -> str:
    return command.text.strip().partition("\n")[0]


def _ending(command: Command) -> str:
    if command.ending == "exit":
        return "done" if command.code == 0 else "failed"
    return "in doubt" if command.ending else ""


def _ended(command: Command) -> str:
    if not command.ending:
        return "it is under way"
    if command.ending == "exit":
        return f"exit {command.code}"
    return f"{command.ending}: look at the state before anything else is done"
