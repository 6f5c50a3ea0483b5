"""Makes what the documentation shows: the pictures, and the table of keys.

The pictures are of gonogo itself, walking the shipped runbook against a rehearsal:
keys are pressed, Redis is stopped, and what the terminal shows is drawn.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pyte

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench"), str(ROOT / "docs")]

from drawing import draw  # noqa: E402
from terminal import Terminal, gonogo  # noqa: E402

from runbooks.rehearsal import Deployment, monitoring, start, traffic  # noqa: E402
from tui.keymap import SCREENS, keys_of, shown  # noqa: E402

RUNBOOK = ROOT / "runbooks/documents/production-deployment.md"
PICTURES = ROOT / "docs/pictures"
SIZES = {"120x40": (120, 40), "80x24": (80, 24)}
THEMES = {"dark": "gonogo", "light": "catppuccin-latte"}
SCENES = {
    "healthy": "A healthy deployment: only people's answers are missing.",
    "fault": "Redis has been stopped: what blocks is said at the top.",
    "failing": "A step that fails: what was read, what was expected, what to do.",
    "dialog": "A command that changes something: one question before it starts.",
}
"""Name of a picture to what it shows."""
FIRST = "WAL archiving enabled"
FAILS = "REDIS_URL configured"
CHANGES = "rollout restart deployment/transcript-api"
PACE = 1.0
"""Seconds without a change after which the screen has come to rest."""


def rested(deployment: Deployment) -> None:
    """Start the API anew: it counts how often it is asked in a minute."""
    deployment.stop_part("api")
    deployment.start_part("api")
    asyncio.run(traffic.browse(deployment.layout))
    if "prometheus" in deployment.running:
        asyncio.run(monitoring.watching(deployment.layout))


def take(
    deployment: Deployment, theme: str, columns: int, lines: int
) -> Iterator[tuple[str, pyte.Screen]]:
    """Walk the runbook in a new home; yield each scene and what the terminal shows."""
    rested(deployment)
    # Commands start in it, and dialogs say where: not a name made up each time.
    home = deployment.directory / "ada"
    config = home / ".config/gonogo/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'theme = "{theme}"\nname = "ada"\n')
    authority = deployment.directory / "tls/ca.pem"
    asked = f"curl -si --cacert {authority} {deployment.url('api')}/ready"
    argv = gonogo("open", str(RUNBOOK), "--target", str(deployment.profile))
    with Terminal(argv, home, columns=columns, lines=lines) as terminal:
        walk = Walk(terminal, columns, lines)
        terminal.until("only people are waited for")
        walk.find("curl https")
        walk.type("e", "\x01\x0b", asked, "\x12")
        terminal.until("exit 0")
        walk.find(FIRST)
        yield "healthy", walk.seen()
        rested(deployment)
        deployment.stop_part("redis")
        walk.find(FAILS)
        walk.type("P")
        terminal.until("no connection")
        yield "fault", walk.seen()
        walk.find("Redis cache")
        yield "failing", walk.seen()
        walk.find(CHANGES)
        walk.type("r")
        yield "dialog", walk.seen()
    deployment.start_part("redis")
    shutil.rmtree(home)


class Walk:
    """Keys pressed one after the other, and what stands on the screen then."""

    def __init__(self, terminal: Terminal, columns: int, lines: int) -> None:
        self._terminal = terminal
        self._size = (columns, lines)

    def type(self, *texts: str) -> None:
        """Press the keys of each text, once the screen has come to rest."""
        for text in texts:
            self._terminal.settle(PACE)
            for key in text:
                self._terminal.press(key)

    def find(self, text: str) -> None:
        self.type("/", text, "\r")

    def seen(self) -> pyte.Screen:
        self._terminal.settle(2 * PACE)
        screen = pyte.Screen(*self._size)
        pyte.ByteStream(screen).feed(self._terminal.seen)
        return screen


def pictures_page() -> str:
    """Return docs/pictures.md."""
    lines = ["# Pictures", "", "Of a rehearsal (`gonogo rehearse`), made by"]
    lines += ["`make screenshots`, each as SVG and as PNG."]
    for scene, text in SCENES.items():
        lines += ["", f"## {text}", "", "| | dark | light |", "|---|---|---|"]
        for size in SIZES:
            cells = []
            for theme in THEMES:
                place = f"pictures/{scene}-{size}-{theme}"
                cells.append(f"[SVG]({place}.svg), [PNG]({place}.png)")
            lines.append(f"| {size} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


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
    (ROOT / "docs/pictures.md").write_text(pictures_page())
    shutil.rmtree(PICTURES)
    PICTURES.mkdir()
    # A name that is the same each time, since some steps tell where they looked.
    with start(Path(gettempdir(), "rehearsal")) as deployment:
        for size, (columns, lines) in SIZES.items():
            for look, theme in THEMES.items():
                for scene, screen in take(deployment, theme, columns, lines):
                    draw(screen, PICTURES / f"{scene}-{size}-{look}.svg")


if __name__ == "__main__":
    main()
