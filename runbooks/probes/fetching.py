"""Asks HTTP servers: the one place that knows how, for every probe that speaks it.

Equal requests of a pass are made once, connections are kept for the next one, and
a host with a budget is asked no more often than that.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    import httpx

KEPT = 4 * 1024 * 1024
"""Bytes of a body that are kept where a request does not say: a whole OpenAPI
document, and one that never ends does no harm."""
RESTING = 60
"""Seconds to ask nothing of a host that answered 429 and did not say how long."""
LONGEST_REST = 3600.0
"""Seconds of rest that a host may ask for; nobody is kept from looking for ever."""
LONGEST = 30.0
"""Seconds that any one request may take; the probe that asks has its own budget."""

_COOKIE = re.compile(r"^([^=;]*)=[^;]*")


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        url: absolute http or https URL.
        ca: file of the only certificate authorities to trust, "" for the system's.
        body: sent as it is; requests with one are never shared.
        keep: bytes of the body that the response holds at most.
        sample: which of several equal requests it is; equal ones are made once.
        rationed: False where a person agreed to more than the host's budget.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    ca: str = ""
    body: bytes | None = None
    keep: int = KEPT
    sample: int = 0
    rationed: bool = True

    @property
    def host(self) -> str:
        """Host and port as written, without a user and password."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or self.url

    @property
    def source(self) -> str:
        return f"http {self.host}"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back.

    Attributes:
        headers: by lower-case name; several of one name joined by ", ", cookies by
            "; " and without their values.
        fields: every value of each header, cookies without theirs.
        body: decoded, at most as many bytes as the request keeps.
        size: of the whole decoded body, in bytes.
        wire: of the body as it was sent, in bytes.
        seconds: from the start, with the connection if one had to be made.
    """

    status: int
    version: str
    headers: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]
    body: bytes
    size: int
    wire: int
    seconds: float

    @property
    def repeated(self) -> frozenset[str]:
        """Names of headers that came more than once."""
        return frozenset(name for name in self.fields if len(self.fields[name]) > 1)

    @property
    def encoding(self) -> str:
        """How the body was compressed on the way, "" for not at all."""
        return self.headers.get("content-encoding", "").strip().lower()

    @property
    def text(self) -> str:
        """The body as text, broken UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")


async def fetch(sources: Sources, request: Request) -> Response:
    """Return the response, that of an equal request of this pass if there was one.

    Redirects are not followed and proxies of the environment not used: what is
    measured is the way from here to there.

    Raises:
        ProbeError: no complete response came, with the stage that failed: ``name``,
            ``tcp``, ``tls``, ``http``, ``budget`` or ``configuration``.
    """
    if request.body is not None:
        return await _ask(sources, request)
    return await sources.once(request, lambda: _ask(sources, request))


async def _ask(sources: Sources, request: Request) -> Response:
    budget = sources.budget(request.host) if request.rationed else None
    if budget and sources.requests[request.source] >= budget.rate:
        said = f"{budget.rate} requests in one pass are enough for {request.host}"
        raise ProbeError(said, source=request.source, stage="budget")
    sources.asked(request.source)
    try:
        if budget:
            await budget.take(sources.pause)
        async with asyncio.timeout(LONGEST):
            response = await _exchange(sources, request)
        if budget and response.status == 429:
            wait = response.headers.get("retry-after", "")
            rest = max(1.0, float(wait)) if wait.isdecimal() else RESTING
            budget.close(min(rest, LONGEST_REST))
            budget.heed()
        return response
    except TimeoutError as error:
        raise ProbeError(
            f"no answer in {LONGEST:g} s", source=request.source, stage="timeout"
        ) from error
    except ProbeError as error:
        error.source = request.source
        raise


async def _exchange(sources: Sources, request: Request) -> Response:
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

    trust = await _trust(request)
    client = await sources.client(("http", id(trust)), lambda: _client(trust))
    body = bytearray()
    size = 0
    started = perf_counter()
    try:
        async with client.stream(
            request.method,
            request.url,
            headers=list(request.headers),
            content=request.body,
            extensions={"trace": follow},
        ) as response:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                body += chunk[: request.keep - len(body)]
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ProbeError(str(error), stage="configuration") from error
    except (httpx.RequestError, ValueError) as error:
        raise _unanswered(error, request.host, stage) from error
    names = dict.fromkeys(name.lower() for name in response.headers)
    fields = {name: _values(response.headers, name) for name in names}
    return Response(
        status=response.status_code,
        version=response.http_version,
        headers={
            name: ("; " if name == "set-cookie" else ", ").join(values)
            for name, values in fields.items()
        },
        fields=fields,
        body=bytes(body),
        size=size,
        wire=response.num_bytes_downloaded,
        seconds=perf_counter() - started,
    )


@asynccontextmanager
async def _client(trust: ssl.SSLContext | bool) -> AsyncIterator[httpx.AsyncClient]:
    import httpx

    async with httpx.AsyncClient(timeout=None, verify=trust, trust_env=False) as client:
        yield client


def _values(headers: httpx.Headers, name: str) -> tuple[str, ...]:
    values = headers.get_list(name)
    if name != "set-cookie":
        return tuple(values)
    return tuple(_COOKIE.sub(r"\1=…", cookie) for cookie in values)


async def _trust(request: Request) -> ssl.SSLContext | bool:
    """The system's roots, or only the given authorities; nothing for http."""
    if not request.url.startswith("https:"):
        return False
    try:
        changed = os.stat(request.ca).st_mtime_ns if request.ca else 0
        return await asyncio.to_thread(_context, request.ca, changed)
    except (OSError, ssl.SSLError) as error:
        raise ProbeError(
            f"the certificates of {request.ca} cannot be read: {error}",
            stage="configuration",
        ) from error


@lru_cache(maxsize=8)
def _context(ca: str, changed: int) -> ssl.SSLContext:
    """Load roots once: it takes as long as a request. *changed* tells versions."""
    return ssl.create_default_context(cafile=ca or None)


def _unanswered(error: Exception, host: str, stage: str) -> ProbeError:
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


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk what led to *error*, through groups as well."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__
