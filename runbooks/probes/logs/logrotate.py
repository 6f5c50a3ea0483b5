"""The rules of logrotate(8), as far as they say how much is kept."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

_PERIODS = {"hourly": 1 / 24, "daily": 1.0, "weekly": 7.0, "monthly": 30.0}
_PERIODS["yearly"] = 365.0
_SCRIPTS = {"postrotate", "prerotate", "firstaction", "lastaction", "preremove"}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with files.

    Attributes:
        patterns: of their paths.
        settings: the directives, with their argument or "".
        period: days between rotations, where sizes do not decide.
    """

    patterns: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)
    period: float = 7.0

    def __str__(self) -> str:
        wanted = ("rotate", "maxage", "size", "maxsize")
        said = [f"{key} {self.settings[key]}" for key in wanted if key in self.settings]
        names = {days: name for name, days in _PERIODS.items()}
        if "size" not in self.settings:
            said.insert(0, names[self.period])
        return ", ".join(said)

    def covers(self, path: Path) -> bool:
        return any(
            fnmatchcase(str(path), pattern)
            and len(Path(pattern).parts) == len(path.parts)
            for pattern in self.patterns
        )

    @property
    def limits(self) -> bool:
        """Whether old files go; 0 of them are kept where nobody says how many."""
        return self._number("rotate", 0) >= 0 or self._number("maxage", -1) >= 0

    @property
    def days(self) -> float | None:
        """How long lines are kept, None where only sizes decide."""
        found = []
        if "size" not in self.settings and (kept := self._number("rotate", 0)) >= 0:
            found.append(kept * self.period)
        if (oldest := self._number("maxage", -1)) >= 0:
            found.append(float(oldest))
        return min(found, default=None)

    def _number(self, name: str, without: int) -> int:
        try:
            return int(self.settings.get(name, without))
        except ValueError:
            return without


def rules(configurations: Iterable[str]) -> list[Rule]:
    """Return the rules of all files; what stands outside of rules is for those after.

    Args:
        configurations: contents, in the order in which logrotate reads them.
    """
    found: list[Rule] = []
    general: dict[str, str] = {}
    period = 7.0
    for text in configurations:
        inside: Rule | None = None
        pending: list[str] = []
        for word, rest in _directives(text):
            if word == "{":
                inside = Rule(tuple(pending), dict(general), period)
                pending = []
            elif word == "}":
                if inside:
                    found.append(inside)
                inside = None
            elif word.startswith(("/", "~", '"')):
                pending += [str(Path(each).expanduser()) for each in (word, *rest)]
            elif inside is None:
                period = _PERIODS.get(word, period)
                general[word] = rest[0] if rest else ""
            else:
                if word in _PERIODS:
                    inside = Rule(inside.patterns, inside.settings, _PERIODS[word])
                inside.settings[word] = rest[0] if rest else ""
    return found


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each directive with its arguments, braces for themselves."""
    script = False
    for line in text.splitlines():
        line = line.strip()
        if script or line in _SCRIPTS:
            script = line != "endscript"
            continue
        try:
            words = shlex.split(line.replace("=", " "), comments=True)
        except ValueError:
            continue
        while "{" in words:
            at = words.index("{")
            if words[:at]:
                yield words[0], words[1:at]
            yield "{", []
            words = words[at + 1 :]
        closes = "}" in words
        words = [word for word in words if word != "}"]
        if words:
            yield words[0], words[1:]
        if closes:
            yield "}", []
