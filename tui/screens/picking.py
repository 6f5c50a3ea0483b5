"""Moving in a list of which one line is picked, with the same keys on every screen."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from tui.widgets.pick_list import PickList


class Picking:
    """A screen about one list."""

    @property
    @abstractmethod
    def _list(self) -> PickList[Any]: ...

    @abstractmethod
    def _moved(self) -> None:
        """Another line is picked: show what goes with it."""

    def _move(self, by: int) -> None:
        self._list.move(by)
        self._moved()

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self._list.size.height - 1))

    def action_page_up(self) -> None:
        self._move(-max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        self._move(-self._list.line_count)

    def action_last(self) -> None:
        self._move(self._list.line_count)
