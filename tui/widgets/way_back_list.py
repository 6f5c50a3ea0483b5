"""Lines and details of what can be taken back, and of what ran before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.content import Content

from runbooks.changes import Revision
from state.changed import Changed
from state.standing import Standing
from tui.display import content, joined
from tui.widgets.finding_text import ago, labelled, plain
from tui.widgets.pick_list import PickList
from tui.widgets.signs import signs
from tui.widgets.text_view import Paragraph
from tui.widgets.wording import age, duration

if TYPE_CHECKING:
    from runbooks.histories import Histories

Row = Changed | Revision
_DIGEST = re.compile(r"\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b")
BEFORE = "What ran on the target before"
_SIGNS = {
    "": Standing.RUNNING,
    "done": Standing.PASS,
    "failed": Standing.FAIL,
    "in doubt": Standing.IN_DOUBT,
}


class WayBackList(PickList[Row]):
    """Changes of the run and former releases, under headings.

    Attributes:
        marked: ids of changes that are to be taken back together.
    """

    def __init__(self, rows: Sequence[Row | str], *, id: str = "") -> None:
        self.marked: set[str] = set()
        super().__init__(rows, id=id)

    def line_of(self, row: Row, width: int, here: bool) -> Content:
        left, right, style = self._words(row)
        when = f"{ago(age(row.at, datetime.now(UTC)))}  " if row.at else ""
        right = f"{when}{row.by} "
        known = signs()
        line = content(f"{known.cursor if here else ' '}{left}", style)
        room = max(8, width - len(right) - 2)
        line = line.truncate(room, ellipsis=True)
        gap = " " * max(1, width - line.cell_length - len(right))
        return joined(line, content(gap), content(right, "dim"))

    def _words(self, row: Row) -> tuple[str, str, str]:
        """Return the beginning of a line, its end, and its style."""
        known = signs()
        if isinstance(row, Revision):
            sign = known.mark if row.live else " "
            ran = "  live" if row.live else ""
            if row.healthy is not None:
                ran += f"  ran well for {duration(row.healthy)}"
            elif row.ran is not None:
                ran += f"  ran for {duration(row.ran)}"
            return f" {sign} {row.revision}  {row.image}{ran}", row.by, ""
        sign = (
            known.mark if row.id in self.marked else known.standing[_SIGNS[row.ending]]
        )
        if row.takes_back:
            return f" {sign} {row.title}  took back", row.by, "dim"
        if row.taken_back:
            return f" {sign} {row.title}  is taken back", row.by, "dim"
        loose = "  loose end" if row.loose_end else ""
        return f" {sign} {row.title}{loose}", row.by, "$text-warning" if loose else ""


def before(found: Histories | None) -> Iterator[Row | str]:
    """Yield what ran before, by workload; a line says why there is nothing."""
    if found is None:
        yield f"{BEFORE}: looking"
    elif not found:
        yield f"{BEFORE}: the profile names no system that tells"
    for table, said in (found or {}).items():
        if isinstance(said, str):
            yield f"{BEFORE} ({table}): nobody could look: {said}"
        elif not said:
            yield f"{BEFORE} ({table}): nothing there keeps a history"
        workload = ""
        for revision in () if isinstance(said, str) else said:
            if revision.workload != workload:
                workload = revision.workload
                yield f"{BEFORE} ({table}): {workload}"
            yield revision


def plan_in_short(changes: Sequence[Changed]) -> str:
    """Return what taking all of these back amounts to, "" where there are none."""
    back = [c for c in changes if c.undo.asked or c.undo.command]
    stuck = len(changes) - len(back)
    told = [f"cannot be taken back: {stuck}"] * bool(stuck)
    if back:
        known = [c.takes for c in back if c.takes is not None]
        takes = f", at most {duration(sum(known))}" if known else ""
        if len(known) < len(back):
            takes += f"{', and' if known else ','} nobody knows how long of "
            takes += f"{len(back) - len(known)}"
        told.insert(0, f"to take back: {len(back)}{takes}")
    return "; ".join(told)


def about(row: Row) -> Iterator[Paragraph]:
    """Yield what is known of a row, and how it is taken or brought back."""
    if isinstance(row, Revision):
        yield from _of_revision(row)
        return
    yield plain(row.title, "bold")
    took = f"  took {duration(row.seconds)}" if row.seconds else ""
    yield labelled("ended", f"{row.says or 'it is under way'}{took}")
    if row.takes_back:
        yield labelled("took back", row.takes_back)
        style = "$text-warning" if row.differs else "$text-success"
        said = "; ".join(row.differs) or "all is as it was before"
        yield labelled("so that", said, style)
    if row.loose_end:
        yield labelled("loose end", row.loose_end, "$text-warning")
    yield from _state(row)
    yield labelled("undo", "is taken back" if row.taken_back else str(row.undo))
    yield from _planned(row)
    yield from _same(row)


def _state(row: Changed) -> Iterator[Paragraph]:
    """Yield what it made otherwise."""
    missing = "nobody looked" if row.ending else "under way"
    for name, was in row.before.items():
        now = row.after.get(name, missing)
        if was != now:
            yield labelled("state", f"{name}: {_short(was)} → {_short(now)}")


def _same(row: Changed) -> Iterator[Paragraph]:
    """Yield in short what is as it was; last, as it is what matters least."""
    if same := [name for name, was in row.before.items() if row.after.get(name) == was]:
        yield labelled("same", ", ".join(same))


def _short(value: str) -> str:
    """Return a value as people tell it from others: of a digest its beginning."""
    return _DIGEST.sub(r"\1", value)


def _planned(row: Row) -> Iterator[Paragraph]:
    """Yield how long it takes, until when it can be done, and what should prompt it."""
    if row.takes is not None:
        yield labelled("takes", f"at most {duration(row.takes)}")
    if row.point_of_no_return:
        yield labelled("no return", row.point_of_no_return, "$text-warning")
    if row.watch:
        yield labelled("back if", row.watch)


def _of_revision(row: Revision) -> Iterator[Paragraph]:
    yield plain(f"{row.workload}, {row.revision}", "bold")
    yield labelled("image", row.image or "not known")
    came = ago(age(row.at, datetime.now(UTC))) if row.at else "nobody knows when"
    yield labelled("came", f"{came}, by {row.by or 'nobody knows whom'}")
    if row.healthy is not None:
        yield labelled("ran well", f"for {duration(row.healthy)}")
    elif row.ran is not None:
        said = f"for {duration(row.ran)}, and nobody knows how well"
        yield labelled("ran", said)
    else:
        yield labelled("ran well", "nobody knows for how long")
    if row.live:
        yield labelled("stands", "it is what runs now")
    else:
        yield labelled("back", str(row.undo))
        yield from _planned(row)
