"""Probe of what the pods of components have printed last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.pod_logs import READING, tails
from runbooks.probes.kubernetes.rights import allows
from runbooks.probes.log_lines import FIELDS, structure
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class LogsProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures whether logs may be read, and what the last lines of pods are.

    Source: a SelfSubjectAccessReview of ``get pods/log`` (a POST that stores nothing),
    then ``GET …/pods/NAME/log``. Evidence holds counts, never lines.

    Readings:
        allowed: whether this login may read logs; nothing else is read if not.
        silent: components whose containers have printed nothing.
        age: how long ago the component that is quiet for longest printed its newest
            line, in seconds; absent where all are silent.
        json: lines that are JSON objects with all `fields`.
        malformed: lines that begin like one and are none, or lack a field.
        plain: other lines.
        tracebacks: plain lines that begin a traceback.
        debug: JSON lines at DEBUG or below.

    Attributes:
        lines: how many of each container are read.
        fields: what each JSON line has to hold.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    lines: int = 200
    fields: tuple[str, ...] = FIELDS
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("allowed", "silent", "json", "malformed"), ""),
        **dict.fromkeys(("plain", "tracebacks", "debug"), ""),
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"silent"})

    async def measure(self, sources: Sources) -> Measurement:
        if not await allows(sources, self.connection, READING):
            why = dict.fromkeys(self.readings, "this login may not read logs")
            allowed = Reading("allowed", False)
            return Measurement({"allowed": allowed}, READING.rule, lacking=why)
        found = await tails(self, sources, self.lines)
        newest: dict[str, datetime] = {}
        for tail in found:
            for time, _ in tail.lines[-1:]:
                newest[tail.component] = max(time, newest.get(tail.component, time))
        silent = [each for each in self.components if each not in newest]
        now = datetime.now(UTC)
        ages = {n: max(0.0, (now - t).total_seconds()) for n, t in newest.items()}
        kinds = structure((t for each in found for _, t in each.lines), self.fields)
        said = [
            f"{component}: newest line {shown(Reading('age', age, 's'))} ago"
            for component, age in ages.items()
        ]
        said += [f"{component}: no line" for component in silent]
        said.append(f"the last lines of {len(found)} containers: {kinds}")
        return measured(
            "\n".join(said),
            Reading("allowed", True),
            listed("silent", silent),
            Reading("age", max(ages.values(), default=None), "s"),
            Reading("json", kinds.json),
            Reading("malformed", kinds.malformed),
            Reading("plain", kinds.plain),
            Reading("tracebacks", kinds.tracebacks),
            Reading("debug", kinds.debug),
        )
