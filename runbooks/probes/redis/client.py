"""Asks a Redis server: the one place that knows redis-py, for every probe of it.

A server gets one connection a pass, and no question twice: nothing is retried.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.base import Probe
from runbooks.probes.sources import Sources
from runbooks.secrets import within

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")
LONGEST = 8
"""Seconds that connecting or one answer may take; a probe has its own budget."""
MOST = 16 * 1024 * 1024
"""Bytes that are read of one server in a pass."""
SCHEMES = ("redis", "rediss", "unix")

_LOCAL = re.compile(r"(?i)localhost|127(\.\d+){3}|::1")
_LOGIN = re.compile(
    r"NOAUTH|WRONGPASS|NOPERM|invalid.*password|without any password"
    r"|already authenticated"
)


class RedisProbe(Probe, frozen=True, kw_only=True):
    """Asks one server; a subclass says what.

    Attributes:
        url: such as ``redis://:PASSWORD@HOST:6379/0``, ``rediss://`` for TLS.
        ca: file of the only certificate authorities to trust.
        password: where it does not stand in the URL.
    """

    url: str
    ca: str = ""
    password: str = ""

    table: ClassVar[str] = "redis"
    server: ClassVar[str] = "Redis"

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        url = parameters.get("url", "${")
        try:
            fits = "${" in url or urlsplit(url).scheme in SCHEMES
            _ = "${" in url or urlsplit(url).port
        except ValueError:
            fits = False
        return [] if fits else ["url is no redis, rediss or unix URL"]

    @property
    def source(self) -> str:
        url = urlsplit(self.url)
        return f"redis {url.netloc.rpartition('@')[2] or url.path}"

    @property
    def logs_in(self) -> bool:
        """Whether a password is given to the server."""
        return bool(self.password or urlsplit(self.url).password)

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("rediss:")

    @property
    def local(self) -> bool:
        """Whether the server is on this machine, so that no network is between."""
        url = urlsplit(self.url)
        return url.scheme == "unix" or bool(_LOCAL.fullmatch(url.hostname or ""))

    async def ask(self, sources: Sources, call: Callable[[Redis], Awaitable[T]]) -> T:
        """Return what *call* answers.

        Raises:
            ProbeError: no connection, login or answer, with the stage that failed.
        """
        sources.hide(*within(self.url))
        await asyncio.to_thread(import_module, "redis.asyncio")
        from redis.exceptions import RedisError

        key = ("redis", self.url, self.ca, self.password)
        try:
            client = await sources.client(key, self._open)
            sources.asked(self.source)
            return await call(client)
        except (RedisError, OSError, ValueError) as error:
            raise self._explained(error) from error

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Redis]:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        given: dict[str, Any] = {"password": self.password} if self.password else {}
        if self.encrypted and self.ca:
            given["ssl_ca_certs"] = self.ca
        pool = BlockingConnectionPool.from_url(
            self.url,
            max_connections=1,
            timeout=LONGEST,
            socket_timeout=LONGEST,
            socket_connect_timeout=LONGEST,
            retry=Retry(NoBackoff(), 0),
            **given,
        )
        pool.connection_class = _bounded(pool.connection_class)
        async with Redis.from_pool(pool) as client:
            yield client

    def _explained(self, error: Exception) -> ProbeError:
        host = self.source.removeprefix("redis ")
        said, stage = f"gave no answer that a Redis gives: {str(error)[:120]}", "query"
        for cause in _causes(error):
            match cause:
                case socket.gaierror():
                    said, stage = "has no address", "name"
                case ssl.SSLCertVerificationError():
                    said, stage = f"certificate: {cause.verify_message}", "tls"
                case ssl.SSLError():
                    said, stage = f"no TLS: {cause.reason or cause}", "tls"
                case ConnectionRefusedError():
                    said, stage = "refused the connection", "tcp"
                case TimeoutError():
                    said, stage = f"gave no answer in {LONGEST} s", "timeout"
                case ConnectionError() | asyncio.IncompleteReadError():
                    said, stage = "broke off the connection", "tcp"
                case _ if _LOGIN.search(str(cause)):
                    said, stage = f"refused the login: {str(cause)[:120]}", "login"
                case _:
                    continue
            break
        return ProbeError(f"{host} {said}", source=self.source, stage=stage)


class _Reader:
    """Reads no more than `MOST` bytes: a server says itself how long its text is."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._left = MOST

    async def readexactly(self, count: int) -> bytes:
        self._take(count)
        return await self._reader.readexactly(count)

    async def readline(self) -> bytes:
        line = await self._reader.readline()
        self._take(len(line))
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ValueError(f"more than {MOST} bytes")


def _bounded(kind: type[Any]) -> type[Any]:
    """Return a class of connections that reads so much and no more."""

    class Bounded(kind):  # type: ignore[misc]
        async def _connect(self) -> None:
            await super()._connect()
            reader: Any = self._reader
            self._reader: Any = _Reader(reader)

    return Bounded


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk from the error to what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
