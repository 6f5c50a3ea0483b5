"""Probe of AMD GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Probe
from runbooks.probes.gpu import GpuProbe


class AmdGpuProbe(GpuProbe, frozen=True, kw_only=True):
    """Measures the AMD GPUs of the machine that gonogo runs on.

    Source: AMD SMI, ``libamd_smi.so`` of ROCm.

    Readings:
        devices: how many GPUs the driver knows.
        driver: its version.
        driver_major: the first number of it.
        names: of the GPUs; absent without one.
        memory_total: of the smallest, in bytes.
        memory_used: of the fullest, in bytes.
        memory: the largest share in use, in percent.
        utilisation: of the busiest, in percent.
        processes: how many compute on them.
        failing: GPUs that the driver knows and cannot ask, and why.

    Raises:
        ProbeError: the library is missing or hangs, or the driver is not loaded.
    """

    make: ClassVar[str] = "AMD"
    module: ClassVar[str] = "runbooks.probes.rsmi"


PROBES: Mapping[str, type[Probe]] = {"amd_gpu": AmdGpuProbe}
