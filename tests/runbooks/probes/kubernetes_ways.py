"""Ways to a fake API server, for tests that list its pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import PODS, Kind, Object, objects
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import TOKEN


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
