"""Where gonogo begins without a name: choose a runbook, or go on with a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from tui.display import content, display_text, joined
from tui.keymap import KEYS, bindings
from tui.offers import Offer
from tui.screens.picking import Picking
from tui.widgets.pick_list import PickList
from tui.widgets.shown import Shown
from tui.widgets.signs import signs
from tui.widgets.wording import age

TAUGHT = "There is nothing to open here: start gonogo with the path of a runbook."


class OfferList(PickList[Offer]):
    """Runbooks and runs, each under its group."""

    def __init__(self, offers: Sequence[Offer], *, id: str = "") -> None:
        self._offers = offers
        super().__init__(_grouped(offers), id=id)

    def narrow(self, wanted: str) -> None:
        """Show only what holds *wanted* in title, path or target."""
        self.fill(_grouped([o for o in self._offers if wanted.casefold() in _words(o)]))

    def line_of(self, row: Offer, width: int, here: bool) -> Content:
        return _line(row, width, here)


def _words(offer: Offer) -> str:
    target = offer.run.target if offer.run else ""
    return f"{offer.title} {offer.runbook} {target}".casefold()


def _grouped(offers: Sequence[Offer]) -> list[Offer | str]:
    rows: list[Offer | str] = []
    group = ""
    for offer in offers:
        if offer.group != group:
            group = offer.group
            rows += ["", group] if rows else [group]
        rows.append(offer)
    return rows


def _line(offer: Offer, width: int, here: bool) -> Content:
    """Title and path on the left; how far, who and when on the right."""
    run, dot = offer.run, f" {signs().dot} "
    right = ""
    if run is not None and run.problem:
        right = "cannot be read"
    elif run is not None:
        told = [run.target, run.by, age(run.at, datetime.now(UTC))]
        far = f"{run.done} of {run.total}"
        right = dot.join([far, *(display_text(word) for word in told if word)])
    room = width - len(right) - 4
    left = joined(
        content(f"{signs().cursor} " if here else "  "),
        content(offer.title),
        content(f"  {offer.runbook.name}", "dim"),
    ).truncate(max(8, room), ellipsis=True)
    gap = " " * max(1, width - left.cell_length - len(right) - 1)
    return joined(left, content(gap), content(right, "dim"), content(" "))


class ChooseScreen(Picking, Screen[None]):
    """Lists what can be opened."""

    CSS_PATH = "choose.tcss"
    AUTO_FOCUS = "OfferList"
    BINDINGS: ClassVar[list[BindingType]] = bindings("choose", "list")

    @dataclass
    class Chosen(Message):
        """Posted when something is to be opened.

        Attributes:
            run: directory of the run to go on with, or None.
        """

        runbook: Path
        run: Path | None

    @dataclass
    class RehearsalChosen(Message):
        """Posted when a rehearsal is to be started."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        yield Shown(content("gonogo  choose a runbook", "bold"), id="title")
        yield OfferList(self._offers, id="offers")
        yield Shown(content("" if self._offers else TAUGHT), id="said")
        yield Input(placeholder="filter", id="filter", compact=True)
        yield Shown(self._keys(), id="keys")

    def _keys(self) -> Content:
        told = [
            (self.app.get_key_display(active.binding), active.binding.tooltip)
            for active in self.active_bindings.values()
            if active.binding.show and active.binding.id
        ]
        shown = {label: key for key, label in reversed(told)}
        order = [key.label for key in (*KEYS["choose"], *KEYS["app"]) if key.label]
        words = [
            joined(content(shown[label], "bold"), content(f" {label}", "$text-muted"))
            for label in order
            if label in shown
        ]
        return joined(*words, between="  ")

    @property
    def _list(self) -> OfferList:
        return self.query_one(OfferList)

    def on_mount(self) -> None:
        self._show_rest()

    def _show_rest(self) -> None:
        """Below the list: where the document under the cursor is."""
        offer = self._list.picked
        if offer is None:
            said = "Nothing holds that text." if self._offers else TAUGHT
        elif offer.run is not None and offer.run.problem:
            said = offer.run.problem
        else:
            said = str(offer.runbook)
        self.query_one("#said", Shown).show(content(said))

    def _moved(self) -> None:
        self._show_rest()

    def action_open(self) -> None:
        offer = self._list.picked
        if offer is not None and offer.rehearsal:
            self.post_message(self.RehearsalChosen())
        elif offer is not None and not (offer.run and offer.run.problem):
            run = offer.run.directory if offer.run else None
            self.post_message(self.Chosen(offer.runbook, run))

    def action_find(self) -> None:
        self.add_class("-filtering")
        self.query_one(Input).focus()

    def action_show_all(self) -> None:
        self.query_one(Input).value = ""
        self.remove_class("-filtering")
        self._list.focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._list.narrow(event.value)
        self._show_rest()

    @on(Input.Submitted)
    def _to_list(self) -> None:
        self._list.focus()
