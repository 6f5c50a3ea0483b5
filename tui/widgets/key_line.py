"""The keys of the place where the cursor is, in one line."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.screen import Screen

from state.standing import Standing
from tui.display import content, joined
from tui.widgets.signs import signs

COMMON = ("find.start", "list.filter", "list.blockers")
ALWAYS = ("app.help", "app.quit")
PLACES: Mapping[str, tuple[str, ...]] = {
    "section": ("row.open", "step.probe", "step.probe_all", *COMMON),
    "auto": (
        "step.probe",
        "step.fail",
        "step.na",
        "step.waive",
        "step.note",
        "row.edit",
        *COMMON,
    ),
    "assist": (
        "step.pass",
        "step.fail",
        "step.probe",
        "step.skip",
        "step.na",
        "step.waive",
        "step.note",
        "row.edit",
        *COMMON,
    ),
    "step": (
        "step.pass",
        "step.fail",
        "step.skip",
        "step.na",
        "step.waive",
        "step.note",
        "row.edit",
        *COMMON,
    ),
    "action": (
        "part.run",
        "step.fix",
        "step.pass",
        "step.fail",
        "step.skip",
        "step.note",
        "row.edit",
        *COMMON,
    ),
    "fix": (
        "step.fix",
        "step.probe",
        "step.pass",
        "step.fail",
        "step.skip",
        "step.na",
        "step.waive",
        "step.note",
        "row.edit",
        *COMMON,
    ),
    "command": (
        "part.run",
        "row.edit",
        "step.pass",
        "step.fail",
        "step.skip",
        "output.full",
        "step.note",
        *COMMON,
    ),
    "part": ("part.run", "block.run", "row.edit", "row.open", "output.full", *COMMON),
    "busy": ("command.stop", "output.full", "part.run", "row.open", *COMMON),
    "changing": (
        "command.stop",
        "output.full",
        "change.way_back",
        "row.open",
        "step.note",
        *COMMON,
    ),
    "reading": ("app.back", "panel.next", "row.copy", "output.full"),
}
"""Place to the ids of the keys worth telling there, the most wanted first."""

WORDS = {
    "row.edit": "edit",
    "step.probe_all": "all",
    "block.run": "block",
    "output.full": "full screen",
    "app.back": "back",
    "panel.next": "panel",
}
"""Id to a word where the table of keys tells none, or two."""
HERE = {
    ("section", "step.probe"): "probe these",
    ("step", "row.edit"): "evidence",
    ("auto", "row.edit"): "evidence",
    ("assist", "row.edit"): "evidence",
    ("action", "row.edit"): "evidence",
    ("action", "part.run"): "do it",
    ("fix", "row.edit"): "evidence",
    ("changing", "command.stop"): "stop watching",
}
"""Place and id to a word that is right only there."""


def key_line(
    screen: Screen[None], place: str, under_way: str = "", refused: str = ""
) -> tuple[Content, Content]:
    """Return the keys of *place* as they are bound now, and those of every place.

    Args:
        under_way: title of the action that is being performed; told before them.
        refused: id of a key that would only say why not.

    Keys for which the line has no room are left to the help.
    """
    if place == "answer":
        return _line([("Enter", "save"), ("Tab", "field"), ("Esc", "keep, back")]), (
            content("")
        )
    bound: dict[str, tuple[str, str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id and binding.id not in bound:
            key = screen.app.get_key_display(binding)
            word = HERE.get((place, binding.id)) or WORDS.get(binding.id)
            bound[binding.id] = key, word or binding.tooltip
    right = _line([bound[id] for id in ALWAYS if id in bound])
    title = content("")
    if place == "changing":
        words = f"{signs().standing[Standing.RUNNING]} {under_way}"
        title = content(words, "$text-warning").truncate(
            max(20, screen.size.width // 3), ellipsis=True
        )
    taken = title.cell_length + 2 if title else 0
    room = screen.size.width - right.cell_length - taken - 4
    told: list[tuple[str, str]] = []
    for id in PLACES[place]:
        if id == refused or id not in bound:
            continue
        if _line([*told, bound[id]]).cell_length <= room:
            told.append(bound[id])
    line = _line(told)
    return joined(title, line, between="  ") if title else line, right


def _line(told: list[tuple[str, str]]) -> Content:
    words = [
        joined(content(key, "bold"), content(f" {word}", "$foreground-muted"))
        for key, word in told
    ]
    return joined(*words, between="  ")
