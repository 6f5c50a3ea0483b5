"""Scrollback and its view: what is kept, what is drawn, what is followed."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tui.widgets.output_view import OutputView
from tui.widgets.scrollback import LINES, LONGEST, Scrollback


def fed(*chunks: bytes) -> list[str]:
    scrollback = Scrollback()
    for chunk in chunks:
        scrollback.feed(chunk)
    return list(scrollback.lines)


def test_lines_are_joined_across_chunks_and_characters_too() -> None:
    assert fed(b"a\nb", "é".encode()[:1], "é".encode()[1:], b"c\n") == ["a", "béc", ""]


def test_invalid_bytes_are_shown_as_such() -> None:
    assert fed(b"a\xffb\n")[0] == "a\\xffb"


@pytest.mark.parametrize(
    ("printed", "drawn"),
    [
        (b"10%\r20%\r30%\n", "30%"),
        (b"windows\r\n", "windows"),
        (b"abc\b\bX\n", "aX"),
        (b"\b\b\b\n", ""),
    ],
)
def test_progress_bars_and_backspaces_leave_their_last_state(
    printed: bytes, drawn: str
) -> None:
    assert fed(printed)[0] == drawn
    assert fed(*(bytes([byte]) for byte in printed))[0] == drawn


def test_long_lines_are_cut_and_say_so() -> None:
    line = fed(b"x" * (LONGEST * 5))[0]
    assert line.startswith("x" * LONGEST) and "more characters" in line
    scrollback = Scrollback()
    for _ in range(200):
        scrollback.feed(b"y" * LONGEST)
    assert len(scrollback.lines[0]) < 2 * LONGEST


def test_only_the_last_lines_are_kept_and_the_rest_is_counted() -> None:
    scrollback = Scrollback()
    scrollback.feed(b"".join(b"%d\n" % n for n in range(3 * LINES)))
    assert len(scrollback.lines) == LINES and scrollback.lines[-2] == str(3 * LINES - 1)
    assert scrollback.lost == 2 * LINES + 1


def test_what_was_skipped_is_told() -> None:
    scrollback = Scrollback()
    scrollback.feed(b"a\n")
    scrollback.feed(b"z\n", skipped=12345)
    assert any("12,345 bytes not shown" in line for line in scrollback.lines)


def test_find_ignores_colours_and_goes_round() -> None:
    scrollback = Scrollback()
    scrollback.feed(b"one\ntwo \x1b[31mre\x1b[0md\nthree\n")
    assert scrollback.find("TWO RED", -1, 1) == 1
    assert scrollback.find("one", 2, 1) == 0
    assert scrollback.find("nothing", 0, 1) is None


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield OutputView(id="output")

    def rows(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def test_the_view_follows_until_one_scrolls_up() -> None:
    app = Shown()
    async with app.run_test(size=(40, 5)) as pilot:
        view, scrollback = app.query_one(OutputView), Scrollback()
        view.show(scrollback)
        scrollback.feed(b"".join(b"line %d\n" % n for n in range(100)))
        view.look()
        await pilot.pause()
        assert app.rows()[4] == "line 99"
        view.scroll_by(-10)
        scrollback.feed(b"".join(b"more %d\n" % n for n in range(100)))
        view.look()
        await pilot.pause()
        assert app.rows()[0] == "line 85"
        view.set_follow(True)
        await pilot.pause()
        assert app.rows()[4] == "more 99"


async def test_a_view_that_stays_keeps_its_lines_while_old_ones_are_dropped() -> None:
    app = Shown()
    async with app.run_test(size=(40, 5)) as pilot:
        view, scrollback = app.query_one(OutputView), Scrollback()
        view.show(scrollback)
        scrollback.feed(b"".join(b"line %d\n" % n for n in range(LINES)))
        view.look()
        view.scroll_by(-100)
        await pilot.pause()
        before = app.rows()
        scrollback.feed(b"".join(b"more %d\n" % n for n in range(1000)))
        view.look()
        await pilot.pause()
        assert app.rows() == before


async def test_wrapping_shows_all_of_a_long_line() -> None:
    app = Shown()
    async with app.run_test(size=(10, 6)) as pilot:
        view, scrollback = app.query_one(OutputView), Scrollback()
        view.show(scrollback)
        scrollback.feed("0123456789abcdefghij漢字漢字漢字\nend".encode())
        view.look()
        await pilot.pause()
        assert app.rows()[0] == "0123456789"
        view.set_wrap(True)
        await pilot.pause()
        assert app.rows()[:5] == ["0123456789", "abcdefghij", "漢字漢字漢", "字", "end"]


async def test_colours_are_kept_and_escapes_are_marked() -> None:
    app = Shown()
    async with app.run_test(size=(40, 3)) as pilot:
        view, scrollback = app.query_one(OutputView), Scrollback()
        view.show(scrollback)
        scrollback.feed(b"\x1b[31mred\x1b[0m \x1b]52;c;eA==\x07\n")
        view.look()
        await pilot.pause()
        assert "\x1b" not in app.rows()[0] and "red" in app.rows()[0]
        strip = app.screen._compositor.render_strips()[0]
        colours = {s.text: s.style.color for s in strip if s.style}
        assert colours["red"] is not None
