"""What a backup that was just run left behind, seen by the files themselves."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbooks.errors import ActionError, ProbeError
from runbooks.probes.backups.contents import contents
from runbooks.probes.backups.dumps import checked_dump
from runbooks.probes.backups.listing import CHECKSUM, Dump, listed
from runbooks.probes.backups.place import unreadable
from runbooks.probes.threads import in_thread

_PIECE = 0.5
"""Seconds of reading between two words on how far it has come."""
_SKEW = 2.0
"""Seconds by which the clock of a file system may be behind."""
_Key = tuple[Path, tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed in the directory.

    Attributes:
        added: newest first.
        gone: names of those that are not there any more.
    """

    added: Sequence[Dump]
    gone: Sequence[str]

    @property
    def undo(self) -> str:
        """The command that deletes what was added, "" where nothing was."""
        return removal(self.added)

    def __str__(self) -> str:
        added = ", ".join(dump.name for dump in self.added) or "nothing"
        gone = f"; pruned: {', '.join(self.gone)}" if self.gone else ""
        undo = f". The way back: {self.undo}" if self.added else ""
        return f"added: {added}{gone}{undo}"


def removal(dumps: Sequence[Dump]) -> str:
    """Return the command that deletes dumps and their checksums."""
    paths = [str(path) for dump in dumps for path in with_checksum(dump)]
    return shlex.join(["rm", "--", *paths]) if paths else ""


def with_checksum(dump: Dump) -> Iterator[Path]:
    """Yield a dump's file, and that of its checksum if there is one."""
    yield dump.path
    beside = dump.path.with_name(f"{dump.name}{CHECKSUM}")
    if beside.exists():
        yield beside


def dumps(directory: Path, pattern: str) -> dict[_Key, Dump]:
    """Return all dumps, those that do not count yet too.

    Raises:
        ProbeError: the directory may not be read.
    """
    try:
        found = listed(directory, pattern)
    except OSError as error:
        raise unreadable(error) from error
    every = (*found.dumps, *found.growing, *found.ahead)
    return {(each.path, each.inode, each.changed): each for each in every}


def outcome(before: dict[_Key, Dump], after: dict[_Key, Dump]) -> Outcome:
    """Compare the directory before and after."""
    added = [dump for key, dump in after.items() if key not in before]
    added.sort(key=lambda dump: dump.changed, reverse=True)
    there = {dump.path for dump in after.values()}
    gone = [dump.name for dump in before.values() if dump.path not in there]
    return Outcome(added, sorted(gone))


async def check(
    dump: Dump, started: float, say: Callable[[str, tuple[int, int]], None]
) -> str:
    """Read a new dump to its end; return what it is, in a line.

    Args:
        started: when the command was started, in seconds since 1970.
        say: called with what happens, and bytes read and of how many.

    Raises:
        ActionError: it is older than that, damaged, or nothing shows it to be whole.
    """
    if dump.changed < started - _SKEW:
        long = time.ctime(dump.changed)
        raise ActionError(f"{dump.name} was written at {long}, before the command ran")
    known = contents(dump)
    try:
        while not await in_thread(
            lambda: known.advance(time.monotonic() + _PIECE), f"read {dump.name}"
        ):
            say("", (known.offset, dump.size))
        seen = await in_thread(lambda: checked_dump(dump, known), "checksum")
    except (OSError, ProbeError) as error:
        raise ActionError(f"{dump.name} could not be read: {error}") from error
    say(seen.line, (known.offset, dump.size))
    if seen.problem:
        raise ActionError(f"{dump.name} {seen.problem}")
    if not seen.is_proven:
        raise ActionError(
            f"nothing shows that {dump.name} is whole: it has no checksum"
        )
    return seen.line
