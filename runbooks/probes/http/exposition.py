"""The Prometheus text exposition of an application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.probes.text_format import families
from runbooks.results import Reading


class MetricsProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads metrics as Prometheus would (text format 0.0.4).

    Readings:
        answers: whether a response comes at all.
        status: code of the response.
        parses: whether all of it is valid.
        families, samples: how many.
        missing: needed families that are not there.
        info: labels of the info metric, ``version=1.2``, absent without it.

    Attributes:
        needed: names of families, or of samples such as ``…_total``.
        info: name of the metric whose labels say what runs.
    """

    needed: tuple[str, ...] = ()
    info: str = "app_info"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "answers",
            "status",
            "parses",
            "families",
            "samples",
            "missing",
            "info",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "info"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        readings = [Reading("answers", True), Reading("status", response.status)]
        first = f"GET {self.thing} → {response.status}, {response.size} bytes"
        if response.status != 200:
            return measured(first, *readings)
        try:
            found = await families(response.text)
        except ValueError as error:
            readings.append(Reading("parses", False))
            return measured(f"{first}\nno valid exposition: {error}", *readings)
        samples = [sample for family in found for sample in family.samples]
        there = {family.name for family in found} | {s.name for s in samples}
        labels = next((s.labels for s in samples if s.name == self.info), None)
        told = labels and ", ".join(f"{k}={v}" for k, v in labels.items())
        said = f"{len(found)} families, {len(samples)} samples"
        return measured(
            f"{first}\n{said}\n{self.info}: {told or 'nothing'}",
            *readings,
            Reading("parses", True),
            Reading("families", len(found)),
            Reading("samples", len(samples)),
            names("missing", (name for name in self.needed if name not in there)),
            Reading("info", told or None),
        )
