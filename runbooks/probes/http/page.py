"""A page that has to be one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.html import parse
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class PageProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads a page, and whether it differs from what stands at any address.

    A single-page application answers 200 for every path, with its index.

    Readings:
        status: code of the response.
        distinct: whether it is another document than that at ``unlike``.
        missing: words that its text does not have.
        characters: of text, without mark-up.
        title: absent without one.

    Attributes:
        unlike: URL of the application's index.
        words: that the text has to have, without regard to case.
    """

    unlike: str = ""
    words: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("status", "distinct", "missing", "characters", "title"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"missing"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        page = parse(response.text, self.url)
        text = f"{page.title} {page.text}".casefold()
        readings = [
            Reading("status", response.status),
            Reading("characters", len(page.text)),
            Reading("title", page.title or None),
            names("missing", (w for w in self.words if w.casefold() not in text)),
        ]
        said = f"GET {self.url} → {response.status}, “{page.title}”"
        lines = [f"{said}, {len(page.text)} characters of text", page.text[:200]]
        if self.unlike:
            index = await self.get(sources, self.unlike)
            distinct = response.body != index.body
            readings.append(Reading("distinct", distinct))
            lines.append(
                "its own document" if distinct else f"the same as {self.unlike}"
            )
        return measured("\n".join(lines), *readings)
