"""A dry run as lines of text, for people with a screen and without."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.planned import Known, Planned, Says
from tui.widgets.wording import class_sentence

LABELS = {
    Says.RUN: "would run",
    Says.SKIP: "skipped",
    Says.LOOKED: "was run",
    Says.UNKNOWN: "unknown",
}
"""The four things in a word or two."""
COLOURS = {Says.RUN: "yellow", Says.LOOKED: "green", Says.UNKNOWN: "magenta"}


def lines_of(planned: Planned) -> Iterator[tuple[str, str]]:
    """Yield label and text of each line about one step, command or action."""
    commands = [line for each in planned.commands for line in each.split("\n")]
    whole = planned.says in (Says.RUN, Says.UNKNOWN)
    title = planned.title or "".join(commands[:1])
    if commands == [title]:
        commands = []
    yield LABELS[planned.says], f"{title}  {planned.why}".rstrip()
    if not whole:
        return
    for line in commands:
        yield "", f"| {line}"
    for known in planned.known:
        yield "with", _stands_for(known)
    if planned.reason:
        said = planned.command_class, planned.inferred, planned.reason
        yield "does", class_sentence(*said)
    yield from planned.details


def _stands_for(known: Known) -> str:
    name = f"{known.text} as ${known.name}" if known.text else f"${known.name}"
    return f"{name} = {known.value} (from {known.origin})"
