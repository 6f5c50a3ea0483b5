"""Cross-origin requests: whom a browser may let in (Fetch standard, CORS)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources

_ALLOWED = "access-control-allow-origin"
_CREDENTIALS = "access-control-allow-credentials"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class CorsProbe(EndpointProbe, frozen=True, kw_only=True):
    """Asks, as a browser would, whether pages of some origins may call this.

    A preflight (OPTIONS) changes nothing.

    Readings:
        refused: own origins that are not let in.
        admitted: foreign origins that are let in.
        repeated: origins that are let in by more than one header: browsers then
            refuse.
        wildcard: origins answered ``*`` together with credentials.
        local: own origins on the loopback, which only developers need.

    Attributes:
        own: origins of the application's own pages; of an address only scheme and
            host count.
        foreign: origins that must not be let in.
        method: what the page is said to want.
    """

    own: tuple[str, ...]
    foreign: tuple[str, ...] = ("https://gonogo-foreign.example", "null")
    method: str = "POST"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("refused", "admitted", "repeated", "wildcard", "local"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        own = list(dict.fromkeys(_origin(text) for text in self.own))
        origins = [*own, *self.foreign]
        answers = dict(
            zip(
                origins,
                await asyncio.gather(*(self._ask(sources, one) for one in origins)),
                strict=True,
            )
        )
        return measured(
            "\n".join(_line(origin, answers[origin]) for origin in origins),
            names("refused", (o for o in own if not _lets_in(answers[o], o))),
            names("admitted", (o for o in self.foreign if _admits(answers[o], o))),
            names("repeated", (o for o in origins if len(_values(answers[o])) > 1)),
            names("wildcard", (o for o in origins if _wildcard(answers[o]))),
            names("local", (o for o in own if urlsplit(o).hostname in _LOOPBACK)),
        )

    async def _ask(self, sources: Sources, origin: str) -> Response:
        headers = (
            ("Origin", origin),
            ("Access-Control-Request-Method", self.method),
        )
        return await fetch(sources, Request(self.url, "OPTIONS", headers, self.ca))


def _origin(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else text


def _values(response: Response) -> tuple[str, ...]:
    return response.fields.get(_ALLOWED, ())


def _lets_in(response: Response, origin: str) -> bool:
    return response.status < 300 and set(_values(response)) == {origin}


def _admits(response: Response, origin: str) -> bool:
    return bool({origin, "*"} & set(_values(response)))


def _wildcard(response: Response) -> bool:
    trusted = response.headers.get(_CREDENTIALS, "").lower() == "true"
    return trusted and "*" in _values(response)


def _line(origin: str, response: Response) -> str:
    allowed = " and ".join(_values(response)) or "none"
    return f"{origin} → {response.status}, {_ALLOWED}: {allowed}"
