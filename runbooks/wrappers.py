"""Commands that run another, looked through."""

from __future__ import annotations

from runbooks.words import Simple

_WRAPPERS = {
    "time": ("p", ""),
    "command": ("p", ""),
    "nice": ("", "n"),
    "timeout": ("", "ks"),
    "env": ("", ""),
}
"""Commands that run another: letters of their options, of those with a value."""


def unwrapped(simple: Simple) -> tuple[Simple, bool]:
    """Return the command that wrappers such as `timeout` run, and "it ends by itself".

    A wrapper with options that are not known here is returned as it is.
    """
    limited = simple.cut_short
    while simple.name in _WRAPPERS and len(simple.words) > 1:
        name, words, assigned = simple.name, list(simple.arguments), simple.assigned
        flags, takes = _WRAPPERS[name]
        while words and words[0].is_option:
            option = words.pop(0).text
            if len(option) == 2 and option[1] in takes and words:
                words.pop(0)
            elif len(option) != 2 or option[1] not in flags:
                return simple, limited
        if name == "timeout":
            limited = True
            del words[:1]
        while name == "env" and words and "=" in words[0].start:
            assigned += (words.pop(0).start.partition("=")[0],)
        if not words:
            return simple, limited
        simple = Simple(tuple(words), assigned, simple.has_input)
    return simple, limited
