"""Every error that gonogo raises on purpose.

GonogoError
├── DocumentError    a runbook (or sidecar, or profile) cannot be read at all
├── ProbeError       a probe could not look; the runner answers unknown
├── CommandError     a command could not be started (a non-zero exit is no error)
├── ActionError      an action did not come to its end
├── RefusedError     the one door said no, and why
└── StateError       a run's files cannot be read or written
    └── NewerState   they were written by a newer gonogo

A message is one plain sentence or two: what happened, what it means, what to do.
"""

from __future__ import annotations

from pathlib import Path


class GonogoError(Exception):
    """Base of all errors meant for the operator: plain words, no traceback."""


class DocumentError(GonogoError):
    """A document that gonogo cannot follow, with the place where one is known."""

    def __init__(
        self, path: Path | str, problem: str, line: int = 0, column: int = 0
    ) -> None:
        place = f":{line}:{column}" if line else ""
        super().__init__(f"{path}{place}: {problem}")
        self.path = Path(path)
        self.line = line
        """1-based, as editors count; 0 when the whole file is meant."""
        self.column = column


class ProbeError(GonogoError):
    """A probe could not look: the step is unknown, with this as the reason.

    Attributes:
        source: what could not be reached, for example ``http api.example.com``;
            failures of one source are announced once.
        stage: the stage that failed (``name``, ``tcp``, ``tls``, ``login``,
            ``query``, ``configuration``).
    """

    def __init__(self, problem: str, *, source: str = "", stage: str = "") -> None:
        super().__init__(problem)
        self.source = source
        self.stage = stage


class CommandError(GonogoError):
    """A command could not be started."""


class ActionError(GonogoError):
    """An action did not come to its end: what the state is now, what to do next.

    Attributes:
        changed: whether something was changed, None where nobody knows.
    """

    def __init__(self, problem: str, *, changed: bool | None = True) -> None:
        super().__init__(problem)
        self.changed = changed


class RefusedError(GonogoError):
    """The door refused; nothing ran."""


class StateError(GonogoError):
    """A run's files cannot be read or written."""


class NewerState(StateError):
    """A run's files were written by a newer gonogo; they are left alone."""
