"""Whether a journal is whole: every line its own, in its place, chained to the last.

The chain shows what was changed, taken out, put in or exchanged. Cutting lines off at
the end, or writing the whole chain anew, it cannot show: that takes an event and its
sha256 that are remembered elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from runbooks.errors import StateError
from state.lines import decoded
from state.locations import cannot
from state.reading import read

Anchor = tuple[int, str]
"""An event's sequence number and the sha256 of its line."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a journal looked like.

    Attributes:
        last: its last event.
        problem: what is wrong with the first line that is wrong, or "".
        line: where in the file, 0 where lines are missing at its end.
    """

    last: Anchor
    problem: str = ""
    line: int = 0


def verify(path: Path, anchors: Iterable[Anchor] = ()) -> Verified:
    """Go through the journal at *path*.

    Args:
        anchors: events that are remembered elsewhere.

    Raises:
        StateError: it cannot be read.
        NewerState: a newer gonogo wrote it.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise cannot("read", path, error) from error
    awaited: dict[int, set[str]] = {}
    for seq, head in anchors:
        awaited.setdefault(seq, set()).add(head)
    last: Anchor = 0, ""
    suspect = 0  # the line that is wrong if the next event does not follow
    for number, raw in enumerate(lines, 1):
        event = decoded(raw) if raw else None
        if event is None:
            # Torn by a crash, and never acknowledged; if it was not, the next tells.
            suspect = suspect or number
            continue
        head = sha256(raw).hexdigest()
        if event.prev != last[1]:
            problem = f"event {event.seq} does not follow on event {last[0]} before it"
            return Verified(last, problem, suspect or number)
        if event.seq != last[0] + 1:
            problem = f"event {event.seq} comes after event {last[0]}"
            return Verified(last, problem, number)
        if awaited.pop(event.seq, {head}) != {head}:
            problem = f"event {event.seq} is not the one that is remembered"
            return Verified(last, problem, number)
        last, suspect = (event.seq, head), 0
    if missing := min(awaited, default=0):
        problem = f"it ends with event {last[0]}, but event {missing} is remembered"
        return Verified(last, problem)
    return Verified(last)


def read_anchor(text: str) -> Anchor:
    """Return the anchor that *text* writes: ``214:9f3c…``.

    Raises:
        StateError: it is none.
    """
    seq, _, head = text.strip().partition(":")
    if not (seq.isascii() and seq.isdigit() and len(head) == 64):
        raise StateError(
            f"{text!r} is no anchor; it is the number of an event, a colon and 64 "
            "characters, as 'gonogo verify' prints it."
        )
    return int(seq), head.lower()


def anchor_in(progress: Path) -> list[Anchor]:
    """Return what the progress.toml at this path remembers of the journal, if it does.

    Raises:
        NewerState: a newer gonogo wrote it.
    """
    try:
        found, _ = read(progress.read_bytes())
    except OSError:
        return []
    return [(found.seq, found.head)] if found.head else []
