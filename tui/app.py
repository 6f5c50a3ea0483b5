"""The application: one look, one way out, nothing foreign reaches the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider
from textual.widgets import Input

from runbooks.errors import GonogoError
from runbooks.masking import of_this_process
from tui.config import Config, save_theme
from tui.display import display_text
from tui.keymap import bindings, shown
from tui.line_filters import AsciiOnly, Sanitize
from tui.palette import BoundActions, Palette
from tui.screens.deliberate import Deliberate
from tui.signals import SignalWatch
from tui.terminal import too_small
from tui.torn_arrows import TornArrows
from tui.writer import GonogoDriver

if TYPE_CHECKING:
    from runbooks.rehearsal import Deployment

CALM = Theme(
    name="gonogo",
    primary="#7aa2c8",
    secondary="#8a94a6",
    accent="#c8a26b",
    success="#8fb573",
    warning="#d9a75a",
    error="#e0707a",
    foreground="#d5d8dc",
    background="#15171a",
    surface="#1c1f24",
    panel="#262a31",
)
"""Ours: quiet greys, so that what is wrong stands out."""


class GonogoApp(App[None]):
    """gonogo on a terminal.

    Args:
        first: makes the screen that is shown first.
        config: the operator's settings.

    Attributes:
        at_work: says what is at work, one line each; asked on leaving.
        left_open: says what was changed for a while and still stands; told then too.
        acted: says whether there is something to hand over; a note is asked for then.
        hand_over: keeps that note; returns why it could not, or "".
        deployment: the rehearsal that this process holds and the screen is about; None
            for a real deployment, which nobody may break. Commands end with it.
    """

    TITLE = "gonogo"
    # Not relative: that would be beside the file of a subclass.
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")
    COMMANDS: ClassVar = App.COMMANDS | {BoundActions}
    COMMAND_PALETTE_BINDING = ""
    ENABLE_COMMAND_PALETTE = True

    at_work: Callable[[], Sequence[str]]
    left_open: Callable[[], Sequence[str]]
    acted: Callable[[], bool]
    hand_over: Callable[[str], str]
    deployment: Deployment | None = None
    _walls: ClassVar[tuple[LineFilter, ...]] = (Sanitize(), AsciiOnly())
    _watch_signals: SignalWatch | None = None

    def __init__(
        self, first: Callable[[], Screen[Any]], config: Config | None = None
    ) -> None:
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self._first = first
        self._config = config or Config()
        self.at_work = self.left_open = lambda: ()
        self.acted = lambda: False
        self.hand_over = lambda note: ""
        self._torn_arrows = TornArrows()
        self.register_theme(CALM)
        known = self._config.theme in self.available_themes
        self.theme = self._config.theme if known else CALM.name
        self.set_keymap(self._config.keymap)

    def run_on_terminal(self, flush: Callable[[], None]) -> int:
        """Show the screen until it is left; return the exit code.

        Args:
            flush: writes what is not on disk yet, when a signal ends us.

        Raises:
            Exception: what stopped the screen, if it was a bug.
        """
        with SignalWatch(flush) as self._watch_signals:
            self.run(mouse=False)
        if self._exception is not None:
            raise self._exception
        return self.return_code or 0

    def lend_terminal(self) -> AbstractContextManager[object]:
        """While entered, Ctrl-C belongs to a command that has the terminal."""
        return self._watch_signals.lend() if self._watch_signals else nullcontext()

    # ------------------------------------------------------ what is foreign

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._walls]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; its text is display text, markup in it is only text.

        It may say what a system said, so secrets in it are hidden.
        """
        hide = of_this_process().text
        super().notify(
            display_text(hide(message), lines=True),
            title=display_text(hide(title)),
            severity=severity,
            timeout=timeout,
            markup=False,
        )

    # ------------------------------------------------- keys, palette, themes

    def get_key_display(self, binding: Binding) -> str:
        return shown(binding.key)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        # Not Textual's own list: its screenshot writes the screen to a file.
        yield SystemCommand(
            "Theme", "Choose the colours; the choice is kept", self.action_change_theme
        )

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            # Without Textual's id: the last one may be on its way out still.
            self.push_screen(Palette())

    def search_themes(self) -> None:
        themes = Palette(providers=[ThemeProvider], placeholder="Search for themes…")
        self.push_screen(themes)

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, self._keep_theme)

    def _keep_theme(self, theme: Theme) -> None:
        try:
            save_theme(theme.name)
        except GonogoError as error:
            self.notify(str(error), severity="warning")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and self._torn_arrows.swallow(event.key):
            return
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            screen = self.screen
            if isinstance(screen, Deliberate) and not screen.takes(event):
                return
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        # An Input stops what it takes: this one was forwarded before it was there.
        typed_ahead = getattr(self.screen, "typed_ahead", None)
        if typed_ahead is not None and typed_ahead(event):
            event.prevent_default()

    def on_app_focus(self) -> None:
        # Keys may have been on their way to another window.
        if isinstance(self.screen, Deliberate):
            self.screen.repainted()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # A blinking cursor would write to an idle terminal twice a second.
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    # ------------------------------------------------------- size and leaving

    def get_default_screen(self) -> Screen[Any]:
        screen = self._first()
        # Textual reads it for every screen but this one. A blank screen beneath
        # would do too, and cost its layout at each start.
        self._load_screen_css(screen)
        return screen

    def get_driver_class(self) -> type[Driver]:
        return GonogoDriver

    def on_ready(self) -> None:
        self._mind_size(self.size)

    def on_resize(self, event: events.Resize) -> None:
        if self.is_running:
            self._mind_size(event.size)

    def _mind_size(self, size: Size) -> None:
        from tui.screens.too_small import TooSmallScreen

        if too_small(*size) and not isinstance(self.screen, TooSmallScreen):
            self.push_screen(TooSmallScreen())

    async def action_quit(self) -> None:
        """Leave; asks first where something is at work, left open, or to be told.

        Once more while it asks is an answer: leave, with what was typed.
        """
        from tui.screens.leave import LeaveScreen

        if isinstance(self.screen, LeaveScreen):
            self.screen.leave()
        else:
            self._ask_to_leave()

    def _ask_to_leave(self, draft: str = "", problem: str = "") -> None:
        from tui.screens.leave import LeaveScreen

        running, loose, acted = self.at_work(), self.left_open(), self.acted()
        if running or loose or acted:
            end = bool(self.deployment)
            screen = LeaveScreen(running, loose, end, acted, draft, problem)
            self.push_screen(screen, self._leave)
        else:
            self.exit()

    def _leave(self, note: str | None) -> None:
        if note and (problem := self.hand_over(note)):
            self._ask_to_leave(note, problem)
        elif note is not None:
            self.exit()

    def action_help_quit(self) -> None:
        """Ctrl-C: say how to leave."""
        fate = "ends with" if self.deployment else "goes on without"
        self.notify(f"Ctrl-Q leaves gonogo. A running command {fate} it.")

    def _handle_exception(self, error: Exception) -> None:
        # Textual prints tracebacks with the values of local variables, secrets
        # among them; `run_on_terminal` raises the error instead.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
