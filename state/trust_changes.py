"""What changed since something was trusted, for the person who is to trust it anew."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain

from runbooks.model import Runbook
from state.trust import Entry, command_digest


def changes(before: Entry, now: Runbook | str) -> tuple[str, ...]:
    """Return the lines of a diff from what was trusted to *now*.

    Args:
        now: the runbook, or the text of a profile.
    """
    if isinstance(now, str):
        if command_digest(now) == before.digest:
            return ()
        return tuple(_diff(before.text, now, before.at, ""))
    if now.digest == before.digest:
        return ()
    texts = (now.data, now.sidecar or b"")
    document, sidecar = (text.decode("utf-8", "backslashreplace") for text in texts)
    return tuple(
        chain(
            _diff(before.text, document, before.at, ""),
            _diff(before.sidecar, sidecar, before.at, " (sidecar)"),
        )
    )


def only_prose(before: Entry, now: Runbook | str) -> bool:
    """Whether a runbook differs only in what neither runs nor declares anything.

    Its sidecar does nothing but declare.
    """
    if isinstance(now, str) or (now.sidecar or b"") != before.sidecar.encode():
        return False
    from runbooks.inventory import only_prose_differs
    from runbooks.parsing import parse

    old = parse(before.text.encode(), now.path, now.sidecar)
    return old.digest == before.digest and only_prose_differs(old, now)


def _diff(old: str, new: str, at: str, name: str) -> Iterator[str]:
    said = f"trusted {at}{name}", f"now{name}"
    return unified_diff(old.split("\n"), new.split("\n"), *said, lineterm="")
