"""Object storage: what lies in a bucket, and how the bucket is set up."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.object_storage.bucket import BucketProbe
from runbooks.probes.object_storage.declared import DeclaredProbe
from runbooks.probes.object_storage.lifecycle import LifecycleProbe
from runbooks.probes.object_storage.media import MediaProbe
from runbooks.probes.object_storage.objects import ObjectsProbe
from runbooks.probes.object_storage.segments import SegmentsProbe
from runbooks.probes.object_storage.tags import TagsProbe

PROBES: dict[str, type[Probe]] = {
    "object_storage": ObjectsProbe,
    "object_storage.bucket": BucketProbe,
    "object_storage.declared": DeclaredProbe,
    "object_storage.lifecycle": LifecycleProbe,
    "object_storage.media": MediaProbe,
    "object_storage.tags": TagsProbe,
    "object_storage.wal": SegmentsProbe,
}
