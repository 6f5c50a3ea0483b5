"""The application: leaving, palette, toasts, themes, size, and how a bug ends it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets._toast import Toast

from tests.tui.terminals import terminal
from tui.app import GonogoApp
from tui.config import Config, read_config
from tui.display import content
from tui.keymap import bindings
from tui.screens.leave import LeaveScreen
from tui.screens.too_small import TooSmallScreen


class Plain(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("choose")
    opened = 0

    def compose(self) -> ComposeResult:
        yield Static(content("plain"))

    def action_open(self) -> None:
        self.opened += 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def seen(pilot: Pilot[None]) -> str:
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


async def test_q_leaves_when_nothing_runs() -> None:
    app = GonogoApp(Plain)
    async with app.run_test() as pilot:
        await pilot.press("q")
        assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_asks_while_a_command_runs(key: str) -> None:
    app = GonogoApp(Plain)
    app.at_work = lambda: ["sleep 60 [/x]", "tail -f log"]
    async with app.run_test() as pilot:
        await pilot.press(key)
        assert isinstance(app.screen, LeaveScreen)
        assert "sleep 60 [/x]" in seen(pilot) and "go on without" in seen(pilot)
        await pilot.press("escape")
        assert isinstance(app.screen, Plain)
        await pilot.press(key, "enter")
        assert isinstance(app.screen, LeaveScreen), "Enter does not leave"
        await pilot.press("y")
        assert not app.is_running


async def test_the_palette_lists_what_has_a_key_and_takes_no_picture() -> None:
    app = GonogoApp(Plain)
    async with app.run_test(size=(100, 40)) as pilot:
        for key in ("colon", "ctrl+p"):
            await pilot.press(key)
            assert isinstance(app.screen, CommandPalette)
            while not app.screen.query_one(OptionList).option_count:
                await pilot.pause(0.05)
            text = seen(pilot)
            assert "Open this runbook or run" in text and "Key: Enter" in text
            assert "Theme" in text and "creenshot" not in text
            await pilot.press("escape")


async def test_the_palette_does_what_the_key_does() -> None:
    app = GonogoApp(Plain)
    async with app.run_test() as pilot:
        plain = app.screen
        await pilot.press("colon", *"open this")
        while not app.screen.query_one(OptionList).option_count:
            await pilot.pause(0.05)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert isinstance(plain, Plain) and plain.opened == 1


@pytest.mark.parametrize("open_it", ["action_command_palette", "search_themes"])
async def test_a_palette_is_left_once(open_it: str) -> None:
    app = GonogoApp(Plain)
    async with app.run_test() as pilot:
        getattr(app, open_it)()
        palette = app.screen
        await pilot.pause()
        palette.dismiss()
        palette.dismiss()
        await pilot.pause()
        assert isinstance(app.screen, Plain)


async def test_toasts_are_plain_text() -> None:
    app = GonogoApp(Plain)
    async with app.run_test(notifications=True) as pilot:
        app.notify("a\x1b]0;x\x07 [/x]\nb", title="[@click=app.quit]t")
        app.notify("[b]x", markup=True)
        while len(app.screen.query(Toast)) < 2:
            await pilot.pause(0.05)
        await pilot.pause()
        text = seen(pilot)
        assert "a␛]0;x␇ [/x]" in text and "[@click=app.quit]t" in text
        assert "[b]x" in text, "nobody turns markup on"


async def test_toasts_leave_the_first_and_the_last_lines_alone() -> None:
    app = GonogoApp(Plain)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for number in range(8):
            app.notify(f"{number} " + "a long complaint of a document " * 20)
        while len(app.screen.query(Toast)) < 8:
            await pilot.pause(0.05)
        await pilot.pause()
        first = app.screen.query(Toast).first()
        assert (first.region.y, first.region.height) == (3, 3)
        assert first.region.right == 80
        assert all("complaint" not in line for line in seen(pilot).split("\n")[15:])


async def test_ctrl_c_says_how_to_leave() -> None:
    app = GonogoApp(Plain)
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("ctrl+c")
        while not app.screen.query(Toast):
            await pilot.pause(0.05)
        await pilot.pause()
        assert "Ctrl-Q leaves" in seen(pilot)


async def test_a_chosen_theme_is_kept() -> None:
    app = GonogoApp(Plain)
    async with app.run_test() as pilot:
        assert app.theme == "gonogo"
        app.theme = "nord"
        await pilot.pause()
    assert read_config().theme == "nord"
    assert GonogoApp(Plain, read_config()).theme == "nord"
    assert GonogoApp(Plain, Config(theme="gone")).theme == "gonogo"


async def test_remapped_keys() -> None:
    app = GonogoApp(Plain, Config(keymap={"choose.open": "z"}))
    async with app.run_test() as pilot:
        await pilot.press("enter", "z", "z")
        assert isinstance(app.screen, Plain) and app.screen.opened == 2


async def test_a_small_terminal_is_told_and_recovers() -> None:
    app = GonogoApp(Plain)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, TooSmallScreen)
        assert "terminal is 40x10" in seen(pilot) and "60x16" in seen(pilot)
        await pilot.press("enter")
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.1)
        assert isinstance(app.screen, Plain) and app.screen.opened == 0
        await pilot.resize_terminal(59, 24)
        await pilot.pause(0.1)
        assert "terminal is 59x24" in seen(pilot)
        await pilot.resize_terminal(50, 12)
        await pilot.pause(0.1)
        assert "terminal is 50x12" in seen(pilot)
        await pilot.resize_terminal(60, 16)
        await pilot.pause(0.1)
        assert isinstance(app.screen, Plain)


async def test_an_arrow_byte_by_byte_does_nothing() -> None:
    app = GonogoApp(Plain)
    async with app.run_test() as pilot:
        await pilot.press("left_square_bracket", "A", "O", "B", "tilde")
        assert isinstance(app.screen, Plain) and app.screen.opened == 0


async def test_no_colour_is_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = GonogoApp(Plain)
    async with app.run_test(size=(80, 24)) as pilot:
        app.at_work = lambda: ["sleep 60"]
        await pilot.press("q")
        assert "sleep 60" in seen(pilot)


BUG = """
import sys
from textual.screen import Screen
from textual.widgets import Static
from tui.app import GonogoApp
from tui.__main__ import _explain

class Buggy(Screen):
    def compose(self):
        yield Static("READY")
    def on_mount(self):
        self.set_timer(0.2, self.fail)
    def fail(self):
        dsn = "postgres://u:" + "hunter" + "2@db/x"
        raise KeyError("boom")

try:
    GonogoApp(Buggy).run_on_terminal(lambda: None)
except Exception as error:
    sys.exit(_explain(error))
"""


def test_a_bug_shows_no_local_variables(tmp_path: Path) -> None:
    with terminal(BUG, tmp_path) as shown:
        shown.until(b"READY")
        assert shown.ended() == 70
    after = shown.seen[shown.seen.rindex(b"\x1b[?1049l") :]
    text = re.sub(rb"\x1b\[[0-?]*[@-~]", b"", after).decode()
    assert "KeyError" in text and len(text.strip().splitlines()) < 4
    assert b"hunter2" not in shown.seen
    (log,) = tmp_path.rglob("bug-*.log")
    assert "boom" in log.read_text() and "hunter2" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_size_is_that_of_the_terminal_not_of_stdout(tmp_path: Path) -> None:
    program = """
import os
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
from textual.screen import Screen
from textual.widgets import Static
from tui.app import GonogoApp
class Size(Screen):
    def compose(self):
        yield Static()
    def on_resize(self, event):
        self.query_one(Static).update(f"SIZE {event.size.width}x{event.size.height}")
GonogoApp(Size).run_on_terminal(lambda: None)
"""
    with terminal(program, tmp_path, {"COLUMNS": "200", "LINES": "9"}) as shown:
        shown.until(b"SIZE 80x24")
        shown.type(b"\x11")
        assert shown.ended() == 0
        assert b"\x1b[?1000h" not in shown.seen, "the mouse is left to the terminal"


def test_an_idle_screen_writes_nothing(tmp_path: Path) -> None:
    program = """
from textual.screen import Screen
from textual.widgets import Input
from tui.app import GonogoApp
class Typing(Screen):
    AUTO_FOCUS = "Input"
    def compose(self):
        yield Input("TYPING")
GonogoApp(Typing).run_on_terminal(lambda: None)
"""
    with terminal(program, tmp_path) as shown:
        shown.until(b"TYPING")
        while shown.read(1.0):  # one second without a byte: a cursor blinks in half
            assert shown.seen.count(b"TYPING") < 10
        shown.type(b"\x11")
        assert shown.ended() == 0
