"""Compression of responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.html import parse
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class CompressionProbe(EndpointProbe, frozen=True, kw_only=True):
    """Measures how small a response becomes on the way, with one request for both.

    Readings:
        status: code of the response.
        encoding: as the server names it, absent when it does not compress.
        vary: whether ``Vary`` names Accept-Encoding, without which a shared cache
            hands compressed answers to who cannot read them.
        size, sent: of the body as read and as it was sent, in bytes.
        saved: share of the body that was not sent.

    Attributes:
        script: look at the first script of the page at the URL, not at the page.
    """

    script: bool = False

    readings: ClassVar[Mapping[str, str]] = {
        "status": "",
        "encoding": "",
        "vary": "",
        "size": "B",
        "sent": "B",
        "saved": "%",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"encoding"})

    @property
    def thing(self) -> str:
        path = super().thing
        return f"{path} (script)" if self.script else path

    async def measure(self, sources: Sources) -> Measurement:
        url = self.url
        response = await self.get(sources)
        if self.script:
            scripts = parse(response.text, url).scripts
            if not scripts:
                raise ProbeError(f"{self.url} refers to no script", stage="query")
            url = scripts[0]
            response = await self.get(sources, url)
        size, sent = response.size, response.wire
        saved = (1 - sent / size) * 100 if size else 0.0
        vary = response.headers.get("vary", "").lower()
        how = response.encoding or "not compressed"
        return measured(
            f"GET {url} → {response.status}: {size} bytes, {sent} sent, {how}",
            Reading("status", response.status),
            Reading("encoding", response.encoding or None),
            Reading("vary", "accept-encoding" in vary or vary.strip() == "*"),
            Reading("size", size, "B"),
            Reading("sent", sent, "B"),
            Reading("saved", saved, "%"),
        )
