"""Probe of the liveness, readiness and startup probes of a component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import (
    ApplicationProbe,
    Workload,
    holds,
    listed,
)
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

KINDS = ("liveness", "readiness", "startup")


class HealthProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures what the kubelet asks the container of a component.

    Source: ``livenessProbe``, ``readinessProbe`` and ``startupProbe`` in the pod
    template, and the condition Ready of Pods. Times that a probe does not say are
    the API's defaults.

    Readings:
        liveness, readiness, startup: what is asked, such as ``httpGet /live:http``;
            absent without.
        liveness_path, …: path of an httpGet, absent without.
        liveness_timeout, liveness_period, …: of each probe, absent without.
        dangling: probes that ask a named port which the container does not have.
        grace: how long a container may take to start before liveness ends it;
            absent where nothing does.
        ready: pods that are ready.
        unready: those that are not.

    Attributes:
        components: one component.

    Raises:
        ProbeError: the cluster cannot be asked, or the component has no Deployment,
            or several that are asked differently.
    """

    components: tuple[str, ...] = ("api",)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((*KINDS, *(f"{kind}_path" for kind in KINDS)), ""),
        **dict.fromkeys((f"{kind}_timeout" for kind in KINDS), "s"),
        **dict.fromkeys((f"{kind}_period" for kind in KINDS), "s"),
        **dict.fromkeys(("dangling", "ready", "unready"), ""),
        "grace": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({*KINDS, "dangling", "unready"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        container, probes = found[0].container, _probes(found[0])
        if any(_probes(each) != probes for each in found):
            names = ", ".join(each.name for each in found)
            said = f"{names} are asked for their health differently"
            raise ProbeError(said, stage="query")
        pods = [pod for each in found for pod in each.pods]
        ready = [pod for pod in pods if holds(pod, "Ready")]
        ports = {port.get("name") for port in container.get("ports") or []}
        readings = []
        lines = [f"{found[0].name}, container {container['name']}"]
        for kind, probe in probes.items():
            asked, period = _asked(probe), _number(probe, "periodSeconds", 10)
            lines.append(f"{kind}: " + (f"{asked} every {period} s" if asked else "-"))
            readings += [
                Reading(kind, asked or None),
                Reading(f"{kind}_path", (probe.get("httpGet") or {}).get("path")),
                Reading(f"{kind}_timeout", _number(probe, "timeoutSeconds", 1), "s"),
                Reading(f"{kind}_period", period, "s"),
            ]
        return measured(
            "\n".join([*lines, f"{len(ready)} of {len(pods)} pods are ready"]),
            *readings,
            listed("dangling", (k for k, p in probes.items() if _dangles(p, ports))),
            Reading("grace", _grace(probes), "s"),
            Reading("ready", len(ready)),
            listed("unready", (name_of(pod) for pod in pods if pod not in ready)),
        )


def _probes(workload: Workload) -> dict[str, Object]:
    return {kind: workload.container.get(f"{kind}Probe") or {} for kind in KINDS}


def _asked(probe: Object) -> str:
    """Return what a probe does, in a few words; its command may hold anything."""
    for kind in ("httpGet", "tcpSocket", "grpc"):
        if said := probe.get(kind):
            return f"{kind} {said.get('path', '')}:{said['port']}"
    command = (probe.get("exec") or {}).get("command") or []
    return f"exec {command[0]}" if command else ""


def _number(probe: Object, name: str, default: int) -> int | None:
    return int(probe.get(name) or default) if probe else None


def _dangles(probe: Object, ports: set[Any]) -> bool:
    port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
    return isinstance(port, str) and not port.isdecimal() and port not in ports


def _grace(probes: Mapping[str, Object]) -> int | None:
    """Return the seconds before the first probe that can end a container counts.

    That is how long a startup probe may fail, else the delay of the liveness probe.
    """
    if startup := probes["startup"]:
        failures = _number(startup, "failureThreshold", 3) or 0
        lasting = failures * (_number(startup, "periodSeconds", 10) or 0)
        return int(startup.get("initialDelaySeconds") or 0) + lasting
    liveness = probes["liveness"]
    return int(liveness.get("initialDelaySeconds") or 0) if liveness else None
