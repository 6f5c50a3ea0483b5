"""The signs of the screen: one shape for each standing, with an ASCII fallback.

A sign never relies on colour, so the same screen reads over a slow serial line,
with NO_COLOR and to eyes that see no red.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbooks.tables import Severity
from state.standing import Standing
from tui.display import is_ascii


@dataclass(frozen=True, slots=True)
class Signs:
    """Characters of one cell each, but for those that say otherwise."""

    standing: Mapping[Standing, str]
    cursor: str
    mark: str
    unfolded: str
    folded: str
    part: str
    rule: str
    full: str
    empty: str
    cut: str
    dot: str
    bars: str


UNICODE = Signs(
    standing={
        Standing.IN_DOUBT: "‼",
        Standing.RUNNING: "●",
        Standing.STALE: "↻",
        Standing.PASS: "✓",
        Standing.WARN: "!",
        Standing.FAIL: "✗",
        Standing.UNKNOWN: "?",
        Standing.NA: "–",
        Standing.WAIVED: "≈",
        Standing.SKIPPED: "»",
        Standing.PROPOSED: "◇",
        Standing.PENDING: "○",
    },
    cursor="▸",
    mark="•",
    unfolded="▾",
    folded="▹",
    part="▷",
    rule="─",
    full="█",
    empty="░",
    cut="…",
    dot="·",
    bars="▁▂▃▄▅▆▇█",
)

ASCII = Signs(
    standing={
        Standing.IN_DOUBT: "D",
        Standing.RUNNING: "@",
        Standing.STALE: "&",
        Standing.PASS: "+",
        Standing.WARN: "!",
        Standing.FAIL: "x",
        Standing.UNKNOWN: "?",
        Standing.NA: "-",
        Standing.WAIVED: "~",
        Standing.SKIPPED: "s",
        Standing.PROPOSED: "p",
        Standing.PENDING: "o",
    },
    cursor=">",
    mark="*",
    unfolded="v",
    folded="-",
    part="$",
    rule="-",
    full="#",
    empty=".",
    cut="~",
    dot="-",
    bars="_.-=+*%#",
)

SEVERITY_LETTERS = {Severity.BLOCKER: "B", Severity.MAJOR: "M", Severity.MINOR: "m"}


def trend(values: Sequence[float]) -> str:
    """Return *values* as a line of small bars, from the least to the greatest."""
    bars = signs().bars
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = (high - low) or 1.0
    return "".join(bars[int((v - low) / span * (len(bars) - 1))] for v in values)


def signs() -> Signs:
    """Return the signs that the terminal can show."""
    return ASCII if is_ascii() else UNICODE
