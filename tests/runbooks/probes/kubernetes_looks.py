"""Looking at a cluster of a fake API server with one probe of the family."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from runbooks import probes
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_workloads import Cluster


class Seen:
    """Values of readings, by name."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement

    def __getattr__(self, name: str) -> Any:
        reading = self.measurement.reading(name)
        assert reading, f"no reading {name}"
        return reading.value


Look = Callable[..., Awaitable[Seen]]
"""Takes the aspect's name and the probe's parameters."""


def looking(api: KubernetesAPI, cluster: Cluster, directory: Path) -> Look:
    """Return a function that looks at a cluster as it is by then."""

    async def look(name: str, **parameters: Any) -> Seen:
        api.objects = cluster.objects
        config = api.kubeconfig(directory / "kubeconfig")
        cls = probes.probe_class(f"kubernetes.{name}")
        probe = probes.build(cls, {"kubeconfig": str(config), **parameters})
        async with Sources() as sources:
            return Seen(await probe.look(sources))

    return look
