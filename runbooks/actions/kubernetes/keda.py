"""ScaledObjects of KEDA: who scales a workload beside, or without, an autoscaler.

KEDA takes a workload from 0 pods and to 0 pods itself, and without its autoscaler while
it is paused. See https://keda.sh/docs/latest/reference/scaledobject-spec/.
"""

from __future__ import annotations

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import (
    Kind,
    Object,
    api_groups,
    objects_if_known,
)
from runbooks.probes.kubernetes.selectors import annotations_of, name_of
from runbooks.probes.sources import Sources

SCALED_OBJECTS = Kind("keda.sh/v1alpha1", "scaledobjects")
PAUSED = "autoscaling.keda.sh/paused"
KEPT = "autoscaling.keda.sh/paused-replicas"


async def scaled_by(
    sources: Sources, connection: Connection, kind: str, name: str
) -> tuple[str, ...]:
    """Return what the ScaledObjects of a workload do to the number of its pods.

    Where KEDA is not installed, nobody needs the right to look.

    Raises:
        ProbeError: the API server cannot be asked for its groups.
    """
    if SCALED_OBJECTS.group not in await api_groups(sources, connection):
        return ()
    try:
        found = await objects_if_known(sources, connection, SCALED_OBJECTS) or []
    except ProbeError as error:
        return (f"KEDA is installed, and nobody knows whether it scales it: {error}",)
    return tuple(_does(each) for each in found if _target(each) == (kind, name))


def _target(scaled: Object) -> tuple[str, str]:
    said = scaled["spec"]["scaleTargetRef"]
    return str(said.get("kind") or "Deployment"), str(said["name"])


def _does(scaled: Object) -> str:
    who = f"KEDA's ScaledObject {name_of(scaled)}"
    annotations = annotations_of(scaled)
    if kept := annotations.get(KEPT):
        return f"{who} is paused, and keeps {kept} pods"
    if annotations.get(PAUSED) == "true":
        return f"{who} is paused: the number of pods stays"
    return (
        f"{who} sets the number of pods as its triggers say, to and from 0, too: pause "
        f"it first (annotation {PAUSED})"
    )
