"""What is known of a run, to be read: it takes no part in how that comes about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from state.acted import Acted
from state.locations import cannot, open_file
from state.progress import Progress
from state.standing import Command, StepState

OUTPUTS, CURSOR, PROGRESS = "outputs", "cursor", "progress.toml"


class Record:
    """What a run's journal adds up to, and the place of its files.

    Attributes:
        directory: where its files are; the name is the run's `id`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._state = Progress()

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def target(self) -> str:
        """Name of the profile, or ""."""
        return self._state.target

    @property
    def progress(self) -> Mapping[str, StepState]:
        """Step id to what is known of it; look up, copy before iterating."""
        return self._state.steps

    @property
    def commands(self) -> Mapping[str, Command]:
        """Part id to its last run."""
        return self._state.commands

    @property
    def running(self) -> Mapping[str, str]:
        """Command id to part id, of commands whose end is not recorded."""
        return self._state.running

    @property
    def inputs(self) -> Mapping[str, str]:
        """Remembered placeholder answers and outputs, by variable."""
        return self._state.inputs

    @property
    def actions(self) -> Mapping[str, Acted]:
        """What was changed by actions, by id, in order."""
        return self._state.actions

    @property
    def at_work(self) -> tuple[str, ...]:
        """Commands and actions that have not ended, whoever started them."""
        commands, actions = list(self.commands.values()), list(self.actions.values())
        return (
            *(command.text for command in commands if not command.ending),
            *(acted.title for acted in actions if not acted.ending),
        )

    @property
    def seq(self) -> int:
        """Sequence number of the last event."""
        return self._state.seq

    @property
    def outputs(self) -> Path:
        """Where commands' outputs are kept."""
        return self.directory / OUTPUTS

    @property
    def state(self) -> Progress:
        """Everything that the journal adds up to; not to be changed."""
        return self._state

    @property
    def cursor(self) -> str:
        """Id of the row where this run was left, or ""."""
        try:
            return (self.directory / CURSOR).read_text("utf-8", "replace").strip()
        except OSError:
            return ""

    @cursor.setter
    def cursor(self, row: str) -> None:
        path = self.directory / CURSOR
        try:
            handle = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(row)
        except OSError as error:
            raise cannot("write", path, error) from error
