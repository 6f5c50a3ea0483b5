"""Editing a copy of a command before it runs; the runbook itself stays."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import TextArea

from tui.display import content
from tui.screens.left_once import LeftOnce
from tui.widgets.edge_line import EdgeLine
from tui.widgets.signs import signs


class EditScreen(LeftOnce[str | None]):
    """Returns the edited text, or None when it was left."""

    CSS = """
    EditScreen TextArea { height: 1fr; border: none; padding: 0 1; }
    """
    BINDINGS = [  # noqa: RUF012
        # No priority: it would overtake what was typed before it and not drawn yet,
        # and run the half of a command.
        Binding("ctrl+r", "run", "Run this text", id="edit.run"),
        Binding("escape", "leave", "Back; nothing runs", id="edit.leave"),
    ]

    def __init__(self, text: str, title: str = "") -> None:
        super().__init__()
        self._text = text
        self._title = title

    def compose(self) -> ComposeResult:
        yield EdgeLine(signs().rule, id="edit-head")
        yield TextArea(self._text, soft_wrap=True)
        yield EdgeLine(id="edit-keys")

    def on_mount(self) -> None:
        title = f"edit a copy, then run it: {self._title or 'command'} "
        self.query_one("#edit-head", EdgeLine).show(content(title, "$accent"))
        keys = "Ctrl+R run this text   Esc back, nothing runs"
        self.query_one("#edit-keys", EdgeLine).show(content(keys, "$foreground-muted"))
        area = self.query_one(TextArea)
        area.cursor_blink = False
        area.focus()

    def action_run(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        self.dismiss(None)
