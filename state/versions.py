"""The runbook as it was when a run was open, kept so that a later edit has a diff.

One file for each version under ``runbook/`` in the directory of the run, named by its
digest: the bytes of the document.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from difflib import ndiff
from functools import lru_cache
from pathlib import Path

from runbooks.errors import DocumentError
from runbooks.model import Runbook
from state.locations import replace_file, run_directory

DIRECTORY = "runbook"


def keep(directory: Path, runbook: Runbook) -> None:
    """Keep *runbook* in the *directory* of a run, unless it is there already.

    Raises:
        StateError: it cannot be written.
    """
    path = _path(directory, runbook.digest)
    if not path.exists():
        run_directory(path.parent)
        replace_file(path, runbook.data)


@lru_cache(maxsize=2)
def kept(directory: Path, digest: str) -> Runbook | None:
    """Return the version with that digest, or None where it is lost.

    It is asked for again whenever something happens while a person reads.
    """
    from runbooks.parsing import parse

    path = _path(directory, digest)
    try:
        return parse(path.read_bytes(), path)
    except (OSError, DocumentError):
        return None


def difference(
    before: Runbook, after: Runbook, ids: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the lines that went and came, ``- old`` and ``+ new``, of some steps.

    Args:
        ids: id in *after* to the one in *before*.
    """
    old, new = _Source(before), _Source(after)
    found = {}
    for now, was in ids.items():
        lines = old.of(was), new.of(now)
        # An id that a sidecar declares is not in the document itself.
        told = filter(_tells, ndiff(*lines)) if all(lines) else ()
        found[now] = [_short(line) for line in told]
    return found


def _tells(line: str) -> bool:
    return line[0] in "-+" and bool(line[2:].strip())


def _short(line: str) -> str:
    return f"{line[0]} {line[2:].strip()}"


class _Source:
    """The lines of a document, step by step."""

    def __init__(self, runbook: Runbook) -> None:
        self._lines = runbook.data.decode("utf-8", "replace").splitlines()
        self._line_of = {step.id: step.line for step in runbook.steps}
        headings = (section.line for section in runbook.sections)
        self._starts = sorted({*self._line_of.values(), *headings})

    def of(self, step: str) -> list[str]:
        """Return the lines from a step up to the next one or the next heading."""
        line = self._line_of.get(step)
        if line is None:
            return []
        place = bisect_right(self._starts, line)
        end = self._starts[place] if place < len(self._starts) else None
        return self._lines[line - 1 : end - 1 if end else None]


def _path(directory: Path, digest: str) -> Path:
    return directory / DIRECTORY / f"{digest[:16]}.md"
