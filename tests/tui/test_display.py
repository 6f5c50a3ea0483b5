"""Foreign text on the screen: shown, never obeyed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.hostile import MARK, SEQUENCES, P, hostile
from tests.tui.terminals import terminal
from tui.display import UNSAFE, content, display_text, sgr_spans, use_ascii

ANY = st.text(st.characters() | st.sampled_from("\x1b[]m;0138\t\n\u202e\ufe0f\u0301"))
SIZE = 100_000


@pytest.fixture
def ascii_terminal() -> Iterator[None]:
    use_ascii()
    yield
    use_ascii(False)


@pytest.mark.parametrize("name", SEQUENCES)
def test_hostile_text_becomes_marks(name: str) -> None:
    text, raw = hostile(name, "TAG")
    shown = display_text(text)
    assert not UNSAFE.search(shown)
    assert raw not in shown.encode() and "TAG" in shown
    assert len(shown) >= len(text), "nothing of it is hidden"


def test_marks_are_readable() -> None:
    assert display_text("a\x1b[2J\x07\x7f\x9b\u202e") == "a␛[2J␇␡⟨U+009B⟩⟨U+202E⟩"
    assert display_text("\ud800\U000e0041\u200b") == "⟨U+D800⟩⟨U+E0041⟩⟨U+200B⟩"


def test_marks_on_an_ascii_terminal(ascii_terminal: None) -> None:
    assert display_text("\x1b\x07\x7f\u202e") == "^[^G^?<U+202E>"


def test_newlines_only_where_asked_for() -> None:
    assert display_text("a\nb\r\n") == "a␊b␍␊"
    assert display_text("a\nb", lines=True) == "a\nb"
    assert display_text("ab\tc") == "ab      c"


def test_one_selector_is_dropped_and_a_pile_is_counted() -> None:
    assert display_text("⚠\ufe0f ok") == "⚠ ok"
    assert "⟨U+FE0F⟩" in display_text("a\ufe0f")
    assert "⟨U+FE0F⟩" in display_text("⚠\ufe0f\ufe0f")
    assert display_text("e" + "\u0301" * 30 + "x") == "e" + "\u0301" * 4 + "⟨+26⟩x"


def test_ordinary_text_is_left_alone() -> None:
    text = "Größe 日本語 🚀 naïve [x] `code` \\ ─ ✓"
    assert display_text(text) == text


@pytest.mark.parametrize("text", MARK)
def test_markup_is_only_text(text: str) -> None:
    assert content(text, "bold").plain == display_text(text)


@given(ANY)
def test_nothing_unsafe_comes_out(text: str) -> None:
    assert not UNSAFE.search(display_text(text))
    assert not UNSAFE.search(display_text(text, lines=True).replace("\n", ""))
    for shown, style in sgr_spans(text)[0]:
        assert not UNSAFE.search(shown)
        assert not (style.blink or style.blink2 or style.conceal)
    for character in display_text(text):
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")


def test_colours_of_output_are_kept() -> None:
    spans, after = sgr_spans("plain \x1b[1;31mred\x1b[0m \x1b[38;5;300;4mx")
    assert [text for text, _ in spans] == ["plain ", "red", " ", "x"]
    assert spans[1][1].bold and spans[1][1].color is not None
    assert spans[2][1].color is None
    assert spans[3][1].underline and spans[3][1].color is not None
    assert sgr_spans("next", after)[0][0][1] == after, "the style goes on"


def test_blink_and_conceal_are_not_obeyed() -> None:
    (text, style), *_ = sgr_spans("\x1b[5;6;8mhidden")[0]
    assert text == "hidden" and not style.conceal and not style.blink


def test_other_sequences_of_output_are_marked() -> None:
    spans, _ = sgr_spans("a\x1b[3A\x1b]52;c;eA==\x07b\x1b[K")
    assert "".join(text for text, _ in spans) == "a␛[3A␛]52;c;eA==␇b"


def test_tabs_of_output_stop_where_they_should() -> None:
    spans, _ = sgr_spans("ab\x1b[31mc\td")
    assert "".join(text for text, _ in spans) == "abc     d"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[" * SIZE,
        "\x1b]" * SIZE,
        "\x1b[31m" * SIZE,
        "\x1b[" + "9" * SIZE + "m",
        "\x1b[38;2" * SIZE,
        "\u0301" * SIZE,
        "⚠" + "\ufe0f" * SIZE,
        "\t" * SIZE,
        "\u202e" * SIZE,
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_hostile_size_is_no_trouble(text: str) -> None:
    # A quadratic pattern would take minutes here and meet the suite's time limit.
    assert display_text(text)
    assert sgr_spans(text)


SHOWS_HOSTILE_TEXT = """
import json, sys
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Label, Static
from tui.app import GonogoApp
from tui.display import content

texts = json.loads(open(sys.argv[1]).read())

class Hostile(Screen):
    CSS = ".box { border: round white; height: 3; }"
    def compose(self):
        for text in texts:
            box = Static(content(text), classes="box")
            box.border_title = content(text)
            yield box
            yield Input(text, compact=True)
            yield Label(text, markup=False)
    def on_mount(self):
        self.app.title = texts[0]
        for text in texts[:2]:
            self.app.notify(text, title=text)
        self.set_timer(0.4, self.done)
    def done(self):
        self.mount(Static("ALL SHOWN"), before=0)

GonogoApp(Hostile).run_on_terminal(lambda: None)
"""


def test_no_widget_passes_hostile_bytes_to_the_terminal(tmp_path: Path) -> None:
    """Static, border, toast through the first wall; Input, Label by the second."""
    names = list(P)
    for start in range(0, len(names), 4):
        some = names[start : start + 4]
        listed = tmp_path / "texts.json"
        listed.write_text(json.dumps([P[name][0] for name in some]))
        program = f"import sys; sys.argv[1:] = [{str(listed)!r}]\n{SHOWS_HOSTILE_TEXT}"
        with terminal(program, tmp_path) as shown:
            shown.until(b"ALL SHOWN")
            shown.type(b"\x11")  # Ctrl-Q
            shown.ended()
        for name in some:
            for raw in P[name][1]:
                assert raw not in shown.seen, name


def test_an_ascii_terminal_gets_ascii_alone(tmp_path: Path) -> None:
    program = """
from textual.screen import Screen
from textual.widgets import Input, Static
from tui.app import GonogoApp
from tui.display import content, use_ascii
use_ascii()
class Drawn(Screen):
    CSS = "Static { border: round white; }"
    def compose(self):
        yield Static(content("✓ Größe 日本語 END"))
        yield Input("🚀")
GonogoApp(Drawn).run_on_terminal(lambda: None)
"""
    with terminal(program, tmp_path, {"LC_ALL": "C"}) as shown:
        shown.until(b"v Gr??e ?????? END")
        shown.until(b"--------")
        shown.type(b"\x11")
        assert shown.ended() == 0
    assert shown.seen.isascii()
