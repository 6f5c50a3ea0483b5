"""Probe of the liveness, readiness and startup probes of a component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, holds, listed
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

KINDS = ("liveness", "readiness", "startup")


class HealthProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures what the kubelet asks the first container of a component.

    Source: ``livenessProbe``, ``readinessProbe`` and ``startupProbe`` in the pod
    template, and the condition Ready of Pods. Times that a probe does not say are
    the API's defaults.

    Readings:
        liveness, readiness, startup: what is asked, such as ``httpGet /live:http``;
            absent without.
        liveness_path, …: path of an httpGet, absent without.
        liveness_timeout, liveness_period, …: of each probe.
        dangling: probes that ask a named port which the container does not have.
        grace: how long a container may take to start before liveness ends it.
        unready: pods that are not ready.

    Attributes:
        components: one component.

    Raises:
        ProbeError: the cluster cannot be asked, or the component has no Deployment.
    """

    components: tuple[str, ...] = ("api",)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((*KINDS, *(f"{kind}_path" for kind in KINDS)), ""),
        **dict.fromkeys((f"{kind}_timeout" for kind in KINDS), "s"),
        **dict.fromkeys((f"{kind}_period" for kind in KINDS), "s"),
        "dangling": "",
        "grace": "s",
        "unready": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({*KINDS, "dangling", "unready"})

    async def measure(self, sources: Sources) -> Measurement:
        workload = (await self.workloads(sources))[0]
        container = workload.containers[0]
        probes = {kind: container.get(f"{kind}Probe") or {} for kind in KINDS}
        ports = {port.get("name") for port in container.get("ports") or []}
        readings = []
        for kind, probe in probes.items():
            readings += [
                Reading(kind, _asked(probe) or None),
                Reading(f"{kind}_path", (probe.get("httpGet") or {}).get("path")),
                Reading(f"{kind}_timeout", _number(probe, "timeoutSeconds", 1), "s"),
                Reading(f"{kind}_period", _number(probe, "periodSeconds", 10), "s"),
            ]
        lines = [
            f"{kind}: {_asked(probe) or 'none'}"
            + (f", every {_number(probe, 'periodSeconds', 10)} s" if probe else "")
            for kind, probe in probes.items()
        ]
        return measured(
            "\n".join([f"{workload.name}, container {container['name']}", *lines]),
            *readings,
            listed("dangling", (k for k, p in probes.items() if _dangles(p, ports))),
            Reading("grace", _grace(probes), "s"),
            listed(
                "unready", (name_of(p) for p in workload.pods if not holds(p, "Ready"))
            ),
        )


def _asked(probe: Object) -> str:
    """Return what a probe does, in a few words."""
    for kind in ("httpGet", "tcpSocket", "grpc"):
        if said := probe.get(kind):
            return f"{kind} {said.get('path', '')}:{said['port']}"
    command = (probe.get("exec") or {}).get("command")
    return f"exec {' '.join(command)}" if command else ""


def _number(probe: Object, name: str, default: int) -> int | None:
    return int(probe.get(name) or default) if probe else None


def _dangles(probe: Object, ports: set[Any]) -> bool:
    port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
    return isinstance(port, str) and not port.isdecimal() and port not in ports


def _grace(probes: Mapping[str, Object]) -> float | None:
    """Return the seconds before the first probe that can end a container counts.

    That is how long a startup probe may fail, else the delay of the liveness probe;
    None without both.
    """
    if startup := probes["startup"]:
        delay = int(startup.get("initialDelaySeconds") or 0)
        failures = _number(startup, "failureThreshold", 3) or 0
        return delay + failures * (_number(startup, "periodSeconds", 10) or 0)
    liveness = probes["liveness"]
    return int(liveness.get("initialDelaySeconds") or 0) if liveness else None
