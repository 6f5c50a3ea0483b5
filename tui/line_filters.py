"""The last look at every line before it becomes bytes for the terminal."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.display import UNSAFE, is_ascii

_DRAWN = {
    "+": "╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝┏┓┗┛",
    "-": "─━═╌▔▁–—",
    "|": "│┃║▏▕▎▊",
    "#": "█▇▆▅▄▃▂▀▌▐",
    ".": "░▒▓·",
    ">": "▸▶⟩❯",
    "<": "◂◀⟨❮",
    "~": "…",
    "x": "✗✕❌",
    "v": "✓✔✅▾▼",
    "'": "‘’",
    '"': "“”",
    " ": "\xa0",
}
_ASCII = {ord(drawn): sign for sign, all in _DRAWN.items() for drawn in all}


class Sanitize(LineFilter):
    """The second wall: what passed `display_text` by is stopped at the line."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        search = UNSAFE.search
        if not any(search(segment.text) for segment in segments):
            return segments
        clean = [
            Segment(UNSAFE.sub("\ufffd", text), style, control)
            for text, style, control in segments
        ]
        # A mark is wider than what it stands for: the line keeps its length.
        length = Segment.get_line_length(segments)
        return Segment.adjust_line_length(clean, length)


class AsciiOnly(LineFilter):
    """Draws frames and letters that the terminal lacks with what it has."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if not is_ascii() or all(segment.text.isascii() for segment in segments):
            return segments
        return [
            Segment("".join(map(_ascii, text.translate(_ASCII))), style, control)
            for text, style, control in segments
        ]


def _ascii(character: str) -> str:
    return character if character.isascii() else "?" * cell_len(character)
