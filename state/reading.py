"""Reading progress.toml: telling a whole file from a cut or an edited one.

The file ends with ``[end]``: the sequence number of the last event in it, the sha256
of that event's line in the journal, how many step tables there are, the sha256 of
everything before, ``complete = true``.
Without a readable ``[end]`` or with another count it is cut. Complete but with
another digest it was edited by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from runbooks.errors import NewerState
from state.chunks import split

VERSION = 1
END = "[end]\n"
HEAD = 4096
"""Characters within which the ``[run]`` table of an untouched file begins."""


@dataclass(frozen=True, slots=True)
class Found:
    """What progress.toml said when it was read.

    Attributes:
        seq: last event in it; 0 when it is missing or cut.
        head: sha256 of that event's line in the journal, or "".
        steps: step id to its table.
        edited: it is complete, but somebody changed it by hand.
        problem: why it could not be used, and where it was put, or "".
    """

    seq: int = 0
    head: str = ""
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    edited: bool = False
    problem: str = ""


def read(data: bytes, tables_too: bool = False) -> tuple[Found, str]:
    """Return what the bytes of a progress.toml say, and its text before ``[end]``.

    A cut file gives `Found.problem` and no text. The tables of a file that nobody
    edited are read only if *tables_too*.

    Raises:
        NewerState: a newer gonogo wrote it.
    """
    from runbooks.source import loads

    try:
        text = data.decode("utf-8")
        if (written := _intact(text)) and not tables_too:
            return written, text[: text.rindex(END)]
        if "complete" not in text:  # as with nearly every cut: that saves parsing it
            return Found(problem="its end is missing"), ""
        tables = loads(text)
    except (ValueError, RecursionError) as error:
        return Found(problem=f"it cannot be read ({error})"), ""
    run, end = tables.get("run", {}), tables.get("end")
    if isinstance(run, dict):
        refuse_newer(run)
    steps = tables.get("step", {})
    if not isinstance(end, dict) or end.get("complete") is not True:
        return Found(problem="its end is missing"), ""
    if not isinstance(steps, dict) or end.get("steps") != len(steps):
        return Found(problem="it does not hold as many steps as it says"), ""
    if not all(isinstance(table, dict) for table in steps.values()):
        return Found(problem="a step in it is no table"), ""
    seq, head = end.get("seq"), end.get("journal", "")
    if not isinstance(seq, int) or not isinstance(head, str):
        return Found(problem="its end does not name the last event"), ""
    chunks = split(text)
    # A comment above the end stays, the end itself is written anew.
    kept = "".join(c.lead if c.name == ("end",) else str(c) for c in chunks)
    edited = digest(kept) != end.get("digest") or chunks[-1].name != ("end",)
    return Found(seq, head, steps, edited), kept


def refuse_newer(run: Mapping[str, Any]) -> None:
    """Refuse the ``[run]`` table of a later format.

    Raises:
        NewerState: a newer gonogo wrote it.
    """
    version = run.get("version")
    if isinstance(version, int) and version > VERSION:
        raise NewerState(
            "progress.toml was written by a newer gonogo (format "
            f"{version}, this one knows {VERSION}); nothing was changed. Use the "
            "newer gonogo."
        )


def _intact(text: str) -> Found | None:
    """Return what a file says that is exactly as this gonogo wrote it, else None.

    Parsing all of it would cost most of the time of opening a long run.
    """
    kept, mark, end = text.rpartition(END)
    if not mark or f"\nversion = {VERSION}\n" not in kept[:HEAD]:
        return None
    said = _END.fullmatch(end)
    if said and said[3] == digest(kept):
        return Found(int(said[1]), said[2])
    return None


_END = re.compile(
    r'seq = (\d+)\njournal = "([0-9a-f]{64})"\nsteps = \d+\n'
    r'digest = "([0-9a-f]{64})"\ncomplete = true\n?'
)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
