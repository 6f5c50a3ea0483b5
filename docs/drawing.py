"""Draws what a terminal shows as SVG, and as PNG where rsvg-convert is installed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyte
from rich.color import ColorTriplet
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme

COLOURS = "64"
"""Of a PNG: a screen has few, the rest are the edges of letters."""
ASPECT = 1200 / 1950
"""Width of Fira Code's letters to their height: rsvg-convert heeds no textLength."""
_CLIPPED = re.compile(r' clip-path="url\(#gonogo-line-\d+\)"')
_CLIPS = re.compile(r'<clipPath id="gonogo-line-\d+">.*?</clipPath>\s*', re.DOTALL)


def draw(screen: pyte.Screen, path: Path) -> None:
    """Write what *screen* shows as SVG, and beside it as PNG."""
    console = Console(
        record=True,
        width=screen.columns,
        file=io.StringIO(),
        color_system="truecolor",
    )
    console.print(Segments(_segments(screen)), end="")
    theme = _theme(screen)
    drawn = console.export_svg(
        title="gonogo", unique_id="gonogo", theme=theme, font_aspect_ratio=ASPECT
    )
    # A third of the size, and nothing is drawn beyond its line anyway.
    drawn = _CLIPS.sub("", _CLIPPED.sub("", drawn)).replace("&#160;", "\N{NBSP}")
    path.write_text(drawn)
    if convert := shutil.which("rsvg-convert"):
        png = path.with_suffix(".png")
        subprocess.run([convert, "--output", png, path], check=True)
        if quantise := shutil.which("pngquant"):
            options = ["--force", "--skip-if-larger", "--strip", "--nofs", COLOURS]
            subprocess.run([quantise, *options, "--output", png, png], check=True)


def _theme(screen: pyte.Screen) -> TerminalTheme:
    """Return the frame's colours: those of the screen's last line."""
    ground = _colour(screen.buffer[screen.lines - 1][0].bg)
    if not ground.startswith("#"):
        return SVG_EXPORT_THEME
    back = ColorTriplet(*bytes.fromhex(ground[1:]))
    dark = sum(back) < 3 * 128
    theme = TerminalTheme(tuple(back), (213, 216, 220) if dark else (40, 44, 52), [])
    theme.ansi_colors = SVG_EXPORT_THEME.ansi_colors
    return theme


def _segments(screen: pyte.Screen) -> Iterator[Segment]:
    """Yield the cells of *screen* as what Rich draws."""
    for y in range(screen.lines):
        cells = [screen.buffer[y][x] for x in range(screen.columns)]
        for style, alike in groupby(cells, key=_style):
            text = "".join(cell.data for cell in alike)
            # rsvg-convert drops spaces that a text begins with. Rich joins what has
            # the same style, and dim is not seen on a space.
            words = text.lstrip()
            yield Segment(" " * (len(text) - len(words)), style + Style(dim=True))
            yield Segment(words, style)
        yield Segment.line()


def _style(cell: pyte.screens.Char) -> Style:
    return Style(
        color=_colour(cell.fg),
        bgcolor=_colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        reverse=cell.reverse,
    )


def _colour(name: str) -> str:
    if len(name) == 6 and not set(name) - set("0123456789abcdef"):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name)
