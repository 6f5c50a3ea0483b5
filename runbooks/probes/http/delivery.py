"""How the hashed assets of a page are delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.answer import Answer
from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.html import parse
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_NETWORK = (
    "cf-ray",
    "cf-cache-status",
    "x-amz-cf-id",
    "x-cache",
    "x-served-by",
    "x-fastly-request-id",
    "x-vercel-cache",
    "x-azure-ref",
    "x-akamai-transformed",
    "cdn-cache",
    "age",
    "via",
)
"""Headers that a delivery network or shared cache adds."""


class DeliveryProbe(EndpointProbe, frozen=True, kw_only=True):
    """Looks at the first script of a page: what is in front of it, how long it keeps.

    Readings:
        status: code of the script.
        network: headers of a delivery network or shared cache, absent without one.
        max_age: how long browsers keep it, in seconds; absent when not said.
        immutable: whether they need not ask again meanwhile.

    Raises:
        ProbeError: the page refers to no script.
    """

    readings: ClassVar[Mapping[str, str]] = {
        "status": "",
        "network": "",
        "max_age": "s",
        "immutable": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"network"})

    async def measure(self, sources: Sources) -> Measurement:
        page = await self.get(sources)
        scripts = parse(page.text, self.url).scripts
        if not scripts:
            raise ProbeError(f"{self.url} refers to no script", stage="query")
        script = await self.get(sources, scripts[0])
        found = [name for name in _NETWORK if name in script.headers]
        answer = Answer(headers=script.headers)
        age = answer.reading("header.cache-control.max-age")
        immutable = answer.reading("header.cache-control.immutable")
        said = script.headers.get("cache-control", "nothing")
        return measured(
            "\n".join(
                [
                    f"GET {scripts[0]} → {script.status}",
                    f"cache-control: {said}",
                    *(f"{name}: {script.headers[name]}" for name in found),
                ]
            ),
            Reading("status", script.status),
            names("network", found),
            Reading("max_age", age.value if age else None, "s"),
            Reading("immutable", bool(immutable and immutable.value is not None)),
        )
