"""C21: the working directory and the environment have no say in what gonogo loads.

It is started in a directory that shadows its modules, with a PYTHONPATH that leads
there, and with every variable that Textual reads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import pyte
import pytest
import textual

from tests.torture.results import ROOT, counted, result, size
from tests.tui.terminals import terminal

pytestmark = pytest.mark.timeout(300)
PACKAGES = Path(textual.__file__).parents[1]
SHADOWED = (
    *("ahocorasick_rs", "asyncpg", "click", "cryptography", "dns", "docker", "httpx"),
    *("markdown_it", "msgspec", "redis", "rich", "textual", "tomlkit", "tree_sitter"),
    *("asyncio", "concurrent", "copy", "dataclasses", "datetime", "difflib", "errno"),
    *("gc", "grp", "gzip", "hashlib", "inspect", "json", "logging", "pathlib", "pwd"),
    *("random", "resource", "shlex", "shutil", "socket", "ssl", "subprocess"),
    *("tempfile", "termios", "threading", "tomllib", "tty", "urllib", "uuid", "yaml"),
)
"""What gonogo loads."""
BEFORE = (
    *("collections", "contextlib", "encodings", "enum", "functools", "keyword", "re"),
    *("runbooks", "runpy", "sitecustomize", "state", "tui", "types", "usercustomize"),
)
"""What Python or a script of an installer loads, before any of gonogo runs."""
VERBS = (
    ["show", "book.md"],
    ["lint", "book.md"],
    ["trust", "--yes", "book.md"],
    ["check", "book.md"],
    ["plan", "book.md"],
    ["decide", "book.md", "a", "pass"],
    ["status", "book.md"],
    ["runs"],
    ["probes"],
    ["book.md"],
)
PYTHONPATHS = ("", ":", "{root}:", ".", "./", "{here}", ":{root}:.:")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory whose modules leave a file when they are imported."""
    place = tmp_path / "checkout"
    place.mkdir()
    (place / "book.md").write_text(
        "# T\n\n- [ ] a\n\n```bash\nls\n```\n\n<http://x.y/>\n"
    )
    (place / "book.md").chmod(0o600)
    return place


def shadow(here: Path, names: tuple[str, ...]) -> None:
    for name in names:
        text = f"open({str(here)!r} + '/FOREIGN-{name}', 'w').close()\n"
        (here / f"{name}.py").write_text(text)


def foreign(here: Path) -> list[str]:
    return sorted(path.name for path in here.glob("FOREIGN-*"))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The command as it is installed: in an environment with a Python beside it."""
    place = tmp_path / "venv"
    library = place / f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    (library / "site-packages").mkdir(parents=True)
    (place / "bin").mkdir()
    python = Path(sys.executable).resolve()
    (place / "bin/python").symlink_to(python)
    config = f"home = {python.parent}\ninclude-system-site-packages = false\n"
    (place / "pyvenv.cfg").write_text(config)
    paths = f"{ROOT}\n{PACKAGES}\n"
    (library / "site-packages/gonogo.pth").write_text(paths)
    shutil.copy(ROOT / "bin/gonogo", place / "bin/gonogo")
    (tmp_path / "gonogo").symlink_to(place / "bin/gonogo")
    return tmp_path / "gonogo"


def environment(here: Path, path: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XDG_"))}
    named = path.format(root=ROOT, here=here)
    return {**kept, "HOME": str(here.parent / "home"), "PYTHONPATH": named}


def run(words: list[str], here: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=here,
        env=environment(here, path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def starts() -> Iterator[tuple[list[str], str]]:
    """Every verb with every path; a sample has each of both once."""
    for number in range(size(len(VERBS) * len(PYTHONPATHS), len(PYTHONPATHS))):
        turn = number // len(PYTHONPATHS)
        yield (
            VERBS[(number + turn) % len(VERBS)],
            PYTHONPATHS[number % len(PYTHONPATHS)],
        )


def test_the_installed_command_loads_nothing_foreign(
    here: Path, installed: Path
) -> None:
    counted("shadowed_modules", len(SHADOWED + BEFORE))
    shadow(here, SHADOWED + BEFORE)
    done = [run([str(installed), *verb], here, path) for verb, path in starts()]
    broken = [each.stderr for each in done if each.returncode not in (0, 2, 4)]
    assert not broken and any("1 task item" in each.stdout for each in done)
    found = foreign(here)
    result(
        "C21",
        "C21",
        f"gonogo as installed, {len(done)} starts among {len(SHADOWED + BEFORE)} "
        "shadowed modules, PYTHONPATH empty, relative, or leading there",
        "no foreign module",
        f"{len(found)} {found[:3]}",
        not found,
    )


def test_the_package_run_as_a_module_loads_nothing_foreign(
    here: Path, installed: Path
) -> None:
    """What Python loads itself for ``-m`` is beyond it; what gonogo loads is not."""
    shadow(here, SHADOWED)
    words = [str(installed.resolve().with_name("python")), "-m", "tui"]
    paths = ["", *(path for path in PYTHONPATHS if "{root}" in path)]
    verbs = VERBS[: size(len(VERBS), 3)]
    done = [run([*words, *verb], here, path) for path in paths for verb in verbs]
    assert any("1 task item" in each.stdout for each in done), done[0].stderr
    found = foreign(here)
    result(
        "C21",
        "C21",
        f"python -m tui, {len(done)} starts among {len(SHADOWED)} shadowed modules",
        "no foreign module",
        f"{len(found)} {found[:3]}",
        not found,
    )


def test_what_an_installer_makes_of_an_entry_point_is_caught(here: Path) -> None:
    """The naive twin."""
    shadow(here, ("re", "sitecustomize", "tui"))
    code = "import sys, re; from tui.__main__ import main; sys.exit(main())"
    run([sys.executable, "-P", "-c", code, "show", "book.md"], here, ":")
    assert foreign(here) == ["FOREIGN-re", "FOREIGN-sitecustomize", "FOREIGN-tui"]


# ---------------------------------------------------------------- TEXTUAL_*

READ = re.compile(r"""["'](TEXTUAL(?:_[A-Z_]+)?)["']""")
HOSTILE = {
    "TEXTUAL": "debug,devtools,headless",
    "TEXTUAL_PRESS": "question_mark,r,y,q",
    "TEXTUAL_DRIVER": "foreign_driver:Driver",
    "TEXTUAL_LOG": "{here}/LOG",
    "TEXTUAL_SCREENSHOT": "1",
    "TEXTUAL_SCREENSHOT_LOCATION": "{here}",
    "TEXTUAL_SCREENSHOT_FILENAME": "SHOT.svg",
    "TEXTUAL_FILTERS": "monochrome",
    "TEXTUAL_THEME": "textual-light",
    "TEXTUAL_COLOR_SYSTEM": "standard",
    "TEXTUAL_ANIMATIONS": "full",
    "TEXTUAL_FPS": "1",
    "TEXTUAL_SPEEDUPS": "0",
}
"""Values that would do something; all others are set to 1."""


def variables() -> set[str]:
    """Return every variable of its own that the installed Textual reads."""
    sources = (PACKAGES / "textual").rglob("*.py")
    found = {name for path in sources for name in READ.findall(path.read_text())}
    return found - {"TEXTUAL_MD"}


def screen(
    installed: Path, here: Path, home: Path, more: Mapping[str, str]
) -> list[str]:
    """Open the runbook, wait until it has come to rest, and return what is shown."""
    home.mkdir()
    program = (
        f"import os; os.chdir({str(here)!r}); os.environ['PYTHONPATH'] = ':'\n"
        f"os.execv({str(installed)!r}, ['gonogo', 'book.md'])"
    )
    shown = pyte.Screen(80, 24)
    stream = pyte.ByteStream(shown)
    with terminal(program, home, {"TEXTUAL_ANIMATIONS": None, **more}) as running:
        running.until(lambda: b" T" in running.seen or b"book" in running.seen)
        quiet = 0
        while quiet < 8:  # a second and a half, in which a key would be pressed
            quiet = 0 if running.read(0.2) else quiet + 1
        assert running.process.poll() is None, (
            "it was left by a key that nobody pressed"
        )
        stream.feed(running.seen)
    return [re.sub(r"\d\d:\d\dZ", "", line).rstrip() for line in shown.display]


def test_no_variable_of_textual_changes_what_is_shown(
    here: Path, installed: Path, tmp_path: Path
) -> None:
    names = variables()
    assert set(HOSTILE) <= names
    counted("textual_variables", len(names))
    hostile = {name: HOSTILE.get(name, "1").format(here=here) for name in names}
    browser = here / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {here}/FOREIGN-browser\n")
    browser.chmod(0o755)
    hostile["BROWSER"] = str(browser)
    shadow(here, ("foreign_driver", "webbrowser"))
    plain = screen(installed, here, tmp_path / "plain", {})
    changed = screen(installed, here, tmp_path / "hostile", hostile)
    left = foreign(here) + [p.name for p in here.glob("LOG")] + [*here.glob("*.svg")]
    result(
        "C21",
        "C21",
        f"all {len(names)} variables that Textual reads, and BROWSER",
        "the same screen, no file, no key",
        f"{sum(map(str.__ne__, plain, changed))} other lines, {len(left)} files",
        plain == changed and not left,
    )


OPENS = """
import sys
sys.path[:0] = [{root!r}]
from tui.terminal import look, prepare
if {ours}:
    prepare(look())
from textual.app import App
from textual.screen import Screen
from tui.app import GonogoApp
Base = GonogoApp if {ours} else App
class Opens(Base):
    def on_ready(self):
        self.open_url("https://attacker.example/")
        self.set_timer(0.5, self.exit)
app = Opens(Screen) if {ours} else Opens()
app.run()
"""


@pytest.mark.parametrize("ours", [True, False])
def test_a_link_opens_no_browser(here: Path, tmp_path: Path, ours: bool) -> None:
    """In Textual as it comes, the naive twin, it does; keys pressed by it as well."""
    browser = here / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {here}/FOREIGN-browser\n")
    browser.chmod(0o755)
    program = OPENS.format(root=str(ROOT), ours=ours)
    with terminal(program, tmp_path, {"BROWSER": str(browser)}) as running:
        running.ended()
    assert foreign(here) == ([] if ours else ["FOREIGN-browser"])


PRESSED = """
from textual.app import App
class Pressed(App):
    BINDINGS = [("y", "exit_with(7)")]
    def action_exit_with(self, code):
        self.exit(return_code=code)
    def on_ready(self):
        self.set_timer(5, self.exit)
app = Pressed()
app.run()
import sys
sys.exit(app.return_code)
"""


def test_textual_as_it_comes_presses_keys(tmp_path: Path) -> None:
    """The naive twin of the variables."""
    with terminal(PRESSED, tmp_path, {"TEXTUAL_PRESS": "y"}) as running:
        assert running.ended() == 7


def test_all_ways_of_starting_are_among_the_starts() -> None:
    begun = list(islice(starts(), len(PYTHONPATHS)))
    assert {path for _, path in begun} == set(PYTHONPATHS)
