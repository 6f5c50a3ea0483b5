"""The modes of a terminal: what is sent so that it is as a shell expects it."""

from __future__ import annotations

# CAN ends a sequence that a frame may have been cut in; then the end of a
# synchronised frame, keys as usual (kitty's, cursor, keypad), no mouse, attributes.
_NO_LEFTOVERS = (
    b"\x18\x1b[?2026l\x1b[<u\x1b[?1l\x1b>"
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[0m"
)

BEGIN = _NO_LEFTOVERS
"""Sent before a screen: what a killed program may have left set and a screen does not
set itself."""

RESTORE = (
    _NO_LEFTOVERS + b"\x1b[?7h\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?1049l\x1b[?25h"
)
"""Sent after a screen that could not end by itself. Besides: line wrap, no reports of
paste, focus and size, the main screen, the cursor."""
