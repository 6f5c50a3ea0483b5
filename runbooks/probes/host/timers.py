"""Timers of systemd.

Source: systemctl(1), ``list-timers --output=json``: ``next`` and ``last`` are
microseconds since 1970, 0 or null where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.host.programs import said
from runbooks.probes.sources import Sources

SOURCE = "systemd"
UNITS = tuple(
    Path(path)
    for path in (
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    )
)
"""Where unit files lie; the first one counts."""
_EXEC = re.compile(r"^\s*ExecStart\s*=\s*[-@:+!]*(.*)$", re.MULTILINE)
_ABSENT = "has not been booted with systemd"
_MICROSECONDS = 1e6


class Timer(msgspec.Struct, frozen=True):
    """One timer as systemctl tells it.

    Attributes:
        activates: the unit that it starts.
    """

    unit: str
    next: int | None = None
    last: int | None = None
    activates: str | None = None

    @property
    def interval(self) -> float | None:
        """From the last run to the next, in seconds; None before the first."""
        if not self.next or not self.last or self.next <= self.last:
            return None
        return (self.next - self.last) / _MICROSECONDS

    @property
    def command(self) -> str:
        """Its names and what its service runs, as far as unit files tell."""
        return "\n".join([self.unit, self.activates or "", *self._runs()])

    def _runs(self) -> Iterable[str]:
        name = Path(self.activates or "").name
        template = re.sub(r"@[^.]*", "@", name)
        for candidate in dict.fromkeys((name, template)):
            for directory in UNITS:
                path = directory / candidate
                if candidate and path.is_file():
                    return _EXEC.findall(path.read_text("utf-8", "replace"))
        return ()


async def timers(sources: Sources) -> list[Timer] | None:
    """Return the timers of this machine, asked once a pass; None without systemd.

    Raises:
        ProbeError: systemd gave no answer.
    """
    return await sources.once("systemd timers", lambda: _ask(sources))


async def _ask(sources: Sources) -> list[Timer] | None:
    sources.asked(SOURCE)
    command = ("systemctl", "list-timers", "--all", "--no-pager", "--output=json")
    try:
        code, answer, error = await said(*command)
    except FileNotFoundError:
        return None
    if code and _ABSENT in error:
        return None
    try:
        if code:
            raise ValueError(error.strip().partition("\n")[0] or f"exit code {code}")
        return msgspec.json.decode(answer, type=list[Timer])
    except (ValueError, msgspec.DecodeError) as problem:
        raise ProbeError(
            f"systemctl list-timers gave no answer: {str(problem)[:120]}",
            source=SOURCE,
            stage="query",
        ) from problem
