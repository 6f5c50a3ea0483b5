"""Files that other tools left behind: the newest one of a pattern, read with care.

Whoever wrote such a file may have written anything: it is never larger than is
kept, a pipe or device holds nobody up, and what is no report is said to be none,
with the name of the file.
"""

from __future__ import annotations

import glob
import os
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from runbooks.errors import ProbeError

T = TypeVar("T")
LARGEST = 64 * 1024 * 1024
"""Bytes of a report; a scan of a whole distribution has a tenth of that."""
MOST = 10_000
"""Files that a pattern may match."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One file.

    Attributes:
        changed: when it was last changed, in seconds since 1970.
    """

    path: Path
    changed: float

    def wrong(self, why: str) -> ProbeError:
        return ProbeError(
            f"{self.path}: {why}", source=f"file {self.path}", stage="query"
        )

    def read(self) -> bytes:
        """Return what it holds.

        Raises:
            ProbeError: it may not be read, is too large, or is no regular file.
        """
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            with open(os.open(self.path, flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise self.wrong("is no regular file")
                content = file.read(LARGEST + 1)
        except OSError as error:
            raise self.wrong(error.strerror or "cannot be read") from error
        if len(content) > LARGEST:
            raise self.wrong(f"is larger than {LARGEST // 2**20} MiB, so no report")
        return content

    def decoded(self, kind: type[T], content: bytes, what: str) -> T:
        """Return the JSON in *content* as *kind*.

        Raises:
            ProbeError: it is none, or has another shape than *what* has.
        """
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.wrong(f"is no {what} ({str(error)[:120]})") from error

    def made(self, said: str) -> float:
        """Return when a report was made that says so, in seconds since 1970.

        Of what it says and when its file was changed the earlier counts: copies
        look fresh, and clocks may be wrong.
        """
        try:
            when = datetime.fromisoformat(_micros(said))
        except ValueError:
            return self.changed
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return min(self.changed, when.timestamp())


def matching(pattern: str) -> list[ReportFile]:
    """Return the files that match, newest first; none if nothing does.

    Args:
        pattern: absolute or below ``~``; may hold ``*``, ``?`` and ``[…]``.

    Raises:
        ProbeError: more than `MOST` match, or the directory may not be read.
    """
    whole = os.path.expanduser(pattern)
    _demand_readable(whole)
    found = []
    for name in glob.iglob(whole):
        try:
            found.append(ReportFile(Path(name), os.stat(name).st_mtime))
        except OSError:
            continue  # a link to nothing, or gone since it was listed
        if len(found) > MOST:
            raise ProbeError(
                f"more than {MOST} files match {pattern}; narrow the pattern",
                source=f"file {pattern}",
                stage="configuration",
            )
    return sorted(found, key=lambda each: (each.changed, each.path), reverse=True)


def newest(pattern: str, what: str) -> ReportFile:
    """Return the newest file that matches.

    Raises:
        ProbeError: there is none, which says nothing of what it would report.
    """
    found = matching(pattern)
    if not found:
        raise missing(pattern, what)
    return found[0]


def missing(pattern: str, what: str) -> ProbeError:
    return ProbeError(
        f"no file matches {pattern}: there is no {what}",
        source=f"file {pattern}",
        stage="query",
    )


def age(made: float) -> float:
    """Return the seconds since then, never less than none."""
    return max(0.0, time.time() - made)


def complaint(name: str, pattern: str) -> list[str]:
    """Return what is wrong with a pattern as a document has it."""
    if "**" in pattern:
        return [f"{name}: ** is not followed; name the directories with *"]
    if not pattern.startswith(("/", "~", "${")):
        return [f"{name}: {pattern!r} is not absolute; begin it with /, ~ or ${{…}}"]
    return []


def _demand_readable(pattern: str) -> None:
    fixed = Path(pattern).parent
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    try:
        os.scandir(fixed).close()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        said = f"{fixed}: {error.strerror}"
        raise ProbeError(said, source=f"file {pattern}", stage="login") from error


def _micros(said: str) -> str:
    """Return a time with at most six digits after the point, as Python reads it."""
    whole, point, rest = said.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return f"{whole}{point}{digits[:6]}{rest[len(digits) :]}"
