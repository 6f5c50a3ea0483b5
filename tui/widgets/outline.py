"""Which rows of a runbook are on view: folding and filters, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from runbooks.model import Row, Runbook, Step
from state.standing import Standing

OPEN = frozenset(
    {
        Standing.PENDING,
        Standing.PROPOSED,
        Standing.STALE,
        Standing.SKIPPED,
        Standing.UNKNOWN,
        Standing.IN_DOUBT,
        Standing.RUNNING,
    }
)
"""Standings that still wait for an answer."""

FAILING = frozenset({Standing.FAIL, Standing.UNKNOWN, Standing.WARN, Standing.IN_DOUBT})
"""Standings in which something is wrong, or nobody could look."""

UNDECIDED = frozenset(
    {Standing.PENDING, Standing.PROPOSED, Standing.STALE, Standing.IN_DOUBT}
)
"""Standings on which the cursor stops when it moves on."""


class Filter(StrEnum):
    """What the list is narrowed to."""

    ALL = "all"
    OPEN = "open"
    MINE = "mine"
    FAILING = "failing"

    @property
    def after(self) -> Filter:
        """The next one, as `f` cycles."""
        order = list(Filter)
        return order[(order.index(self) + 1) % len(order)]

    def keeps(self, standing: Standing, mine: bool) -> bool:
        """Whether a step that stands so, and is the operator's or not, is shown."""
        match self:
            case Filter.ALL:
                return True
            case Filter.OPEN:
                return standing in OPEN
            case Filter.MINE:
                return mine and standing in OPEN
            case Filter.FAILING:
                return standing in FAILING


class Outline:
    """The rows on view, in document order.

    Attributes:
        rows: what is on view; replaced, never changed in place.
        folded: ids of sections that show only their title.
        filter: what `narrow` was last told.
    """

    def __init__(self, runbook: Runbook, folded: frozenset[str] = frozenset()) -> None:
        self.runbook = runbook
        self.folded = set(folded)
        self.filter = Filter.ALL
        self._kept: frozenset[str] = frozenset()
        self.rows: tuple[Row, ...] = ()
        self._index: dict[Row, int] = {}
        self._arrange()

    def index(self, row: Row) -> int | None:
        """Return the place of *row* on view, or None when it is hidden."""
        return self._index.get(row)

    def toggle(self, section: str) -> None:
        """Fold or unfold a section and all below it."""
        self.folded ^= {section}
        self._arrange()

    def reveal(self, row: Row) -> bool:
        """Unfold and unfilter what hides *row*; return whether anything changed."""
        if row in self._index or row not in self.runbook.rows:
            return False
        for section in self._above(row):
            self.folded.discard(section)
        self._arrange()
        if row not in self._index:
            self.narrow(Filter.ALL, lambda step: True)
        return True

    def narrow(self, filter: Filter, keep: Callable[[Step], bool]) -> None:
        """Show only steps that *keep* keeps, and the sections that hold them.

        Applied once: a step that no longer matches stays until the next call,
        so nothing disappears under the hand that decides it.
        """
        self.filter = filter
        if filter is Filter.ALL:
            self._kept = frozenset()
        else:
            self._kept = frozenset(s.id for s in self.runbook.steps if keep(s))
        self._arrange()

    def _arrange(self) -> None:
        self.rows = tuple(self._visible())
        self._index = {row: index for index, row in enumerate(self.rows)}

    def _visible(self) -> Iterator[Row]:
        sections = self.runbook.section_by_id
        waiting: list[Row] = []
        deepest = 99
        for row in self.runbook.rows:
            if row.kind == "section":
                level = sections[row.id].level
                if level > deepest:
                    continue
                deepest = level if row.id in self.folded else 99
                if self.filter is Filter.ALL:
                    yield row
                else:
                    waiting = [w for w in waiting if sections[w.id].level < level]
                    waiting.append(row)
            elif deepest < 99:
                # A filter finds what it looks for in folded sections too.
                if row.kind == "step" and row.id in self._kept and waiting:
                    yield from waiting
                    waiting = []
            elif self.filter is Filter.ALL:
                yield row
            elif row.kind == "step" and row.id in self._kept:
                yield from waiting
                waiting = []
                yield row

    def _above(self, row: Row) -> Iterator[str]:
        """Ids of the sections that hold *row*, innermost first."""
        sections = self.runbook.section_by_id
        rows = self.runbook.rows
        deepest = 99
        for above in reversed(rows[: rows.index(row)]):
            if above.kind == "section" and sections[above.id].level < deepest:
                deepest = sections[above.id].level
                yield above.id
