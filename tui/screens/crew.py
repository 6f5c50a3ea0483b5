"""Who is on in this run, who may change systems, and the way to take that over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from state.crew import Member
from state.lever import Holder
from tui.display import content
from tui.keymap import bindings
from tui.screens.deliberate import Deliberate
from tui.screens.left_once import LeftOnce
from tui.widgets.shown import Shown

Wanted = Literal["take", "give"]


class CrewScreen(
    ModalScreen[Wanted | None], Deliberate[Wanted | None], LeftOnce[Wanted | None]
):
    """Dismissed with what to do about the lever, or with None.

    Where it can be taken, only a key of a hand that has read who holds it counts.

    Args:
        own: who we are, in words.
        others: who else has the run open.
        holder: who has the lever, or died with it.
        ours: it is we.
        probed: whether there are steps that a machine looks at.
        looks: whether it is this screen that does so by itself.
        at_work: what is at work in this run, one line each.
    """

    CSS_PATH = "crew.tcss"
    AUTO_FOCUS = "#crew"  # so that it scrolls
    BINDINGS: ClassVar[list[BindingType]] = bindings("crew")

    def __init__(
        self,
        own: str,
        others: Sequence[Member],
        holder: Holder | None,
        *,
        ours: bool,
        probed: bool,
        looks: bool,
        at_work: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._own = own
        self._others = others
        self._holder = holder
        self._ours = ours
        self._probed = probed
        self._looks = looks
        self._at_work = at_work

    def compose(self) -> ComposeResult:
        box = VerticalScroll(id="crew")
        box.border_title = content("Who is on in this run")
        keys = "g give the lever up" if self._ours else "t take the lever"
        if self._holder and not self._ours:
            keys += " over"
        box.border_subtitle = content(f"{keys}    Esc back")
        with box:
            yield Shown(content("\n".join(self._lines()), lines=True))

    def _lines(self) -> Iterator[str]:
        yield f"Lever: {self._lever()}"
        yield ""
        yield f"{self._own}, this screen"
        for member in self._others:
            yield str(member)
        if self._at_work:
            yield ""
            yield "At work now, and going on whoever has the lever:"
            yield from (f"  {' '.join(line.split())}" for line in self._at_work)
        yield ""
        who = "This screen" if self._looks else "Another screen, or none,"
        looks = f"{who} looks at the steps by itself. " if self._probed else ""
        yield f"{looks}Everybody may decide and note."

    def _lever(self) -> str:
        """Who may change systems, and what taking it over would mean."""
        if self._ours:
            return f"yours{self._holder.at if self._holder else ''}."
        if self._holder is None:
            return "free. Whoever changes something first takes it."
        if not self._holder.alive:
            return (
                f"{self._holder} had it{self._holder.at} and is gone: the process has "
                "ended without giving it back. Nobody may change systems until "
                "somebody takes it over."
            )
        return (
            f"{self._holder} holds it{self._holder.at}, and lives. Talk to them first: "
            "taken over, they are disarmed and told so, and may start no change any "
            "more. Both is written down."
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        match action:
            case "take":
                return not self._ours
            case "give":
                return self._ours
            case _:
                return True

    def on_mount(self) -> None:
        if not self._ours:
            self.be_deliberate()

    def on_resize(self) -> None:
        self.repainted()

    def action_take(self) -> None:
        self.confirm(partial(self.dismiss, "take"))

    def action_give(self) -> None:
        self.dismiss("give")
