"""What every action is: parameters, a description of what it will do, one performance.

An action is looked at twice: once to show a person what would happen, and once more
directly before it happens. Only if both say the same is anything changed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Protocol

from runbooks.changes import Description, Identity, Progress
from runbooks.parameters import Parametrised
from runbooks.probes.sources import Sources
from runbooks.tables import CommandClass


class Tell(Protocol):
    """Takes what happens while an action is performed."""

    def __call__(self, progress: Progress) -> None: ...


class Action(Parametrised, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change that gonogo knows how to make, and to take back.

    Attributes:
        counts_rows: another release runs afterwards, which may do something to the
            database: its rows are compared, too.
    """

    command_class: ClassVar[CommandClass] = CommandClass.MUTATE
    counts_rows: ClassVar[bool] = False

    @property
    @abstractmethod
    def source(self) -> str:
        """What is acted on, as probes name it."""

    @abstractmethod
    async def identity(self, sources: Sources) -> Identity:
        """Ask the system which one it is.

        Raises:
            ProbeError: it cannot be asked.
        """

    @abstractmethod
    async def describe(self, sources: Sources) -> Description:
        """Say what it would do now; changes nothing.

        Raises:
            ProbeError: nobody could look, or there is nothing to act on.
        """

    @abstractmethod
    async def perform(self, description: Description, tell: Tell) -> None:
        """Do it, and return once it is done and seen to work.

        Args:
            description: from a look directly before.

        Raises:
            ActionError: it failed, or nobody knows; its message says what the state
                is now and what to do next.
        """

    @abstractmethod
    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        """Return the state that is compared before and after.

        Raises:
            ProbeError: nobody could look.
        """
