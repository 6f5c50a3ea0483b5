"""The last look at all that is sent to the terminal: no sequence but our own.

What is shown is display text long before (`tui.display`), and a line of the screen is
looked at once more (`tui.line_filters`). This stands behind both, at the two places
where text becomes bytes: the screen's driver, and standard output and errors.
"""

from __future__ import annotations

import re
import sys
from io import TextIOWrapper

from tui.display import UNSAFE


def _foreign(sequences: str) -> re.Pattern[str]:
    """Return what finds a character that is unsafe by itself, or begins a sequence
    other than those."""
    return re.compile(rf"{UNSAFE.pattern}(?<!\n)(?!(?<=\x1b)\[(?:{sequences}))")


# Styles and the place of the cursor; modes and questions about them; kitty's keys.
_ON_SCREEN = _foreign(r"[0-9;]*[mH]|\?[0-9;]+(?:[hl]|\$p)|[<>=][0-9]*u")
_IN_TEXT = _foreign("[0-9;]*m")
# A copy for the clipboard, the shape of the pointer, the bell.
_ALONE = re.compile(r"(?:\x1b\](?:52;c;[A-Za-z0-9+/=]*|22;[a-z-]*))?\x07")


def ours(text: str) -> str:
    """Return *text* with what is not ours replaced; it never is, if all is well."""
    if _ALONE.fullmatch(text):
        return text
    return _ON_SCREEN.sub("\ufffd", text)


class Walled(TextIOWrapper):
    """Standard output or errors, whoever prints to it: ourselves, Python, a library.

    A stream that is not UTF-8 gets escapes, never a UnicodeEncodeError.
    """

    def __init__(self, stream: TextIOWrapper) -> None:
        super().__init__(
            stream.buffer,
            stream.encoding,
            "backslashreplace",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._stream = stream  # which would close both, if nobody had it any more

    def write(self, text: str) -> int:
        return super().write(_IN_TEXT.sub("\ufffd", text))


def wall_in() -> None:
    """Let everything that is printed from now on pass the wall."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # Not of a test that captures what is printed.
        if type(stream) is TextIOWrapper:
            setattr(sys, name, Walled(stream))
