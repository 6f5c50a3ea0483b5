"""The systems that a target leads to: which a command changes, and which they were."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from runbooks.changes import Identity
from runbooks.errors import RefusedError
from runbooks.events import Ledger
from runbooks.target import Target

if TYPE_CHECKING:
    from runbooks.identity_of import Met

Fact = tuple[str, str]
"""A name and a text, as `Question.facts`."""


class Systems:
    """What the door knows of systems; it asks them through the profile alone."""

    def __init__(self, target: Target, ledger: Ledger) -> None:
        self._target = target
        self._ledger = ledger

    def reached(self, text: str) -> tuple[str, ...]:
        """Return the tables of the profile whose systems *text* reaches."""
        from runbooks.reaching import tables

        return tuple(table for table in tables(text) if table in self.askable)

    @cached_property
    def askable(self) -> tuple[str, ...]:
        """Tables of the profile whose systems can say which ones they are."""
        from runbooks.identity_of import tables

        return tables(self._target) if self._target.path else ()

    def refuse_other(self, found: Identity) -> None:
        """Refuse a system that is not the one that was met at first contact.

        Raises:
            RefusedError: it is another one.
        """
        known = self._ledger.expected(found.table)
        if known and known.id != found.id:
            raise RefusedError(
                f"Nothing ran: the profile leads to {found.says}, and at first contact "
                f"it was {known.says}. If that is meant, say so with 'gonogo target "
                f"check --accept {found.table}'."
            )

    def facts(self, tables: Sequence[str], met: Met) -> Iterator[Fact]:
        """Yield which systems these tables lead to, or that nobody could look."""
        for table in tables:
            found = met.get(table, "nobody asked")
            if isinstance(found, str):
                yield "system", f"nobody could look which one it is: {found}"
            else:
                yield "system", found.says
                yield from self.first(found)

    def first(self, system: Identity) -> Iterator[Fact]:
        """Yield that a system was never met before, where that is so."""
        if self._ledger.expected(system.table) is None:
            yield "met", "for the first time; it is remembered from now on"

    def elsewhere(
        self, text: str, env: Mapping[str, str], changed: Collection[str]
    ) -> Iterator[Fact]:
        """Yield where *text* itself goes, if that is not where the profile leads.

        Args:
            env: what it gets beside gonogo's own environment.
            changed: variables that earlier commands set.
        """
        from runbooks.kubectl_way import differences

        if "kubernetes" in self._target.tables:
            whole = {**os.environ, **env}
            for said in differences(text, self._target, whole, changed):
                yield "elsewhere", said

    async def refuse_moved(self, agreed: Sequence[Identity]) -> None:
        """Refuse where the profile leads to other systems than were agreed to.

        Raises:
            RefusedError: it does, or nobody can tell.
        """
        from runbooks.identity_of import meet

        met = await meet((each.table for each in agreed), self._target)
        for each in agreed:
            now = met[each.table]
            if isinstance(now, str):
                raise RefusedError(
                    f"Not run: nobody can tell any more whether this is {each.says}: "
                    f"{now}."
                )
            if now.id != each.id:
                raise RefusedError(
                    f"Not run: the profile leads to {now.says} now, and agreed to was "
                    f"{each.says}."
                )
