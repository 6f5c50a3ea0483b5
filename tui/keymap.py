"""Bindings from the one table of keys, and what an operator's keymap may change.

A screen or widget takes its bindings with `bindings`; help, palette and footer
read them off the screen, so that each key is declared once, in keys.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from tui.keys import KEYS, SCREENS, Key

if TYPE_CHECKING:
    from textual.binding import BindingType

__all__ = [
    "KEYS",
    "SCREENS",
    "Key",
    "bindings",
    "clashes",
    "keys_of",
    "shown",
    "unknown_ids",
]

_SIGNS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "full_stop": ".",
    "plus": "+",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "minus": "-",
    "exclamation_mark": "!",
}
_LONG = {sign: name for name, sign in _SIGNS.items()}
_SHOWN = _SIGNS | {
    "escape": "Esc",
    "enter": "Enter",
    "space": "space",
    "tab": "Tab",
    "backspace": "Backspace",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
}


@cache
def _bindings(groups: tuple[str, ...]) -> tuple[BindingType, ...]:
    from textual.binding import Binding

    return tuple(
        Binding(
            key.keys,
            key.action,
            key.help or key.label,
            show=bool(key.label),
            priority=key.priority,
            id=key.id,
            tooltip=key.label,
        )
        for group in groups
        for key in KEYS[group]
    )


def bindings(*groups: str) -> list[BindingType]:
    """Return Textual's bindings of *groups*, for the BINDINGS of a screen."""
    return list(_bindings(groups))


def keys_of(screen: str) -> tuple[Key, ...]:
    """Return all keys of a screen, in the order in which help tells them."""
    return tuple(key for group in SCREENS[screen] for key in KEYS[group])


def shown(keys: str) -> str:
    """Return the first of *keys* as people write it: ``?``, ``Ctrl-P``, ``Esc``."""
    name = _names(keys)[0]
    *modifiers, key = name.split("+")
    key = _SHOWN.get(key, key)
    if modifiers and len(key) == 1:
        key = key.upper()
    return "-".join([*(modifier.capitalize() for modifier in modifiers), key])


def unknown_ids(ids: Iterable[str]) -> list[str]:
    """Return one complaint for each of *ids* that no key has."""
    known = {key.id for keys in KEYS.values() for key in keys}
    complaints = []
    for name in ids:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            complaints.append(f"no key is called {name!r}{hint}")
    return complaints


def clashes(keymap: Mapping[str, str] | None = None) -> list[str]:
    """Return one complaint for each key with two meanings on one screen.

    Args:
        keymap: id to keys that replace those of the table.
    """
    complaints = {}
    for screen in SCREENS:
        meaning: dict[str, Key] = {}
        for key in keys_of(screen):
            for name in _names((keymap or {}).get(key.id, key.keys)):
                other = meaning.setdefault(name, key)
                if other.action != key.action:
                    complaints[name] = (
                        f"{shown(name)} would mean both {other.id} and {key.id}"
                    )
    return list(complaints.values())


def _names(keys: str) -> list[str]:
    """Return the keys by Textual's long names: ``question_mark``, not ``?``."""
    names = [key.strip() for key in keys.split(",")] if keys != "," else [keys]
    return [_LONG.get(name, name) for name in names]
