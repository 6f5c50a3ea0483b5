"""What an interactive command printed, as text: read from its asciicast."""

from __future__ import annotations

import json
import re

_LAYOUT = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-ln-~]"  # CSI, all but colours
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles and the like
    r"|\x1b[()][0-9A-Z]|\x1b[=>78]"
)
"""Sequences that place text on a terminal; they mean nothing in lines of text."""


def printed(record: bytes) -> bytes:
    """Return the output in *record*, an asciicast or the end of one."""
    # The first line is the head, or one that was cut.
    text = "".join(map(_text, record.splitlines()[1:]))
    return _LAYOUT.sub("", text).encode("utf-8", "backslashreplace")


def _text(line: bytes) -> str:
    """The output in one line of the record; a line cut by a crash holds none."""
    try:
        match json.loads(line):
            case [_, "o", str(text)]:
                return text
    except ValueError:
        pass
    return ""
