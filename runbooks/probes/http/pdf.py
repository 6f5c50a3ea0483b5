"""An exported PDF: pages, text, fonts."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

COMPARED = 40
"""Characters of the first segment that have to be in the PDF, without spaces."""


class PdfProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads a PDF and says what is in it.

    Readings:
        status: code of the response.
        readable: whether it is a PDF whose pages can be read.
        pages: how many.
        characters: of text on all pages, without white space.
        has_text: whether it holds the beginning of the transcript's first segment.
        unembedded: fonts that the reader has to have: accents may be lost.

    Attributes:
        transcript: URL of the same transcript as JSON (``segments[].text``), for
            ``has_text``.
    """

    transcript: str = ""
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("status", "readable", "pages", "characters", "has_text", "unembedded"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"unembedded"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        readings = [Reading("status", response.status)]
        first = f"GET {self.thing} → {response.status}, {response.size} bytes"
        if response.status != 200:
            return measured(first, *readings)
        await asyncio.to_thread(import_module, "pypdf")
        try:
            texts, fonts = await asyncio.to_thread(_read, response.body)
        except _Unreadable as error:
            readings.append(Reading("readable", False))
            return measured(f"{first}\nno readable PDF: {error}", *readings)
        text = "".join("".join(texts).split())
        readings += [
            Reading("readable", True),
            Reading("pages", len(texts)),
            Reading("characters", len(text)),
            names("unembedded", (name for name in fonts if not fonts[name])),
        ]
        wanted = await self._first_segment(sources)
        if wanted:
            readings.append(Reading("has_text", wanted[:COMPARED] in text))
        known = (f"{name}{'' if fonts[name] else ' (not embedded)'}" for name in fonts)
        said = f"{len(texts)} pages, {len(text)} characters, fonts: {', '.join(known)}"
        return measured(f"{first}\n{said}", *readings)

    async def _first_segment(self, sources: Sources) -> str:
        """The first segment's text without white space, "" where there is none."""
        if not self.transcript:
            return ""
        response = await self.get(sources, self.transcript)
        try:
            text = json.loads(response.body)["segments"][0]["text"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return ""
        return "".join(str(text).split())


class _Unreadable(Exception):
    """A document that claims to be a PDF and is none."""


def _read(body: bytes) -> tuple[list[str], dict[str, bool]]:
    """Return the text of each page, and of each font whether it is embedded."""
    import pypdf
    from pypdf.errors import PyPdfError

    # It tells each oddity of a file on its own logger, that is on the terminal.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        document = pypdf.PdfReader(io.BytesIO(body))
        fonts: dict[str, bool] = {}
        for page in document.pages:
            fonts |= _fonts(page)
        return [page.extract_text() for page in document.pages], fonts
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _Unreadable(str(error) or type(error).__name__) from error


def _fonts(page: Any) -> dict[str, bool]:
    """Fonts of a page; a composite one is embedded by its descendant (ISO 32000)."""
    fonts: dict[str, bool] = {}
    for reference in _within(_within(page, "/Resources"), "/Font").values():
        font = reference.get_object()
        parts = [font, *(d.get_object() for d in font.get("/DescendantFonts", ()))]
        # The fourteen standard fonts need no descriptor.
        described = [_within(part, "/FontDescriptor") for part in parts]
        embedded = any(
            key in each
            for each in described
            for key in ("/FontFile", "/FontFile2", "/FontFile3")
        )
        name = str(font.get("/BaseFont", "?")).lstrip("/")
        fonts[name] = embedded or font.get("/Subtype") == "/Type3"
    return fonts


def _within(holder: Any, key: str) -> Any:
    """Return the dictionary under *key*, which may stand elsewhere; or an empty one."""
    return holder[key].get_object() if key in holder else {}
