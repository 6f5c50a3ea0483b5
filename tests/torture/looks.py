"""Looking with every probe that speaks a protocol, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from msgspec.structs import replace

from runbooks.model import Step
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec
from runbooks.target import Target
from tests.runbooks.production_steps import SHIPPED

BESIDE = {
    "alertmanager": ({}, {"answers": True}),
    "grafana.panels": ({"uids": ["transcript-overview"]}, {"orphaned": "absent"}),
    "kubernetes.rights": ({}, {"missing": "absent"}),
    "logs.loki_rules": ({}, {"alerts": ">= 1"}),
    "prometheus.failures": ({}, {"rules": "present"}),
}
"""Probes that the shipped runbook does not use."""
HTTP = ("alertmanager", "grafana", "http", "logs", "opensearch", "prometheus")
SPEAKING = (*HTTP, "docker", "kubernetes")


def steps(*families: str) -> list[Step]:
    """Return a step for each probe of *families*, as the runbook uses it."""
    found: dict[str, tuple[Step, ProbeSpec]] = {}
    for step in SHIPPED.steps:
        for spec in step.probes:
            key = f"{spec.use} {dict(spec.parameters)} {dict(spec.expect)}"
            found.setdefault(key, (step, spec))
    for use, (parameters, expected) in BESIDE.items():
        spec = ProbeSpec(use=use, parameters=parameters, expect=expected)
        found[use] = (SHIPPED.steps[0], spec)
    return [
        replace(
            step,
            id=f"{spec.use} {number}",
            options=replace(
                step.options, probe=None, probes=(replace(spec, when={}),), when={}
            ),
        )
        for number, (step, spec) in enumerate(found.values())
        if spec.use.partition(".")[0] in families
    ]


class Tried:
    """What came of looking, and what was a bug.

    Attributes:
        used: names of the probes that looked.
    """

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.bugs: list[str] = []
        self.used: set[str] = set()

    async def look(self, target: Target, wanted: list[Step]) -> None:
        # No rest between requests: the server is ours.
        runner = Runner(target, rate=1_000_000)
        looking: AsyncIterator[tuple[str, Finding]] = runner.probe_all(
            wanted, [step.id for step in wanted]
        )
        async for id, found in looking:
            self.used.add(id.partition(" ")[0])
            self.results[found.result.value] += 1
            said = "\n".join((found.reason, found.evidence))
            if "a bug in the probe" in said or not found.reason:
                self.bugs.append(f"{id}: {said[:200]}")
            # What is found is written down: as UTF-8, and as JSON.
            said.encode()
            for judged in found.judged:
                str(judged.reading.value).encode()

    @property
    def said(self) -> str:
        return ", ".join(
            f"{self.results[each]} {each}" for each in sorted(self.results)
        )
