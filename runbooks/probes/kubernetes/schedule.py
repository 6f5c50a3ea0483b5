"""Probe of what CronJobs run regularly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.host.cron import entries
from runbooks.probes.kubernetes.application import ClusterProbe, listed
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import CRON_JOBS
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class ScheduleProbe(ClusterProbe, frozen=True, kw_only=True):
    """Looks for CronJobs of the namespace that run a command regularly.

    Source: ``spec.schedule`` (that of crontab(5)), ``spec.suspend``, the pod template,
    and ``status.lastScheduleTime`` and ``.lastSuccessfulTime`` of CronJobs. Labels do
    not count: a backup is seldom labelled as the application's. A run that succeeded
    proves no file: what it makes has to be looked at as well.

    Readings:
        found: those that are not suspended; absent without any.
        suspended: those that are.
        interval: the longest pause between two runs, in seconds, of the one that runs
            most often; absent where none has a next run.
        last: since the latest run that succeeded, in seconds; absent where none did.
        failing: those whose latest run did not succeed; one under way does not count.

    Attributes:
        command: a regular expression found in the name, an image or a command.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    command: str

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("found", "suspended", "failing"), ""),
        **dict.fromkeys(("interval", "last"), "s"),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"found", "suspended", "failing"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        try:
            re.compile(str(parameters.get("command", "")))
        except re.error as error:
            return [f"command: {error}; write a regular expression"]
        return super().complaints(parameters)

    @property
    def thing(self) -> str:
        return f"{self.source} CronJobs of {self.command}"

    async def measure(self, sources: Sources) -> Measurement:
        there = await self.objects(sources, CRON_JOBS)
        fitting = [each for each in there if self._fits(each)]
        running = [each for each in fitting if not each["spec"].get("suspend")]
        pauses = [pause for each in running if (pause := _interval(each)) is not None]
        ended = [_since(each, "lastSuccessful") for each in running]
        last = min((each for each in ended if each is not None), default=None)
        lines = [f"{name_of(each)}: {_about(each)}" for each in fitting]
        return measured(
            "\n".join(lines or [f"none of {len(there)} CronJobs runs {self.command}"]),
            listed("found", map(name_of, running)),
            listed("suspended", (name_of(e) for e in fitting if e not in running)),
            Reading("interval", min(pauses, default=None), "s"),
            Reading("last", None if last is None else max(0.0, last), "s"),
            listed("failing", (name_of(each) for each in running if _failing(each))),
        )

    def _fits(self, cron_job: Object) -> bool:
        return any(re.search(self.command, text) for text in _texts(cron_job))


def _texts(cron_job: Object) -> Iterator[str]:
    """Yield what says what a CronJob does."""
    yield name_of(cron_job)
    job: Object = cron_job["spec"]["jobTemplate"]["spec"]
    for each in job["template"]["spec"]["containers"]:
        yield str(each.get("image", ""))
        yield " ".join([*(each.get("command") or []), *(each.get("args") or [])])


def _interval(cron_job: Object) -> float | None:
    line = f"{cron_job['spec']['schedule']} runs"
    return next((each.interval for each in entries(line, with_user=False)), None)


def _since(cron_job: Object, which: str) -> float | None:
    said = (cron_job.get("status") or {}).get(f"{which}Time")
    return age(said) if said else None


def _failing(cron_job: Object) -> bool:
    begun, ended = _since(cron_job, "lastSchedule"), _since(cron_job, "lastSuccessful")
    if begun is None or cron_job["status"].get("active"):
        return False
    return ended is None or ended > begun


def _about(cron_job: Object) -> str:
    said = [cron_job["spec"]["schedule"]]
    pause = _interval(cron_job)
    if pause is not None:
        said.append(f"every {shown(Reading('', pause, 's'))}")
    if cron_job["spec"].get("suspend"):
        said.append("suspended")
    status = cron_job.get("status") or {}
    said.append(f"began {status.get('lastScheduleTime', 'never')}")
    said.append(f"succeeded {status.get('lastSuccessfulTime', 'never')}")
    return ", ".join(said)
