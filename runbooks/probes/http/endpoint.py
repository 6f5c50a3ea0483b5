"""One request to an HTTP endpoint, and the base of probes that make several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec

from runbooks.probes.answer import UNITS, Answer, unit
from runbooks.probes.base import Duration, Probe
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.sources import Sources
from runbooks.references import references
from runbooks.results import Reading

if TYPE_CHECKING:
    from runbooks.target import Target

SHOWN = 2 * 1024
"""Bytes of a body that evidence holds."""

_TELLING = re.compile(
    r"content-|cache-control|location|server|via|vary|etag|retry-after|allow$"
    r"|strict-transport|x-frame|x-content|permissions-policy|referrer-policy"
    r"|access-control|www-authenticate"
)
_TOKEN = re.compile(
    r"([?&#](?:state|code|nonce|sig|signature|x-amz-signature|[a-z_]*token)=)[^&#]*",
    re.IGNORECASE,
)


class EndpointProbe(Probe, frozen=True, kw_only=True):
    """Asks one host over HTTP; a subclass says what.

    Attributes:
        url: absolute http or https URL.
        ca: file of the only certificate authorities to trust; without one the
            system's. From the profile, beside the URL, if the step does not say.
    """

    url: str
    ca: str = ""

    server: ClassVar[str] = "such endpoint"

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        url = parameters["url"]
        if "${" in url:
            return []
        try:
            parts = urlsplit(url)
            whole = parts.scheme in ("http", "https") and parts.hostname
            wrong = "" if whole and parts.port != 0 else "it is no http or https URL"
        except ValueError as error:
            wrong = str(error)
        return [f"url: {url!r} cannot be asked: {wrong}; write it whole"] * bool(wrong)

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        added: dict[str, Any] = {}
        for name in references(parameters.get("url"))[:1]:
            table = target.tables.get(name.partition(".")[0], {})
            if "ca" in table:
                added["ca"] = table["ca"]
        return {**added, **parameters}

    @property
    def source(self) -> str:
        return f"http {urlsplit(self.url).netloc.rpartition('@')[2] or self.url}"

    @property
    def thing(self) -> str:
        return urlsplit(self.url).path or "/"

    async def get(self, sources: Sources, url: str = "", sample: int = 0) -> Response:
        """GET a URL, this probe's own without one; equal ones once a pass.

        Raises:
            ProbeError: no complete response.
        """
        return await fetch(sources, Request(url or self.url, ca=self.ca, sample=sample))


class HttpProbe(EndpointProbe, frozen=True, kw_only=True):
    """Measures how an HTTP endpoint answers one request.

    Redirects are reported, not followed: a load balancer that starts to redirect
    is something the operator wants to see. Proxies of the environment are not
    used: what is measured is the way from here to there.

    Readings:
        answers: whether a response comes at all. A step that expects it is about
            being reachable: it fails, and is not unknown, when none comes.
        status: code of the response.
        latency: from the request to the last byte of the body, in seconds, with
            the connection where this pass had none to that host yet.
        size: of the decoded body, in bytes.
        location: where a redirect leads, absent without one.
        body: the body's text, for patterns.
        repeated: names of headers that came more than once.
        header.NAME, header.NAME.DIRECTIVE: a header, or one of its directives,
            such as ``header.strict-transport-security.max-age`` (in seconds).
        json.PATH: a value of a JSON body, such as ``json.checks.0.name``, or with
            ``length`` at the end the number of items of a list.

    Attributes:
        personal: the body says something of a person, so evidence leaves it out.

    Raises:
        ProbeError: no complete response came within the budget. A 5xx response
            is no error: it is a reading.
    """

    method: Literal["GET", "HEAD", "OPTIONS"] = "GET"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    personal: bool = False
    timeout: Duration = Duration(5)

    readings: ClassVar[Mapping[str, str]] = UNITS
    naming: ClassVar[frozenset[str]] = frozenset({"repeated"})

    @classmethod
    def unit(cls, reading: str) -> str | None:
        return unit(reading)

    async def measure(self, sources: Sources) -> Answer:
        asked = Request(self.url, self.method, tuple(self.headers.items()), self.ca)
        response = await fetch(sources, asked)
        headers = _without_tokens(response.headers)
        readings = (
            Reading("answers", True),
            Reading("status", response.status),
            Reading("latency", response.seconds, "s"),
            Reading("size", response.size, "B"),
            Reading("location", headers.get("location")),
            Reading("body", response.text),
            Reading("repeated", ", ".join(sorted(response.repeated)) or None),
        )
        status = f"{response.version} {response.status}"
        seconds = f"{response.seconds:.3g} s"
        first = f"{self.method} {self._shown()} → {status} in {seconds}"
        excerpt = [] if self.personal else _excerpt(response.body, response.size)
        return Answer(
            {reading.name: reading for reading in readings},
            "\n".join([first, *_told(headers), *excerpt]),
            headers,
            response.body,
        )

    def _shown(self) -> str:
        """The URL without a user and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _without_tokens(headers: Mapping[str, str]) -> dict[str, str]:
    """Hide what a redirect hands on to log somebody in."""
    return {
        name: _TOKEN.sub(r"\1…", value) if name == "location" else value
        for name, value in headers.items()
    }


def _told(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {headers[name]}" for name in headers if _TELLING.match(name)]


def _excerpt(body: bytes, size: int) -> list[str]:
    """The beginning of a body as text, with what was left out."""
    if not body:
        return []
    lines = ["", body[:SHOWN].decode("utf-8", "replace")]
    return [*lines, f"… {size} bytes in all"] if size > SHOWN else lines
