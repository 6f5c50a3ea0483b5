"""Probe of an HTTP endpoint."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.answer import UNITS, Answer, unit
from runbooks.probes.base import Duration, Probe
from runbooks.references import references
from runbooks.results import Reading

if TYPE_CHECKING:
    from runbooks.target import Target

KEPT = 256 * 1024
"""Bytes of a body that patterns and JSON paths see."""
SHOWN = 2 * 1024
"""Bytes of a body that evidence holds."""

_TELLING = re.compile(
    r"content-|cache-control|location|server|via|vary|etag|retry-after|allow$"
    r"|strict-transport|x-frame|x-content|permissions-policy|referrer-policy"
    r"|access-control|www-authenticate"
)
_COOKIE = re.compile(r"^([^=;]*)=[^;]*")


class HttpProbe(Probe, frozen=True, kw_only=True):
    """Measures how an HTTP endpoint answers one request.

    Redirects are reported, not followed: a load balancer that starts to redirect
    is something the operator wants to see. Proxies of the environment are not
    used: what is measured is the way from here to there.

    Readings:
        answers: whether a response comes at all. A step that expects it is about
            being reachable: it fails, and is not unknown, when none comes.
        status: code of the response.
        latency: from the start of the connection to the last byte of the body,
            in seconds.
        size: of the decoded body, in bytes.
        location: where a redirect leads, absent without one.
        body: the body's text, for patterns.
        header.NAME, header.NAME.DIRECTIVE: a header, or one of its directives,
            such as ``header.strict-transport-security.max-age`` (in seconds).
        json.PATH: a value of a JSON body, such as ``json.checks.0.name``.

    Attributes:
        url: absolute http or https URL.
        ca: file of the only certificate authorities to trust; without one the
            system's. From the profile, beside the URL, if the step does not say.

    Raises:
        ProbeError: no complete response came within the budget. A 5xx response
            is no error: it is a reading.
    """

    url: str
    method: Literal["GET", "HEAD", "OPTIONS"] = "GET"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    ca: str = ""
    timeout: Duration = Duration(5)

    readings: ClassVar[Mapping[str, str]] = UNITS

    @classmethod
    def unit(cls, reading: str) -> str | None:
        return unit(reading)

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

    async def measure(self) -> Answer:
        # Slow to import and needed by few runbooks; the loop goes on meanwhile.
        await asyncio.to_thread(import_module, "httpx")
        import httpx

        stage = "tcp"

        async def follow(event: str, _: Mapping[str, Any]) -> None:
            nonlocal stage
            if event.endswith("start_tls.started"):
                stage = "tls"
            elif event.endswith("send_request_headers.started"):
                stage = "http"

        body = bytearray()
        size = 0
        client = httpx.AsyncClient(
            timeout=None, verify=await self._trust(), trust_env=False
        )
        started = perf_counter()
        try:
            async with (
                client,
                client.stream(
                    self.method,
                    self.url,
                    headers=self.headers,
                    extensions={"trace": follow},
                ) as response,
            ):
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    body += chunk[: KEPT - len(body)]
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ProbeError(str(error), stage="configuration") from error
        except (httpx.RequestError, ValueError) as error:
            raise self._unanswered(error, stage) from error
        seconds = perf_counter() - started
        location = response.headers.get("location")
        readings = (
            Reading("answers", True),
            Reading("status", response.status_code),
            Reading("latency", seconds, "s"),
            Reading("size", size, "B"),
            Reading("location", location),
            Reading("body", body.decode("utf-8", "replace")),
        )
        headers = {
            name: ", ".join(response.headers.get_list(name))
            for name in response.headers
        }
        if "set-cookie" in headers:
            headers["set-cookie"] = "; ".join(
                _COOKIE.sub(r"\1=…", cookie)
                for cookie in response.headers.get_list("set-cookie")
            )
        status = f"{response.http_version} {response.status_code}"
        first = f"{self.method} {self._shown()} → {status} in {seconds:.3g} s"
        return Answer(
            {reading.name: reading for reading in readings},
            "\n".join([first, *_told(headers), *_excerpt(bytes(body), size)]),
            headers,
            bytes(body),
        )

    async def _trust(self) -> ssl.SSLContext | bool:
        """The system's roots, or only the given authorities; nothing for http."""
        if not self.url.startswith("https:"):
            return False
        try:
            changed = os.stat(self.ca).st_mtime_ns if self.ca else 0
            return await asyncio.to_thread(_context, self.ca, changed)
        except (OSError, ssl.SSLError) as error:
            raise ProbeError(
                f"the certificates of {self.ca} cannot be read: {error}",
                stage="configuration",
            ) from error

    def _shown(self) -> str:
        """The URL without a user and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def _unanswered(self, error: Exception, stage: str) -> ProbeError:
        host = self.source.removeprefix("http ")
        for cause in _causes(error):
            match cause:
                case socket.gaierror():
                    return ProbeError(f"no address for {host}", stage="name")
                case ssl.SSLCertVerificationError():
                    said = f"certificate of {host}: {cause.verify_message}"
                    return ProbeError(said, stage="tls")
                case ssl.SSLError():
                    said = f"no TLS with {host}: {cause.reason or cause}"
                    return ProbeError(said, stage="tls")
                case ConnectionRefusedError():
                    return ProbeError(f"{host} refused the connection", stage="tcp")
                case OSError(strerror=str(said)):
                    return ProbeError(f"no connection to {host}: {said}", stage=stage)
        said = str(error).rstrip(".") or type(error).__name__
        return ProbeError(f"no answer from {host}: {said}", stage=stage)


@lru_cache(maxsize=8)
def _context(ca: str, changed: int) -> ssl.SSLContext:
    """Load roots once: it takes as long as a request. *changed* tells versions."""
    return ssl.create_default_context(cafile=ca or None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk what led to *error*, through groups as well."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__


def _told(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {headers[name]}" for name in headers if _TELLING.match(name)]


def _excerpt(body: bytes, size: int) -> list[str]:
    """The beginning of a body as text, with what was left out."""
    if not body:
        return []
    lines = ["", body[:SHOWN].decode("utf-8", "replace")]
    return [*lines, f"… {size} bytes in all"] if size > SHOWN else lines
