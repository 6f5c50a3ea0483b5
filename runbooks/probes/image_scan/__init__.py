"""Reports of image scans, of every image or of those that run."""

from __future__ import annotations

from runbooks.probes.base import Probe
from runbooks.probes.image_scan.running import ComposeScansProbe, PodScansProbe
from runbooks.probes.image_scan.scans import ScansProbe

PROBES: dict[str, type[Probe]] = {
    "image_scan": ScansProbe,
    "image_scan.compose": ComposeScansProbe,
    "image_scan.pods": PodScansProbe,
}
