"""The faults of a rehearsal: which there are, and which are injected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.display import content, joined
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce

_MARK = "injected"


class FaultsScreen(ModalScreen[str], LeftOnce[str]):
    """Dismissed with the name of the fault to inject, or to heal; or with None.

    Args:
        faults: by name, what each is.
        injected: names of those that are injected now.
    """

    CSS_PATH = "faults.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("faults")

    def __init__(self, faults: Mapping[str, str], injected: Collection[str]) -> None:
        super().__init__()
        self._faults = faults
        self._injected = injected

    def compose(self) -> ComposeResult:
        width = max(map(len, self._faults))
        box = OptionList(
            *(
                Option(
                    joined(
                        content(_mark(name in self._injected), "bold $text-error"),
                        content(f"  {name.ljust(width)}  ", "bold"),
                        content(says),
                    ),
                    id=name,
                )
                for name, says in self._faults.items()
            ),
            id="faults",
        )
        box.border_title = content("Break this rehearsal, or mend it")
        box.border_subtitle = content("space inject or heal    Esc back")
        yield box

    def action_choose(self) -> None:
        chosen = self.query_one(OptionList).highlighted_option
        if chosen is not None:
            self.dismiss(chosen.id)


def _mark(is_injected: bool) -> str:
    return _MARK if is_injected else " " * len(_MARK)
