"""Ways to a fake API server, for tests that list its pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.login import RIGHTS
from runbooks.probes.kubernetes.objects import PODS, Kind, Object, objects
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import REVIEWS, TOKEN, KubernetesAPI


def pod(name: str, namespace: str = "transcripts") -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


async def names(
    kubeconfig: Path | str, context: str = "", namespace: str = "", kind: Kind = PODS
) -> list[str]:
    way = Connection(str(kubeconfig), context, namespace)
    async with Sources() as sources:
        found = await objects(sources, way, kind)
    return [each["metadata"]["name"] for each in found]


async def failure(kubeconfig: Path | str, **way: Any) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        await names(kubeconfig, **way)
    assert TOKEN not in str(caught.value) + note(caught.value)
    return caught.value


def note(error: ProbeError) -> str:
    return "\n".join(getattr(error, "__notes__", ()))


def reading_processes() -> list[int]:
    """Return the reading processes that this one has started."""
    found = []
    for place in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, place.read_text().split()):
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"kubernetes.reader" in line:
                found.append(pid)
    return found


def unforeseen(api: KubernetesAPI) -> list[str]:
    """Return paths that were asked and whose right ``kubernetes.rights`` leaves out.

    Every login may read ``/version``, ``/readyz`` and ``/apis``, and review itself.
    """
    rights = {(r.group, r.resource, r.namespaced, r.namespace) for r in RIGHTS}
    return [
        path
        for path in api.requests
        if path not in ("/version", "/readyz", "/apis", REVIEWS)
        and _right(path) not in rights
    ]


def _right(path: str) -> tuple[str, str, bool, str]:
    """Return what a right to read this path consists of."""
    root, *rest = path.strip("/").split("/")
    group = rest.pop(0) if root == "apis" else ""
    if rest[1] != "namespaces" or not rest[2:]:
        return group, rest[1], False, ""
    namespace = "" if rest[2] == "transcripts" else rest[2]
    return group, "/".join(rest[3::2]), True, namespace
