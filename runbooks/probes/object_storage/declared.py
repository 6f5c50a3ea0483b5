"""Probe of whether the operator has a remote store at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import SOURCE, Measurement, Probe, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class DeclaredProbe(Probe, frozen=True, kw_only=True):
    """Tells what the profile says of remote backups.

    It shows that there are none where the operator says so. That there are some is
    for the other probes to see.

    Readings:
        remote: ``s3``, ``gcs``, ``azure`` or ``none``.

    Attributes:
        remote: the fact of the profile, ``"${facts.remote_backups}"``.
    """

    remote: str

    readings: ClassVar[Mapping[str, str]] = {"remote": ""}

    @property
    def source(self) -> str:
        return SOURCE

    async def measure(self, sources: Sources) -> Measurement:
        return measured(
            f"the profile says remote_backups = {self.remote}",
            Reading("remote", self.remote),
        )
