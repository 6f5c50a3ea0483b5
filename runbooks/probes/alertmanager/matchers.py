"""Matchers of labels, as routes and silences write them.

Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher. A label that
an alert has not counts as empty, and a regular expression has to match the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_MATCHER = re.compile(
    r"""\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>[^\s"{}!=~,]+))
    \s*(?P<operator>=~|!~|!=|=)\s*
    (?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>[^",]*?))\s*(?:,|$)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; the operator is ``=``, ``!=``, ``=~`` or ``!~``."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels meets it.

        Raises:
            ValueError: it holds no regular expression that can be read.
        """
        given = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (given == self.value) == (self.operator == "=")
        try:
            found = re.fullmatch(self.value, given)
        except re.error as error:
            raise ValueError(f"{self} holds no regular expression") from error
        return bool(found) == (self.operator == "=~")


def all_hold(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(each.holds(labels) for each in matchers)


def read(text: str) -> Iterator[Matcher]:
    """Yield the matchers of a text such as ``severity=~"critical|page"``.

    Raises:
        ValueError: it is none.
    """
    rest = text.strip()
    if rest.startswith("{") and rest.endswith("}"):
        rest = rest[1:-1]
    at = 0
    while at < len(rest):
        found = _MATCHER.match(rest, at)
        if not found:
            raise ValueError(f"{text!r} is no matcher")
        name = found["name"] or _unescaped(found["quoted"])
        value = found["bare"] if found["text"] is None else _unescaped(found["text"])
        yield Matcher(name, found["operator"], value)
        at = found.end()


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL
    )
