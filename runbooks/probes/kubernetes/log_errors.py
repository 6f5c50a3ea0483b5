"""Probe of the errors that pods of components have printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.kubernetes.application import ApplicationProbe
from runbooks.probes.kubernetes.pod_logs import Tail, tails
from runbooks.probes.logs.groups import (
    HOUR,
    NAMING,
    READINGS,
    Line,
    Tally,
    hours,
    judged,
)
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread

LINES = 20_000
"""Of each container, the newest ones."""


class LogErrorsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Counts errors and warnings in logs of pods by logger and type of exception.

    Source: the JSON lines that containers have printed, at the time that the kubelet
    noted, those of containers that ended and were started again among them. A kubelet
    hands out what it has not rotated away, and a pod that was replaced has taken its
    lines along: a store of logs knows more. Other lines have no level, and are not
    counted. Evidence holds groups, never lines.

    Readings:
        lines: those with a level.
        errors: lines at ERROR or above.
        warnings: lines at WARNING.
        share: of the lines that are errors.
        groups: of errors.
        top: the largest groups of errors, with their counts.
        new: groups of errors that were not there before the window.
        new_warnings: groups of warnings that were not.
        new_rate: errors of new groups in the hour that had most.

    Attributes:
        window: the time, back from now; counted in whole hours.
        before: the time before it, in which a group has to have been for it not to
            be new.

    Raises:
        ProbeError: the cluster cannot be asked, a component has no Deployment, or the
            login may not read logs.
    """

    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        back = hours(self.window, self.before)
        found = await tails(self, sources, LINES, back * HOUR, ended=True)
        tally = await in_thread(lambda: _counted(found, back), "pod logs")
        return judged(tally, self.window)


def _counted(found: list[Tail], back: int) -> Tally:
    """Count the lines of so many hours."""
    now = datetime.now(UTC)
    tally = Tally()
    decoder = msgspec.json.Decoder(Line)
    for tail in found:
        if tail.note:
            tally.notes.append(f"{tail.container}: {tail.note}")
        for time, text in tail.lines:
            if not text.startswith("{"):
                continue
            try:
                line = decoder.decode(text)
            except msgspec.DecodeError:
                continue
            # A kubelet's clock that is a little ahead of ours means the last hour.
            hour = max(0, int((now - time).total_seconds() // HOUR))
            if line.level and hour < back:
                tally.lines[hour] += 1
                tally.add(hour, line.level, line.group)
    return tally
