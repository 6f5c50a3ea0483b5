"""Making a backup now, and seeing for oneself that it is one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from runbooks.actions.backups import command as commands
from runbooks.actions.backups.outcome import (
    Outcome,
    check,
    dumps,
    outcome,
    with_checksum,
)
from runbooks.actions.base import Action, Tell
from runbooks.changes import (
    Call,
    Change,
    Description,
    Identity,
    Precondition,
    Progress,
    Thing,
    Undo,
)
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.backups.listing import Dump, Listing, listed
from runbooks.probes.backups.place import unreadable
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading
from runbooks.tables import CommandClass

if TYPE_CHECKING:
    from runbooks.target import Target

_DAY = 86_400.0
_EACH = {"daily": 1, "weekly": 7, "monthly": 30}
"""Days that one dump of a class stands for, as the target system deletes them."""
_MACHINE = Path("/etc/machine-id")


class RunNowAction(Action, frozen=True, kw_only=True):
    """Runs the backup command of the profile, then reads the new dump to its end.

    The command has to return when the dump is complete, and to write it below
    `directory`. One that runs in a container is found by its labels, not by a name:
    ``docker exec "$(docker ps -q --filter label=com.docker.compose.service=backup)"
    /scripts/backup_db.sh``.

    Attributes:
        command: a bash command line.
        environment: variables that it needs, such as DATABASE_URL.
        directory, pattern: where the dumps are, and what they are called.
        daily, weekly, monthly: how many the command keeps when it prunes.
    """

    command: str
    directory: str
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    pattern: str = "transcripts_*"
    daily: int = 7
    weekly: int = 4
    monthly: int = 12

    table: ClassVar[str] = "backups"
    verbatim: ClassVar[frozenset[str]] = frozenset({"command"})

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        known = super().with_defaults(parameters, target)
        said = target.tables.get(cls.table, {})
        if "command" not in parameters:
            known["command"] = said["command"]
        if "environment" not in parameters:
            # One by one, so that each that is a secret is fetched and hidden.
            known["environment"] = {
                name: f"${{{cls.table}.environment.{name}}}"
                for name in said.get("environment", {})
            }
        return known

    @property
    def source(self) -> str:
        return f"files {self.directory}"

    @property
    def _place(self) -> Path:
        return Path(os.path.expanduser(self.directory))

    async def identity(self, sources: Sources) -> Identity:
        """Return the machine and the directory: a path alone is on every machine."""
        place = await in_thread(lambda: self._place.resolve(), self.source)
        host, machine = socket.gethostname(), ""
        with suppress(OSError):
            machine = _MACHINE.read_text()
        # machine-id(5) asks that it is not told as it is.
        known = hashlib.sha256((machine.strip() or host).encode()).hexdigest()[:16]
        return Identity("backups", f"{known} {place}", f"backups in {place} on {host}")

    async def describe(self, sources: Sources) -> Description:
        listing, at, free = await in_thread(self._look, self.source)
        newest = listing.dumps[0] if listing.dumps else None
        names = ", ".join(sorted(self.environment))
        version = f"{len(listing.dumps)}, newest {newest.name}" if newest else "empty"
        pruned = list(self._pruned(listing.dumps))
        return Description(
            title=f"make a backup now in {self._place}",
            identity=await self.identity(sources),
            calls=(Call(self.command, f"with {names}" if names else ""),),
            things=(Thing("directory", str(self._place), at, version),),
            changes=tuple(self._changes(pruned)),
            preconditions=tuple(self._preconditions(listing, free)),
            undo=Undo(command=await in_thread(lambda: self._undo(newest), "undo")),
            point_of_no_return="what its retention prunes is gone; the new files may "
            "be deleted at any time",
            snapshot=_state(listing.dumps),
        )

    def _look(self) -> tuple[Listing, str, int]:
        """Return the dumps, which directory it is, and bytes that are free.

        Raises:
            ProbeError: it is not there, or may not be read.
        """
        try:
            if not self._place.is_dir():
                said = f"the directory {self._place} is not there"
                raise ProbeError(said, source=self.source, stage="configuration")
            seen = self._place.stat()
            free = shutil.disk_usage(self._place).free
            return (
                listed(self._place, self.pattern),
                f"{seen.st_dev}:{seen.st_ino}",
                free,
            )
        except OSError as error:
            raise unreadable(error) from error

    def _pruned(self, found: Sequence[Dump]) -> Iterator[Dump]:
        """Yield the dumps that are old enough to be deleted, by their time of change.

        Source: ``find -mtime +N``, which counts whole days that have gone.
        """
        kept = {"daily": self.daily, "weekly": self.weekly, "monthly": self.monthly}
        for dump in found:
            if dump.kind in kept:
                days = (time.time() - dump.changed) // _DAY
                if days > kept[dump.kind] * _EACH[dump.kind]:
                    yield dump

    def _changes(self, pruned: Sequence[Dump]) -> Iterator[Change]:
        yield Change("dumps", "as they are", "one more, read to its end")
        for dump in pruned:
            kept = getattr(self, dump.kind)
            after = f"deleted, where the command keeps {kept} {dump.kind} ones"
            yield Change(f"{dump.kind}/{dump.name}", "there", after)

    def _preconditions(self, listing: Listing, free: int) -> Iterator[Precondition]:
        for dump in listing.growing:
            said = f"{dump.name} is being written: another backup is under way"
            yield Precondition(said, False)
        size = listing.dumps[0].size if listing.dumps else 0
        there, needed = (shown(Reading("", each, "B")) for each in (free, size))
        said = f"{there} are free, and the newest dump has {needed}"
        yield Precondition(said, free > size)
        if why := _destroys(self.command):
            yield Precondition(f"this is no backup command: {why}", False)
        if missing := _missing(self.command):
            yield Precondition(f"{missing} is not there, or may not be run", False)

    def _undo(self, newest: Dump | None) -> str:
        """Return the command that deletes what is newer than the newest of now."""
        words = ["find", str(self._place), "-maxdepth", "2", "-type", "f"]
        words += ["-name", self.pattern]
        if newest:
            # Its checksum was written after it, and has to stay.
            there = with_checksum(newest)
            last = max(there, key=lambda path: path.stat().st_mtime_ns)
            words += ["-newer", str(last)]
        return shlex.join([*words, "-delete"])

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        listing, *_ = await in_thread(self._look, self.source)
        return _state((*listing.growing, *listing.dumps))

    async def perform(self, description: Description, tell: Tell) -> None:
        bars: dict[str, tuple[int, int]] = {}

        def say(text: str, read: tuple[int, int] | None = None) -> None:
            if read:
                bars["bytes read"] = read
            tell(Progress(says=text, bars=bars))

        before, started = await self._dumps(), time.time()
        try:
            code = await commands.run(self.command, self.environment, say)
        except asyncio.CancelledError:
            after = outcome(before, await self._dumps())
            said = f"The command was stopped. In the directory {after}."
            raise ActionError(said, changed=None) from None
        after = outcome(before, await self._dumps())
        if code:
            raise _failed(f"The command ended with exit code {code}", after)
        if not after.added:
            said = f"The command ended well, and no new dump lies in {self._place}"
            raise _failed(said, after)
        try:
            for dump in after.added:
                await check(dump, started, say)
        except ActionError as error:
            raise _failed(f"It ran, and is no backup: {error}", after) from error
        say(str(after))

    async def _dumps(self) -> dict[Any, Dump]:
        try:
            return await in_thread(
                lambda: dumps(self._place, self.pattern), self.source
            )
        except ProbeError as error:
            raise ActionError(f"The backups cannot be looked at: {error}") from error


def _state(found: Sequence[Dump]) -> Mapping[str, str]:
    newest = max(found, key=lambda dump: dump.changed, default=None)
    return {"dumps": str(len(found)), "newest": newest.name if newest else "none"}


def _failed(said: str, after: Outcome) -> ActionError:
    return ActionError(
        f"{said}. In the directory {after}. Move what is damaged aside, mend what its "
        "output names, and run it again: until then the newest whole dump is an old "
        "one."
    )


def _destroys(command: str) -> str:
    from runbooks.classes import classify

    said = classify(command, None)
    return said.reason if said.command_class is CommandClass.DESTRUCTIVE else ""


def _missing(command: str) -> str:
    """Return the path that a plain command line begins with, if nothing runs there."""
    first = command.split(maxsplit=1)[0] if command.strip() else ""
    plain = all(letter.isalnum() or letter in "._/-" for letter in first)
    return first if plain and "/" in first and not shutil.which(first) else ""
