"""What changed while a person was away, as a list that leads to the steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from textual.content import Content

from state.resume import Groups, Item, Kind
from tui.display import content, joined
from tui.widgets.pick_list import PickList
from tui.widgets.signs import signs

FOLDED = {
    Kind.UNCHANGED: 0,
    Kind.PROFILE: 6,
    Kind.MOVED: 4,
    Kind.NEW: 4,
    Kind.STALE: 4,
    Kind.IN_DOUBT: 3,
}
"""How many lines of a group are shown until it is unfolded; all of the others."""
MEANS = {
    Kind.UNCHANGED: "nothing to do again",
    Kind.EDITED: "what was answered is to be done again",
    Kind.MOVED: "what is known of them went with them",
    Kind.NEW: "never answered",
    Kind.REMOVED: "kept in progress.toml, counted no more",
    Kind.STALE: "to be done again",
    Kind.IN_DOUBT: "to be settled",
    Kind.SYSTEMS: "what was found before is of the other one",
    Kind.PROFILE: "what was found before is to be looked at again",
}
"""What follows for a group."""
_STYLES = {
    Kind.AT_WORK: "$text-warning",
    Kind.LOOSE_ENDS: "$text-warning",
    Kind.WORSE: "$text-error",
    Kind.SYSTEMS: "$text-error",
    Kind.IN_DOUBT: "$text-warning",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a group; `below` is one of the lines under its item."""

    kind: Kind
    item: Item
    below: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """Stands for the lines of a group that are not shown."""

    kind: Kind
    hidden: int


Row = Told | Fold


class ResumeList(PickList[Row]):
    """Groups of lines, long ones folded."""

    def __init__(self, groups: Groups, *, id: str = "") -> None:
        self._groups = groups
        self._unfolded: set[Kind] = set()
        super().__init__(_rows(groups, ()), id=id)

    def tell(self, groups: Groups) -> None:
        """Show what there is to tell by now."""
        if groups != self._groups:
            self._groups = groups
            self._fill()

    def unfold(self, kind: Kind) -> None:
        """Show all of a group."""
        self._unfolded.add(kind)
        self._fill()

    def _fill(self) -> None:
        cursor, top = self.cursor, self.top
        self.fill(_rows(self._groups, self._unfolded))
        if self.picked is None or self.cursor < cursor:
            self.move(min(cursor, len(self.rows) - 1) - self.cursor)
        self.scroll_to_line(top)

    def line_of(self, row: Row, width: int, here: bool) -> Content:
        cursor = signs().cursor if here else " "
        if isinstance(row, Fold):
            number = (
                f"all {row.hidden}" if _limit(row.kind) == 0 else f"{row.hidden} more"
            )
            return content(f"{cursor}   {number}: Enter lists them", "dim")
        if row.below:
            return _below(row.below, cursor).truncate(width, ellipsis=True)
        style = _STYLES.get(row.kind, "")
        says = content(row.item.says, "dim")
        room = max(width // 2, width - says.cell_length - 5)
        left = content(f"{cursor} {row.item.text}", style)
        left = left.truncate(room, ellipsis=True)
        says = says.truncate(max(0, width - left.cell_length - 3), ellipsis=True)
        gap = " " * max(1, width - left.cell_length - says.cell_length - 1)
        return joined(left, content(gap), says, content(" "))


def _below(text: str, cursor: str) -> Content:
    style = {"-": "$text-error", "+": "$text-success"}.get(text[:1], "dim")
    return content(f"{cursor}     {text}", style)


def _limit(kind: Kind) -> int | None:
    return FOLDED.get(kind)


def _rows(groups: Groups, unfolded: Collection[Kind]) -> list[Row | str]:
    rows: list[Row | str] = []
    for kind, items in groups.items():
        means = f", {MEANS[kind]}" if kind in MEANS else ""
        rows.append(f"{signs().rule} {kind.value} ({len(items)}){means}")
        limit = None if kind in unfolded else _limit(kind)
        # One more line is no longer than the line that says so.
        if limit is not None and len(items) <= limit + 1 and limit:
            limit = None
        for item in items[:limit]:
            rows += _lines(kind, item)
        if limit is not None:
            rows.append(Fold(kind, len(items) - limit))
    return rows


def _lines(kind: Kind, item: Item) -> Iterator[Row]:
    yield Told(kind, item)
    for line in item.more:
        yield Told(kind, item, line)
