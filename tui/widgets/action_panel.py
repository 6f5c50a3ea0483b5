"""How far an action has come: bars for what is counted, time against the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from runbooks.changes import Progress
from tui.display import content, joined
from tui.widgets.signs import signs

QUIET = "$foreground-muted"
BRIEF = 6
"""Cells of a bar where all of them share one line."""
LONG = 24
"""Cells of a bar that has a line of its own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: a name, a bar, and what it says in numbers."""

    name: str
    done: float
    of: float
    says: str

    def shown(self, cells: int) -> Content:
        known = signs()
        full = int(cells * min(1.0, self.done / self.of)) if self.of > 0 else 0
        return joined(
            content(known.full * full, "$text-success"),
            content(known.empty * (cells - full), QUIET),
        )


def bars(progress: Progress, since: float) -> Iterator[Bar]:
    """Yield a bar for each thing that is counted, and one for the time.

    Args:
        since: seconds that have gone since *progress* was told.
    """
    for name, (done, of) in progress.bars.items():
        yield Bar(name, done, of, f"{done} of {of}")
    if progress.deadline:
        gone, there = progress.deadline
        gone = min(gone + since, there)
        yield Bar("deadline", gone, there, f"{clock(gone)} of {clock(there)}")


def clock(seconds: float) -> str:
    """Return a length of time as a clock shows it: ``1:12``, ``1:01:12``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_one_line(shown: list[Bar]) -> Content:
    """Return all bars side by side, for a screen of few lines."""
    pieces = [
        joined(
            content(f"{bar.name} ", QUIET), bar.shown(BRIEF), content(f" {bar.says}")
        )
        for bar in shown
    ]
    return joined(*pieces, between="  ")


def one_below_another(shown: list[Bar]) -> list[Content]:
    """Return a line for each bar, their names in a column."""
    width = max((cell_len(bar.name) for bar in shown), default=0)
    return [
        joined(
            content(f"{bar.name:<{width}}  ", QUIET),
            bar.shown(LONG),
            content(f"  {bar.says}"),
        )
        for bar in shown
    ]


class ActionPanel(Widget):
    """Shows the progress of the action under way; hidden while there is none."""

    DEFAULT_CSS = """
    ActionPanel {
        height: auto;
        padding: 0 1;
        display: none;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, *, id: str = "") -> None:
        super().__init__(id=id or None)
        self._progress: Progress | None = None
        self._heard = 0.0

    def advance(self, progress: Progress | None) -> None:
        """Show how far it has come; None when nothing is under way."""
        self._progress, self._heard = progress, monotonic()
        self.display = bool(progress and (progress.bars or progress.deadline))
        self.refresh(layout=True)

    @property
    def tall(self) -> bool:
        """Whether there is room for a line each."""
        return self.screen.has_class("-tall")

    def render(self) -> Content:
        if self._progress is None:
            return content("")
        shown = list(bars(self._progress, monotonic() - self._heard))
        if self.tall:
            return joined(*one_below_another(shown), between="\n")
        return in_one_line(shown)
