"""What a step offers to be done about it: its fix commands and its actions."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.facts import differing
from runbooks.model import Step
from runbooks.tables import ActionSpec, CommandClass
from runbooks.target import Target
from runbooks.wish import free

FIX = "fix:"
"""Beginning of the ids under which fix commands are written down."""
ONLY_ON = {"kubectl": "kubernetes", "helm": "kubernetes", "docker": "compose"}
"""Program to the only platform on which it mends anything."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One command or action.

    Attributes:
        id: under which a command is written down.
        step: id of the step that offers it.
        text: the command, or the action with its parameters.
        action: None for a command.
        undo: how the document says that it is taken back, or "".
    """

    id: str
    step: str
    text: str
    action: ActionSpec | None = None
    undo: str = ""

    @property
    def command_class(self) -> CommandClass:
        """What it does to the system; needs the shell parser, or the action itself."""
        if self.action is None:
            return free(self.id, self.text, self.step).classified(()).command_class
        from runbooks.actions import action_class

        try:
            return action_class(self.action.use).command_class
        except LookupError:  # what is wrong with it is said once it is asked for
            return CommandClass.MUTATE


def remedies(step: Step, target: Target) -> tuple[Remedy, ...]:
    """Return what *step* offers for *target*, its commands first."""
    commands = (
        Remedy(f"{FIX}{step.id}:{number}", step.id, fix)
        for number, fix in enumerate(step.options.fix, 1)
        if _fits(fix, target)
    )
    fitting = (each for each in step.actions if not differing(each.when, target))
    return (*commands, *(_action(step.id, asked) for asked in fitting))


def step_of(id: str) -> str:
    """Return the step whose fix is written down as *id*, or ""."""
    return id.removeprefix(FIX).rpartition(":")[0] if id.startswith(FIX) else ""


def _fits(fix: str, target: Target) -> bool:
    platform = ONLY_ON.get(fix.split(maxsplit=1)[0])
    return platform is None or not differing({"platform": platform}, target)


def _action(step: str, asked: ActionSpec) -> Remedy:
    words = (f"{name}={value}" for name, value in asked.parameters.items())
    return Remedy(
        asked.use, step, " ".join((asked.use, *words)), asked, asked.undo or ""
    )
