"""Makes what the documentation shows: the pictures, and the table of keys.

The pictures are of gonogo itself, walking the shipped runbook in a terminal of
120x36 cells: keys are pressed, and what the terminal shows is drawn as SVG.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from terminal import Terminal, gonogo  # noqa: E402

from tui.keymap import SCREENS, keys_of, shown  # noqa: E402

COLUMNS, LINES = 120, 36
RUNBOOK = ROOT / "runbooks/documents/production-deployment.md"
PICTURES = {
    "runbook.svg": ["j", "j", " ", "GPU nodes are labelled, see OPS-1240\r", "jj"],
}
"""File to what is typed before the picture is taken."""


def take(typed: list[str]) -> pyte.Screen:
    """Walk the shipped runbook in a new home and return what the terminal shows."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    with (
        TemporaryDirectory() as home,
        Terminal(
            gonogo(str(RUNBOOK)), Path(home), columns=COLUMNS, lines=LINES
        ) as terminal,
    ):
        terminal.until("Infrastructure")
        terminal.settle(1)
        for keys in typed:
            for key in keys:
                terminal.press(key)
            terminal.settle(0.4)
        stream.feed(terminal.seen)
    return screen


def segments(screen: pyte.Screen) -> Iterator[Segment]:
    """Yield the cells of *screen* as what Rich draws."""
    for y in range(screen.lines):
        cells = [screen.buffer[y][x] for x in range(screen.columns)]
        for style, alike in groupby(cells, key=_style):
            yield Segment("".join(cell.data for cell in alike), style)
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


def keys_table() -> str:
    """Return docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "`?` shows them on every screen, `:` finds them by name. Each can be changed",
        "in `~/.config/gonogo/config.toml`, by the name in the last column:",
        "",
        "```toml",
        "[keymap]",
        '"step.pass" = "space,enter"',
        "```",
    ]
    for screen in SCREENS:
        lines += ["", f"## {screen.capitalize()}", "", "| key | does | name |"]
        lines.append("|---|---|---|")
        for key in keys_of(screen):
            what = key.help or key.label
            names = " ".join(f"`{shown(name)}`" for name in key.keys.split(","))
            lines.append(f"| {names} | {what} | {key.id} |".replace("`|`", "`\\|`"))
    return "\n".join(lines) + "\n"


def main() -> None:
    (ROOT / "docs/keys.md").write_text(keys_table())
    for name, typed in PICTURES.items():
        screen = take(typed)
        console = Console(
            record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor"
        )
        console.print(Segments(segments(screen)), end="")
        svg = console.export_svg(title="gonogo", unique_id="gonogo")
        (ROOT / "docs/pictures" / name).write_text(svg)


if __name__ == "__main__":
    main()
