"""Object storage: what lies in a bucket, and how the bucket is set up."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.object_storage.objects import ObjectsProbe

PROBES: dict[str, type[Probe]] = {
    "object_storage": ObjectsProbe,
}
