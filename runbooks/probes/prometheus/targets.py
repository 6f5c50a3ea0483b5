"""Probe of what Prometheus scrapes."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Measurement, measured
from runbooks.probes.prometheus.client import PrometheusProbe, asked_at, moment
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_PATH = "/api/v1/targets"
_INTERVAL = "1m"
"""Between scrapes where a server keeps it to itself: the default."""
_ADDRESS = re.compile(r"\b\w+://[^\s\"']+")


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is scraped.

    Attributes:
        age: seconds since the last try, None if there was none.
        interval: seconds between two.
        error: of the last try, without the address, which may hold a login.
    """

    job: str
    instance: str
    up: bool
    age: float | None
    interval: float
    error: str

    @property
    def name(self) -> str:
        return f"{self.job} {self.instance}"

    @property
    def late(self) -> bool:
        """Whether it should have been scraped again by now, twice over."""
        return self.age is None or self.age > 2 * self.interval + 1


class TargetsProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures whether jobs are scraped.

    Source: ``GET /api/v1/targets?state=active``. Ages are by the server's own clock.

    Readings:
        targets: of these jobs.
        up, up_share: those that answered when they were last scraped, also in %.
        missing: jobs without any target.
        dead: jobs with targets, none of which is up.
        down: targets that are not up.
        late: targets that were not scraped for two intervals.
        age: of the last scrape, the oldest of all targets that are up.

    Attributes:
        jobs: regular expressions, each of a whole job name.

    Raises:
        ProbeError: Prometheus cannot be asked.
    """

    jobs: tuple[str, ...]

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("targets", "up", "missing", "dead", "down", "late"), ""),
        "up_share": "%",
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "dead", "down", "late"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return [
            wrong for each in parameters.get("jobs", ()) if (wrong := _complaint(each))
        ]

    @property
    def thing(self) -> str:
        return f"{self.source} {', '.join(self.jobs)}"

    async def measure(self, sources: Sources) -> Measurement:
        every = await self._targets(sources)
        found = {
            job: [each for each in every if re.fullmatch(job, each.job)]
            for job in self.jobs
        }
        targets = list(dict.fromkeys(t for each in found.values() for t in each))
        up = [each for each in targets if each.up]
        missing = [job for job, each in found.items() if not each]
        dead = [j for j, each in found.items() if each and not any(t.up for t in each)]
        lines = [
            f"{job}: {sum(t.up for t in each)} of {len(each)} up"
            for job, each in found.items()
        ]
        lines += [f"{t.name}: {t.error or 'not up'}" for t in targets if not t.up]
        return measured(
            "\n".join(lines),
            Reading("targets", len(targets)),
            Reading("up", len(up)),
            Reading("up_share", 100 * len(up) / len(targets) if targets else None, "%"),
            Reading("missing", ", ".join(missing) or None),
            Reading("dead", ", ".join(dead) or None),
            Reading("down", ", ".join(t.name for t in targets if not t.up) or None),
            Reading("late", ", ".join(t.name for t in targets if t.late) or None),
            Reading("age", max((t.age for t in up if t.age), default=None), "s"),
        )

    async def _targets(self, sources: Sources) -> list[Target]:
        response = await self.ask(sources, _PATH, {"state": "active"})
        now = asked_at(response, time.time())
        answer = self.data_of(_PATH, response)
        try:
            return [_target(each, now) for each in answer["activeTargets"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self.unreadable(_PATH) from error


def _target(said: Mapping[str, Any], now: float) -> Target:
    labels, last = said["labels"], str(said["lastScrape"])
    # Go writes the year 1 for never.
    age = None if last.startswith("0001-") else max(now - moment(last), 0.0)
    return Target(
        job=str(labels["job"]),
        instance=str(labels.get("instance", "")),
        up=said["health"] == "up",
        age=age,
        interval=seconds(said.get("scrapeInterval", _INTERVAL)),
        error=_ADDRESS.sub("…", str(said["lastError"])),
    )


def _complaint(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"jobs: {pattern!r} is no regular expression: {error}"
    return ""
