"""What the terminal can do, decided before Textual is imported.

Textual reads its settings from the environment while it is imported, paints on
anything that is no terminal, and obeys variables that press keys. So the
environment is put in order here, first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

MIN_WIDTH, MIN_HEIGHT = 60, 16
"""Cells below which the screen says so instead of cutting what matters."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was found.

    Attributes:
        plain: why no screen can be shown, as the end of a sentence; "" if it can.
        ascii_only: the locale or the stream has nothing beyond ASCII.
        no_colour: the operator wants no colour (NO_COLOR).
        slow: few frames, 256 colours, nothing blinks.
    """

    plain: str = ""
    ascii_only: bool = False
    no_colour: bool = False
    slow: bool = False


def look(
    environ: Mapping[str, str] | None = None,
    *,
    slow_link: bool = False,
    reads: bool | None = None,
    writes: bool | None = None,
    encoding: str | None = None,
) -> Terminal:
    """Return what the terminal of this process can do; changes nothing.

    Args:
        slow_link: the operator said that the line is slow.
        reads, writes: standard input, standard error is a terminal; looked up
            when None, as is *encoding*, that of standard error.
    """
    env = os.environ if environ is None else environ
    return Terminal(
        plain=_plain(
            env,
            sys.stdin.isatty() if reads is None else reads,
            sys.stderr.isatty() if writes is None else writes,
        ),
        ascii_only=_is_ascii(env, encoding or sys.stderr.encoding or ""),
        no_colour=bool(env.get("NO_COLOR")),
        slow=slow_link,
    )


def prepare(
    terminal: Terminal, environ: MutableMapping[str, str] | None = None
) -> None:
    """Set the environment that Textual is imported in.

    Raises:
        RuntimeError: Textual is loaded already, so it would not be heeded.
    """
    env = os.environ if environ is None else environ
    if environ is None and "textual.constants" in sys.modules:
        raise RuntimeError("the terminal must be prepared before textual is imported")
    # TEXTUAL_PRESS presses keys, TEXTUAL_DRIVER and TEXTUAL_LOG load and write.
    for name in [name for name in env if name.startswith("TEXTUAL")]:
        del env[name]
    for name in ("COLUMNS", "LINES"):
        # Taken for the size, against what the terminal says: it never came to rest.
        env.pop(name, None)
    if not env.get("NO_COLOR"):
        # An empty value means colour (no-color.org); Textual takes it for "none".
        env.pop("NO_COLOR", None)
    env["TEXTUAL_ANIMATIONS"] = "none"
    if terminal.slow:
        env["TEXTUAL_FPS"] = "10"
        env["TEXTUAL_COLOR_SYSTEM"] = "256"


def too_small(width: int, height: int) -> str:
    """Return what to say about a terminal of this size in cells, "" if it will do."""
    if width >= MIN_WIDTH and height >= MIN_HEIGHT:
        return ""
    return (
        f"terminal is {width}x{height}; "
        f"gonogo needs {MIN_WIDTH}x{MIN_HEIGHT}: enlarge it"
    )


def _plain(env: Mapping[str, str], reads: bool, writes: bool) -> str:
    if not reads:
        return "standard input is not a terminal"
    if not writes:
        return "standard error, where the screen is drawn, is not a terminal"
    if (name := env.get("TERM", "")) in ("", "dumb", "unknown"):
        said = f"TERM={name}" if name else "TERM is not set"
        return f"{said}, so the terminal cannot place text"
    return ""


def _is_ascii(env: Mapping[str, str], encoding: str) -> bool:
    """Whether only ASCII comes out right.

    Python writes UTF-8 in the C locale too, so its encoding alone does not tell.
    With no locale at all (many containers) the terminal is taken for a modern one.
    """
    if encoding and encoding.lower().replace("-", "") not in ("utf8", "utf8sig"):
        return True
    names = (env.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "")
    return bool(locale) and "utf" not in locale.lower()
