"""Probe of whether the disk below a file of this machine is encrypted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.block_devices import is_encrypted
from runbooks.probes.host.machine import MachineProbe
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.results import Reading


class EncryptionProbe(MachineProbe, frozen=True, kw_only=True):
    """Measures whether the disk that a file or directory lies on is encrypted.

    Source: stat(2) and the device mapper below ``/sys/dev/block``, as ``lsblk`` shows
    it (type ``crypt``). What a cloud provider or the disk itself encrypts cannot be
    seen from here.

    Readings:
        encrypted: whether dm-crypt encrypts all that the disk is made of.

    Attributes:
        path: absolute, or below the home directory with ``~``.

    Raises:
        ProbeError: there is no such path, or it may not be looked at.
    """

    path: str

    readings: ClassVar[Mapping[str, str]] = {"encrypted": ""}

    @property
    def source(self) -> str:
        return f"files {self.path}"

    async def look_here(self, sources: Sources) -> Measurement:
        sources.asked(self.source)
        return await in_thread(self._look, self.source)

    def _look(self) -> Measurement:
        path = Path(os.path.expanduser(self.path))
        try:
            device = path.stat().st_dev
        except OSError as error:
            stage = "login" if isinstance(error, PermissionError) else "query"
            raise ProbeError(f"{path}: {error.strerror}", stage=stage) from error
        encrypted = is_encrypted(device)
        said = "is encrypted" if encrypted else "shows no encryption"
        return measured(f"the disk of {path} {said}", Reading("encrypted", encrypted))
