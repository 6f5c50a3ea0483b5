"""Probe of whether something runs regularly on this machine."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.host.crontabs import Crontabs, Scheduled
from runbooks.probes.host.machine import MachineProbe
from runbooks.probes.host.timers import Timer, timers
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading


@dataclass(frozen=True, slots=True)
class _Found:
    """Something that runs by a schedule.

    Attributes:
        interval: the longest pause between two runs, in seconds, where that is known.
    """

    where: str
    when: str
    interval: float | None

    @property
    def line(self) -> str:
        if self.interval is None:
            return f"{self.where}: {self.when}"
        return (
            f"{self.where}: {self.when}, every {shown(Reading('', self.interval, 's'))}"
        )


class ScheduleProbe(MachineProbe, frozen=True, kw_only=True):
    """Looks for what a crontab or a timer of systemd runs regularly.

    Crontabs: ``/etc/crontab``, ``/etc/cron.d``, ``/etc/cron.daily`` and the like, those
    of users, and what the profile names under ``[host] crontabs``. Timers: as
    ``systemctl list-timers`` tells them, with what their service runs. A schedule
    proves no success: what it makes has to be looked at as well.

    Readings:
        found: where such an entry stands; absent without any.
        interval: the longest pause between two runs, in seconds, of the entry that
            runs most often; of a timer from its last run to the next.
        last: since the latest run of such a timer, in seconds; absent with cron.

    Attributes:
        command: a regular expression found in the command, in the script that cron
            runs, in the timer's name or in what its service runs.
        crontabs: further files, in which no user stands before the command.

    Raises:
        ProbeError: systemd gave no answer.
    """

    command: str
    crontabs: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = {
        "found": "",
        **dict.fromkeys(("interval", "last"), "s"),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"found"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        try:
            re.compile(str(parameters.get("command", "")))
        except re.error as error:
            return [f"command: {error}; write a regular expression"]
        return super().complaints(parameters)

    @property
    def source(self) -> str:
        return "schedules"

    @property
    def thing(self) -> str:
        return f"schedule of {self.command}"

    async def look_here(self, sources: Sources) -> Measurement:
        own = [Path(path).expanduser() for path in self.crontabs]

        async def read() -> tuple[list[Scheduled], list[Path]]:
            sources.asked(self.source)
            crontabs = Crontabs([])
            found = await in_thread(lambda: list(crontabs.entries(own)), "crontabs")
            return found, crontabs.closed

        entries, closed = await sources.once(("crontabs", self.crontabs), read)
        ticking = await timers(sources)
        found = [_cron(each) for each in entries if self._fits(each.entry.command)]
        fitting = [each for each in ticking or () if self._fits(each.command)]
        found += [_systemd(timer) for timer in fitting]
        return self._measured(found, fitting, closed, ticking is None)

    def _fits(self, command: str) -> bool:
        return bool(re.search(self.command, command))

    def _measured(
        self,
        found: Sequence[_Found],
        fitting: Sequence[Timer],
        closed: Sequence[Path],
        no_systemd: bool,
    ) -> Measurement:
        lines = [each.line for each in found]
        lines += ["no systemd runs here"] if no_systemd else []
        hidden = ", ".join(map(str, closed))
        if closed:
            lines.append(f"may not be read: {hidden}")
        if closed and not found:
            said = f"found nothing, but {hidden} may not be read; root may"
            return Measurement(
                {}, "\n".join(lines), lacking=dict.fromkeys(self.readings, said)
            )
        intervals = [each.interval for each in found if each.interval is not None]
        runs = [timer.last for timer in fitting if timer.last]
        last = max(0.0, time.time() - max(runs) / 1e6) if runs else None
        readings = (
            Reading("found", ", ".join(each.where for each in found) or None),
            Reading("interval", min(intervals, default=None), "s"),
            Reading("last", last, "s"),
        )
        evidence = "\n".join(lines) if found else "\n".join(["nothing found", *lines])
        return Measurement({each.name: each for each in readings}, evidence)


def _cron(scheduled: Scheduled) -> _Found:
    entry = scheduled.entry
    return _Found(str(scheduled.path), entry.when, entry.interval)


def _systemd(timer: Timer) -> _Found:
    when = f"starts {timer.activates or 'nothing'}"
    return _Found(
        timer.unit, when if timer.next else f"{when}, never again", timer.interval
    )
