"""Probe of whether the operator has a store of logs at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import SOURCE, Measurement, Probe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

READ = ("loki", "opensearch", "elasticsearch")
"""Stores that are asked."""
_CLOUDWATCH = "; 'aws logs tail GROUP --since 5m' shows what arrives"


class DeclaredProbe(Probe, frozen=True, kw_only=True):
    """Tells what the profile says of the store that all logs are sent to.

    It shows that there is none where the operator says so. That there is one is for
    the other probes to see.

    Readings:
        store: ``loki``, ``opensearch``, ``elasticsearch``, ``none``, or the name of
            one that is not read, such as ``cloudwatch``.
        there: whether there is one; missing for one that is not read.

    Attributes:
        store: the fact of the profile, ``"${facts.central_logs}"``.
    """

    store: str

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("store", "there"), "")

    @property
    def source(self) -> str:
        return SOURCE

    async def measure(self, sources: Sources) -> Measurement:
        readings = [Reading("store", self.store)]
        if self.store in (*READ, "none"):
            readings.append(Reading("there", self.store in READ))
        how = _CLOUDWATCH if self.store == "cloudwatch" else ""
        lacking = f"logs in {self.store} are not read: look there{how}"
        if self.store == "none":
            lacking = "the profile names no log store"
        return Measurement(
            {each.name: each for each in readings},
            f"the profile says central_logs = {self.store}",
            lacking={"there": lacking},
        )
