"""Foreign text made safe to show: the one function for everything on the screen.

What a runbook, a cluster or a command says may hold escape sequences, direction
overrides or characters that nobody can see. Each becomes a visible mark, so that
the operator reads what is really there and the terminal obeys nobody but us.
Textual is imported only by what returns its types: the command line needs
`display_text` without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from runbooks.unseen import UNSEEN

if TYPE_CHECKING:
    from rich.style import Style
    from textual.content import Content
    from textual.strip import Strip

TAB = 8
"""Cells between tab stops, as terminals have them."""

_COMBINING = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff"
_COMBINING += "\u20d0-\u20ff\ufe20-\ufe2f"
UNSAFE = re.compile(f"[{UNSEEN}]")
"""A character that must never reach the terminal."""
_MARKED = re.compile(
    # One selector after a symbol only chooses between two drawings of it; terminals
    # disagree on the width of the pair, so the plain drawing is shown.
    rf"(?P<drawing>(?<=[\xa9\xae\u2000-\u3299\U0001f000-\U0001faff])"
    rf"[\ufe0e\ufe0f](?![\ufe00-\ufe0f]))"
    rf"|(?<=[{_COMBINING}]{{4}})(?P<pile>[{_COMBINING}]+)"
    rf"|(?P<unseen>[{UNSEEN}])"
)
_SGR = re.compile(r"\x1b\[(?P<codes>[0-9;:]{0,64})m|\x1b\[[012]?K")

_ascii = False


def use_ascii(only: bool = True) -> None:
    """Draw marks with ASCII characters alone, for a terminal that has no others."""
    global _ascii
    _ascii = only
    _mark.cache_clear()


def is_ascii() -> bool:
    """Whether the terminal shows ASCII characters only."""
    return _ascii


def display_text(text: str, *, lines: bool = False) -> str:
    """Return *text* with everything unseen or obeyed by terminals as visible marks.

    Tabs become spaces. The result never holds a character of `UNSAFE`, except
    newlines when asked for; it takes time linear in the size of *text*.

    Args:
        lines: keep newlines, for text that is shown on several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\t" in text:
        text = text.expandtabs(TAB)
    return _MARKED.sub(_visible_in_lines if lines else _visible, text)


def content(text: str, style: str = "", *, lines: bool = False) -> Content:
    """Return *text* as display text for a widget; markup in it is only text.

    Args:
        style: style of the whole, as Textual writes it (``"bold $error"``).
    """
    from textual.content import Content

    shown = display_text(text, lines=lines)
    return Content.styled(shown, style) if style else Content(shown)


def joined(*parts: Content, between: str = "") -> Content:
    """Return *parts* as one, with *between* them."""
    return content(between, lines=True).join(parts)


def strip(pieces: Iterable[tuple[str, Style]]) -> Strip:
    """Return one line as a widget paints it; its text becomes display text.

    Every piece needs a style: the filter for NO_COLOR reads it unasked.
    """
    from rich.segment import Segment
    from textual.strip import Strip

    return Strip([Segment(display_text(text), style) for text, style in pieces if text])


def sgr_spans(
    line: str, style: Style | None = None
) -> tuple[list[tuple[str, Style]], Style]:
    """Return one line of output as coloured display text, and the style it ends in.

    Colours, bold, dim, italic, underline, reverse and strike are taken from the
    line. Blinking and concealed text is shown plainly; "erase to the end of the
    line" is dropped, since a line that is only appended to has nothing there;
    every other sequence becomes a visible mark.

    Args:
        style: the style that the line before it ended in.
    """
    from rich.style import Style

    current = style or Style.null()
    spans: list[tuple[str, Style]] = []
    column = end = 0

    def show(text: str) -> None:
        nonlocal column
        if "\t" in text:
            text = (" " * (column % TAB) + text).expandtabs(TAB)[column % TAB :]
        shown = display_text(text)
        column += len(shown)
        spans.append((shown, current))

    for found in _SGR.finditer(line):
        if found.start() > end:
            show(line[end : found.start()])
        if (codes := found["codes"]) is not None:
            current = _coloured(codes, current)
        end = found.end()
    if end < len(line):
        show(line[end:])
    return spans, current


def _visible(found: re.Match[str]) -> str:
    if found["drawing"]:
        return ""
    if pile := found["pile"]:
        return f"<+{len(pile)}>" if _ascii else f"⟨+{len(pile)}⟩"
    return _mark(found[0])


def _visible_in_lines(found: re.Match[str]) -> str:
    return "\n" if found[0] == "\n" else _visible(found)


@lru_cache(1024)
def _mark(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        if _ascii:
            return "^" + chr(code ^ 0x40)
        return "\u2421" if code == 0x7F else chr(0x2400 + code)
    return f"<U+{code:04X}>" if _ascii else f"⟨U+{code:04X}⟩"


@lru_cache(2048)
def _coloured(codes: str, style: Style) -> Style:
    """Return *style* after the SGR parameters *codes* (at most 64 characters)."""
    from rich.ansi import SGR_STYLE_MAP
    from rich.color import Color
    from rich.style import Style

    # Longer numbers mean nothing, and int() refuses thousands of digits.
    numbers = [int(c[:4] or 0) for c in codes.replace(":", ";").split(";")]
    rest = iter(numbers)
    for number in rest:
        if number == 0:
            style = Style.null()
        elif number in (38, 48):
            kind = next(rest, 0)
            if kind == 5:
                colour = Color.from_ansi(min(255, next(rest, 0)))
            elif kind == 2:
                red, green, blue = (min(255, next(rest, 0)) for _ in range(3))
                colour = Color.from_rgb(red, green, blue)
            else:
                break
            style += Style(
                color=colour if number == 38 else None,
                bgcolor=colour if number == 48 else None,
            )
        elif number not in (5, 6, 8) and number in SGR_STYLE_MAP:
            style += Style.parse(SGR_STYLE_MAP[number])
    return style
