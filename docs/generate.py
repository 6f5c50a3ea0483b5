"""Makes what the documentation shows: the pictures, and the table of keys.

The pictures are of gonogo itself, walking the shipped runbook against a deployment
of which only the API answers: keys are pressed, and what the terminal shows is drawn
as SVG, and as PNG where rsvg-convert is installed.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pyte
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from terminal import Terminal, gonogo  # noqa: E402

from tui.keymap import SCREENS, keys_of, shown  # noqa: E402

RUNBOOK = ROOT / "runbooks/documents/production-deployment.md"
PORT = 8000
PROFILE = f"""
[api]
url = "http://localhost:{PORT}"
host = "localhost"

[web]
url = "http://localhost:{PORT}"

[prometheus]
url = "http://localhost:9090"

[backups]
directory = "/var/backups/transcripts"

[facts]
platform = "docker"
"""
TYPED = (
    *("P", "g", "jjj", " ", "Docker host prod-3, see OPS-1240\r"),
    *(" ", "two GPUs, seen with rocm-smi, OPS-1241\r"),
    *("/", "API health\r", "n", "e", "\x01\x0b"),
    *(f"curl -s http://localhost:{PORT}/health\r", "\x12"),
    *("g", "/", "Database backups scheduled\r"),
)
"""What is typed before a picture is taken; after each item the screen comes to rest."""
PICTURES = {"runbook": (120, 40), "runbook-80x24": (80, 24)}
"""Name of a picture to columns and lines of its terminal."""


class Healthy(BaseHTTPRequestHandler):
    """The API of the deployment; whatever else is asked for is not there."""

    def do_GET(self) -> None:
        body = b'{"status": "healthy", "database": "ok", "queue": 3}\n'
        self.send_response(200 if self.path.startswith("/health") else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def deployment() -> Iterator[None]:
    """Serve the API while pictures are taken."""
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Healthy)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def take(columns: int, lines: int) -> pyte.Screen:
    """Walk the shipped runbook in a new home and return what the terminal shows."""
    screen = pyte.Screen(columns, lines)
    stream = pyte.ByteStream(screen)
    with TemporaryDirectory() as name:
        home = Path(name)
        profile = home / ".config/gonogo/targets/staging.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(PROFILE)
        argv = gonogo("open", str(RUNBOOK), "--target", "staging")
        with Terminal(argv, home, columns=columns, lines=lines) as terminal:
            terminal.until("Infrastructure")
            terminal.settle(1)
            for keys in TYPED:
                for key in keys:
                    terminal.press(key)
                terminal.settle(1)
            stream.feed(terminal.seen)
    return screen


def segments(screen: pyte.Screen) -> Iterator[Segment]:
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
    with deployment():
        for name, (columns, lines) in PICTURES.items():
            draw(take(columns, lines), ROOT / f"docs/pictures/{name}.svg")


def draw(screen: pyte.Screen, path: Path) -> None:
    """Write what *screen* shows as SVG, and beside it as PNG."""
    console = Console(
        record=True,
        width=screen.columns,
        file=io.StringIO(),
        color_system="truecolor",
    )
    console.print(Segments(segments(screen)), end="")
    path.write_text(console.export_svg(title="gonogo", unique_id="gonogo"))
    if convert := shutil.which("rsvg-convert"):
        png = path.with_suffix(".png")
        subprocess.run([convert, "--output", png, path], check=True)


if __name__ == "__main__":
    main()
