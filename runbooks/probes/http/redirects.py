"""Where plain HTTP leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.target import SOURCE as PROFILE

MOST_HOPS = 10
"""Redirects that are followed; a browser gives up at about twice as many."""


class RedirectsProbe(Probe, frozen=True, kw_only=True):
    """Follows the redirects from plain HTTP to where they end.

    Readings:
        answers: whether plain HTTP is answered at all.
        status: code of the first response.
        location: where it leads, absent without a redirect.
        https, same_host: whether every hop leads to https, and to the same host.
        hops: redirects until an answer that is none.
        final_status: code of that answer.

    Attributes:
        host: asked on port 80.
        redirect_url: asked instead, where plain HTTP has another address.
        path: asked on the host.
        ca: file of the only certificate authorities to trust at https hops.

    Raises:
        ProbeError: no response, or a redirect to an address that cannot be asked.
    """

    host: str = ""
    redirect_url: str = ""
    path: str = "/health"
    ca: str = ""

    table: ClassVar[str] = "api"
    server: ClassVar[str] = "such endpoint"
    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "answers",
            "status",
            "location",
            "https",
            "same_host",
            "hops",
            "final_status",
        ),
        "",
    )

    @property
    def start(self) -> str:
        return self.redirect_url or f"http://{self.host}{self.path}"

    @property
    def source(self) -> str:
        return f"http {urlsplit(self.start).netloc}"

    async def measure(self, sources: Sources) -> Measurement:
        if not urlsplit(self.start).hostname:
            raise ProbeError("no [api] host in the profile", source=PROFILE)
        url = self.start
        first = response = await fetch(sources, Request(url, ca=self.ca))
        evidence = [f"{url} → {response.status}"]
        places: list[str] = []
        while (place := _location(response, url)) and len(places) < MOST_HOPS:
            places.append(place)
            url = place
            response = await fetch(sources, Request(url, ca=self.ca))
            evidence.append(f"{url} → {response.status}")
        host = urlsplit(self.start).hostname
        return measured(
            "\n".join(evidence),
            Reading("answers", True),
            Reading("status", first.status),
            Reading("location", places[0] if places else None),
            Reading("https", _all(places, lambda p: urlsplit(p).scheme == "https")),
            Reading("same_host", _all(places, lambda p: urlsplit(p).hostname == host)),
            Reading("hops", len(places)),
            Reading("final_status", response.status),
        )


def _location(response: Response, url: str) -> str:
    if not 300 <= response.status < 400:
        return ""
    place = response.headers.get("location", "")
    return urljoin(url, place) if place else ""


def _all(places: list[str], holds: Callable[[str], bool]) -> bool:
    return bool(places) and all(holds(place) for place in places)
