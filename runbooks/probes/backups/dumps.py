"""Probe of what the newest dumps are worth."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from runbooks.probes.backups.checksums import compared
from runbooks.probes.backups.contents import Contents, contents
from runbooks.probes.backups.listing import CHECKSUM, Dump, DumpsProbe, listed
from runbooks.probes.base import Duration, Measurement
from runbooks.quantities import shown
from runbooks.results import Reading


@dataclass(frozen=True, slots=True)
class Checked:
    """A dump and what reading it showed.

    Attributes:
        problem: what is wrong with it, "" if nothing was found.
        has_checksum: whether a checksum says that it is what was written.
    """

    dump: Dump
    contents: Contents
    problem: str
    has_checksum: bool

    @property
    def is_proven(self) -> bool:
        """Whether its end or its checksum shows that it is whole."""
        return not self.problem and (self.has_checksum or self.contents.readable)

    @property
    def line(self) -> str:
        of, size = self.contents, shown(Reading("", self.dump.size, "B"))
        made = datetime.fromtimestamp(self.dump.written, UTC)
        parts = [
            of.encryption or of.packing,
            of.kind,
            size,
            f"{made:%Y-%m-%d %H:%M} UTC",
        ]
        said = self.problem or ("whole" if self.is_proven else "not to be told whole")
        if self.has_checksum and not self.problem:
            said += ", checksum agrees"
        return f"{self.dump.name}: {', '.join(filter(None, parts))}: {said}"


class ContentsProbe(DumpsProbe, frozen=True, kw_only=True):
    """Reads the newest dumps to their end, newest first.

    Each is compared with its ``.sha256``; gzip has to be whole (length and CRC), and
    plain SQL has to end as pg_dump ends it. Of encrypted dumps, of other compressions
    and of the custom format only a checksum shows that they are whole. A dump is read
    once: later looks of this process know the outcome, and one that is too large for
    the budget is read on by the next look.

    Readings:
        age: since the newest dump that is proven whole was made; absent if none is.
        name: of that dump.
        size: of that dump, in bytes.
        valid: how many of the newest are proven whole.
        invalid: the others that are damaged, and what is wrong with them.
        unproven: those that nothing shows to be whole.
        without_checksum: those without a checksum file.
        encrypted: those that are encrypted, so that nobody here can look inside.
        shrunk, grown: size of the newest dump against the one before of the same
            kind of file, in percent; 0 where it is the other way round.

    Attributes:
        newest: how many are read.

    Raises:
        ProbeError: directory or dump may not be read.
    """

    newest: int = 3
    timeout: Duration = Duration(30)

    readings: ClassVar[Mapping[str, str]] = {
        "age": "s",
        "size": "B",
        **dict.fromkeys(("name", "valid", "invalid", "unproven"), ""),
        **dict.fromkeys(("without_checksum", "encrypted"), ""),
        **dict.fromkeys(("shrunk", "grown"), "%"),
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"name", "invalid", "unproven", "without_checksum", "encrypted"}
    )

    def look_at(self, directory: Path, end: float) -> Measurement:
        listing = listed(directory, self.pattern)
        wanted = listing.dumps[: self.newest]
        checked: list[Checked] = []
        unread = ""
        for dump in wanted:
            known = contents(dump)
            if not known.advance(end):
                unread = _how_far(dump, known, self.timeout)
                break
            checked.append(checked_dump(dump, known))
        proven = next((each for each in checked if each.is_proven), None)
        readings = _sizes(listing.dumps)
        if proven or not unread:
            readings += _of_newest(proven)
        if not unread:
            readings += _of_all(checked)
        elif any(each.problem for each in checked):
            readings.append(_invalid(checked))
        lines = [each.line for each in checked] + listing.notes
        lines += [unread] if unread else []
        found = {reading.name: reading for reading in readings}
        return Measurement(
            found,
            "\n".join(lines) or f"no dump {self.pattern} in {directory}",
            lacking=dict.fromkeys(self.readings.keys() - found.keys(), unread),
        )


def checked_dump(dump: Dump, known: Contents) -> Checked:
    """Return what a dump is worth that was read to its end.

    Raises:
        OSError: its checksum may not be read.
    """
    beside = dump.path.with_name(f"{dump.name}{CHECKSUM}")
    differs = compared(dump.path, beside, known.sha256)
    return Checked(dump, known, known.problem or differs or "", differs is not None)


def _how_far(dump: Dump, known: Contents, budget: float) -> str:
    read, whole = Reading("", known.offset, "B"), Reading("", dump.size, "B")
    return (
        f"read {shown(read)} of {shown(whole)} of {dump.name} in {budget:g} s;"
        " the next look goes on from there"
    )


def _of_newest(proven: Checked | None) -> list[Reading]:
    if proven is None:
        return [Reading("age", None, "s"), Reading("name", None), Reading("size", None)]
    age = max(0.0, time.time() - proven.dump.written)
    name, size = proven.dump.name, proven.dump.size
    return [Reading("age", age, "s"), Reading("name", name), Reading("size", size, "B")]


def _of_all(checked: Sequence[Checked]) -> list[Reading]:
    whole = [each for each in checked if not each.problem]
    return [
        Reading("valid", sum(each.is_proven for each in checked)),
        _invalid(checked),
        _named("unproven", (each for each in whole if not each.is_proven)),
        _named("without_checksum", (c for c in checked if not c.has_checksum)),
        _named("encrypted", (each for each in checked if each.contents.encryption)),
    ]


def _invalid(checked: Iterable[Checked]) -> Reading:
    said = (f"{each.dump.name} {each.problem}" for each in checked if each.problem)
    return Reading("invalid", ", ".join(said) or None)


def _named(name: str, which: Iterable[Checked]) -> Reading:
    return Reading(name, ", ".join(each.dump.name for each in which) or None)


def _sizes(dumps: Sequence[Dump]) -> list[Reading]:
    """Compare the newest dump with the one before it that ends in the same way."""
    alike = [each for each in dumps if dumps[0].path.suffix == each.path.suffix][:2]
    if len(alike) < 2 or not alike[1].size:
        return [Reading("shrunk", 0, "%"), Reading("grown", 0, "%")]
    change = 100 * (alike[0].size / alike[1].size - 1)
    shrunk, grown = max(0.0, -change), max(0.0, change)
    return [Reading("shrunk", shrunk, "%"), Reading("grown", grown, "%")]
