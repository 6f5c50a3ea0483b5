"""Probe of a cluster itself: its API server and its nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe, holds, listed
from runbooks.probes.kubernetes.objects import NODES, Object, document
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_ZONE = "topology.kubernetes.io/zone"
_REGION = "topology.kubernetes.io/region"


class ClusterItselfProbe(ClusterProbe, frozen=True, kw_only=True):
    """Measures whether the API server is ready and how its nodes are.

    Source: ``GET /version``, ``GET /readyz`` and the Nodes.

    Readings:
        answers: yes.
        ready: whether the API server calls itself ready.
        version: such as ``v1.31.2``.
        minor: the number after ``1.`` in it.
        nodes: how many nodes are ready.
        not_ready: nodes that are not.
        under_pressure: nodes that lack memory, disk or process ids.
        zones, regions: how many the ready nodes are spread over; 0 where nodes do
            not say.

    Raises:
        ProbeError: it cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "answers",
            "ready",
            "version",
            "minor",
            "nodes",
            "not_ready",
            "under_pressure",
            "zones",
            "regions",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset({"not_ready", "under_pressure"})

    async def measure(self, sources: Sources) -> Measurement:
        version = await document(sources, self.connection, "/version") or {}
        minor = re.match(r"\d+", str(version.get("minor", "")))
        if not minor:
            raise ProbeError("/version names no version", stage="query")
        name = str(version.get("gitVersion") or f"1.{minor[0]}")
        checks = await self.connection.ask(sources, "/readyz")
        if checks.status in (401, 403):
            raise ProbeError(f"no permission to get /readyz ({checks.status})")
        nodes = await self.objects(sources, NODES)
        where = await self.connection.server(sources)
        space = await self.connection.in_namespace(sources)
        ready = [node for node in nodes if holds(node, "Ready")]
        return measured(
            "\n".join(
                [
                    f"Kubernetes {name} at {where}, /readyz {checks.status}",
                    f"namespace {space}",
                    *map(_line, nodes),
                ]
            ),
            Reading("answers", True),
            Reading("ready", checks.status == 200),
            Reading("version", name),
            Reading("minor", int(minor[0])),
            Reading("nodes", len(ready)),
            listed("not_ready", (name_of(n) for n in nodes if n not in ready)),
            listed("under_pressure", (name_of(n) for n in nodes if _pressed(n))),
            Reading("zones", _spread(ready, _ZONE)),
            Reading("regions", _spread(ready, _REGION)),
        )


def _pressed(node: Object) -> list[str]:
    return [kind for kind in PRESSURES if holds(node, kind)]


def _spread(nodes: list[Object], label: str) -> int:
    return len({labels_of(node)[label] for node in nodes if label in labels_of(node)})


def _line(node: Object) -> str:
    said = ["Ready" if holds(node, "Ready") else "not Ready", *_pressed(node)]
    if node["spec"].get("unschedulable"):
        said.append("cordoned")
    labels = labels_of(node)
    said += [labels[each] for each in (_REGION, _ZONE) if each in labels]
    return f"{name_of(node)}: {', '.join(said)}"
