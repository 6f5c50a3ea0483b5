"""Characters that nobody sees or that a terminal obeys: marks on a screen."""

from __future__ import annotations

import re

# Ranges are those of Unicode 16: Cc, Cf, Cs, Zl, Zp, the fillers and selectors
# that show as nothing, and the noncharacters that terminals treat as they like.
_OF_ONE_PLANE = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
)
UNSEEN = (
    f"{_OF_ONE_PLANE}"
    "\U000110bd\U000110cd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""They, as the inside of a class of a regular expression."""
_ESCAPED = re.compile(f"[{_OF_ONE_PLANE}]")


def escaped(text: str) -> str:
    """Return JSON or the value of a TOML string with them as escapes.

    What is read from it stays the same. Those beyond the first plane stay as they
    are: JSON and TOML disagree on their escapes, and no terminal obeys one.
    """
    if text.isascii() and text.isprintable():
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
