"""Probe of the errors that services have printed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.logs.groups import HOUR, NAMING, READINGS, Tally, hours, judged
from runbooks.probes.logs.local import LONGEST
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from docker import APIClient

MOST = 200_000
"""Lines of one container that are read, its newest ones."""


class ErrorsProbe(ProjectProbe, frozen=True, kw_only=True):
    """Counts errors and warnings of services by logger and type of exception.

    Source: ``GET /containers/{id}/logs`` of those that there are; what a container
    printed that was replaced since is gone with it. Lines that are no JSON have no
    level and no time, and are not counted.

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
        ProbeError: the Engine cannot be asked, a service has no container, or the
            driver keeps no logs.
    """

    window: Duration = Duration(seconds("24h"))
    before: Duration = Duration(seconds("7d"))
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = READINGS
    naming: ClassVar[frozenset[str]] = NAMING

    async def measure(self, sources: Sources) -> Measurement:
        back = hours(self.window, self.before)
        found = await self.containers(sources)
        counted = await asyncio.gather(
            *(self._count(sources, each, back) for each in found)
        )
        total = Tally()
        for each in counted:
            total.include(each)
        return judged(total, self.window)

    async def _count(self, sources: Sources, container: Container, back: int) -> Tally:
        def counted(client: APIClient) -> Tally:
            now = time.time()
            tally, read = Tally(), 0
            for line in _lines(client, container.id, int(now - back * HOUR)):
                tally.take(line, now, back)
                read += 1
            if read >= MOST:
                tally.notes.append(f"{container.name}: only the last {MOST} lines")
            return tally

        what = ("errors", container.id, back)
        return await self.engine.ask(sources, what, counted)


def _lines(client: APIClient, container: str, since: int) -> Iterator[bytes]:
    """Yield lines as they come, none of them kept."""
    rest = b""
    stream = client.logs(container, since=since, tail=MOST, stream=True, follow=False)
    try:
        for part in stream:
            *whole, rest = (rest + part).split(b"\n")
            yield from whole
            # A line that never ends is none that anybody can read.
            rest = rest if len(rest) < LONGEST else b""
    finally:
        stream.close()
    if rest:
        yield rest
