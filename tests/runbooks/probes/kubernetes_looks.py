"""Looking at a cluster of a fake API server with one probe of the family."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kubernetes import client

from runbooks import probes
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_workloads import Cluster


class Seen:
    """Values of readings, by name."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement

    def __getattr__(self, name: str) -> Any:
        reading = self.measurement.reading(name)
        assert reading, f"no reading {name}"
        return reading.value


MODELS = {
    "Event": "CoreV1Event",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
}
"""Models whose name is not that of the kind after ``V1``."""
Look = Callable[..., Awaitable[Seen]]
"""Takes the aspect's name and the probe's parameters."""


def as_documented(thing: Object) -> None:
    """Fail where an object has a field that the client's models do not know.

    They are made from the API's own description; required fields may not lack.
    """
    kind = thing["kind"]
    version = MODELS.get(kind, f"V1{kind}")
    model = getattr(client, version, None)
    if model is not None:
        kept = model.from_dict(thing)
        assert kept.model_dump(by_alias=True, exclude_none=True, mode="json") == thing


def looking(api: KubernetesAPI, cluster: Cluster, directory: Path) -> Look:
    """Return a function that looks at a cluster as it is by then."""

    async def look(name: str, **parameters: Any) -> Seen:
        api.objects = cluster.objects
        for each in api.objects:
            as_documented(each)
        config = api.kubeconfig(directory / "kubeconfig")
        cls = probes.probe_class(f"kubernetes.{name}")
        probe = probes.build(cls, {"kubeconfig": str(config), **parameters})
        async with Sources() as sources:
            return Seen(await probe.look(sources))

    return look
