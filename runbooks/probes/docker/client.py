"""Asks a Docker Engine: the one place that knows its SDK, for all who do.

The SDK blocks, so each question is asked in a daemon thread; equal questions of a
pass are asked once, over one client.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import (
    AsyncIterator,
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

T = TypeVar("T")
SOCKET = "unix:///var/run/docker.sock"
"""Where an Engine listens unless it was told otherwise."""
OLDEST = "1.24"
"""Version of the API to begin with, until the Engine has said its own."""
LARGEST = 16 * 1024 * 1024
"""Bytes of an answer that is no stream; a larger one is none of an Engine."""
PIECE = 64 * 1024
"""Bytes of an answer that are read at once."""
LONGEST = 30
"""Seconds that any one question may take; the probe that asks has its own budget."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One Docker Engine.

    Attributes:
        url: ``unix:///path`` or ``tcp://host:port``.
    """

    url: str

    @classmethod
    def at(cls, host: str) -> Engine:
        """Return the Engine at *host*: a URL, or the path of a socket.

        Without one it is where ``DOCKER_HOST`` says, as for Docker's own command,
        or the usual socket.
        """
        url = host or os.environ.get("DOCKER_HOST", "") or SOCKET
        return cls(f"unix://{url}" if url.startswith("/") else url)

    @property
    def name(self) -> str:
        """The URL without a user and password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    @property
    def source(self) -> str:
        return f"docker {self.name}"

    @property
    def here(self) -> bool:
        """Whether the Engine's disks are this machine's."""
        return urlsplit(self.url).scheme == "unix"

    async def ask(
        self, sources: Sources, what: Hashable, call: Callable[[APIClient], T]
    ) -> T:
        """Return what *call* answers, asked once a pass for each *what*.

        Raises:
            ProbeError: the Engine cannot be reached, refused, or its answer is no
                answer of an Engine; stage ``tcp``, ``login``, ``timeout``, ``query``
                or ``configuration``.
        """

        return await sources.once(
            ("docker", self.url, what), lambda: self.ask_again(sources, call)
        )

    async def ask_again(self, sources: Sources, call: Callable[[APIClient], T]) -> T:
        """Return what *call* answers now, whoever has asked before.

        Raises:
            ProbeError: as `ask`.
        """
        client = await sources.client(("docker", self.url), lambda: self._open(sources))
        return await self.in_thread(lambda: call(client))

    async def inspect(self, sources: Sources, label: str) -> list[dict[str, Any]]:
        """Return every container with *label*, as the Engine describes it.

        What ``Config.Env`` of them holds is secret: hide it, or leave it alone.

        Args:
            label: ``KEY`` or ``KEY=VALUE``.

        Raises:
            ProbeError: as `ask`.
        """

        def inspected(client: APIClient) -> list[dict[str, Any]]:
            listed = client.containers(all=True, filters={"label": label})
            return _inspected(client, [each["Id"] for each in listed])

        return await self.ask(sources, ("inspected", label), inspected)

    async def inspect_again(
        self, sources: Sources, ids: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return these containers as they are now, without those that are gone.

        Raises:
            ProbeError: as `ask`.
        """
        return await self.ask_again(sources, lambda client: _inspected(client, ids))

    @asynccontextmanager
    async def _open(self, sources: Sources) -> AsyncIterator[APIClient]:
        if urlsplit(self.url).scheme not in ("unix", "tcp", "http", "https"):
            said = f"cannot reach {self.name}: write unix:///PATH or tcp://HOST:PORT"
            raise ProbeError(said, source=self.source, stage="configuration")
        # Slow to import and needed by few runbooks; the loop goes on meanwhile.
        await asyncio.to_thread(import_module, "docker")
        loop = asyncio.get_running_loop()

        def count(*_: object, **__: object) -> None:
            loop.call_soon_threadsafe(sources.asked, self.source)

        client = await self.in_thread(lambda: self.connect(count))
        try:
            yield client
        finally:
            client.close()

    def connect(self, count: Callable[..., None] = lambda *_, **__: None) -> APIClient:
        """Return a client that speaks the Engine's own version of the API.

        It blocks, and raises what the SDK does: call it by `in_thread`.

        Args:
            count: called after each request.
        """
        from docker import APIClient, utils

        if self.here:
            # The SDK forgets to close a socket that it could not connect.
            with socket.socket(socket.AF_UNIX) as trial:
                trial.settimeout(LONGEST)
                trial.connect(urlsplit(self.url).path)

        def speaking(version: str) -> APIClient:
            tls = utils.kwargs_from_env().get("tls") or False
            client = APIClient(self.url, version=version, timeout=LONGEST, tls=tls)
            # Proxies of the environment are for the internet, not for an Engine.
            client.trust_env = False
            client.hooks["response"] += [count, _bounded]
            return client

        with speaking(OLDEST) as client:
            version = client.version(api_version=False)["ApiVersion"]
        return speaking(version)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Return what *call* answers, which may block, from beside the loop.

        Raises:
            ProbeError: as `ask`.
        """
        with self.explaining():
            return await in_thread(call, "docker")

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Raise what the SDK raises meanwhile as a ProbeError, as `ask` does."""
        from docker.errors import DockerException

        try:
            yield
        except (DockerException, OSError, *_SHAPELESS) as error:
            said, stage = _explained(error)
            said = f"{self.name} {said.replace(self.url, self.name)}"
            raise ProbeError(said, source=self.source, stage=stage) from error


_SHAPELESS = (LookupError, TypeError, ValueError, struct.error)
"""What the SDK raises of answers that are none of an Engine."""


def _bounded(response: Response, *_: object, **options: Any) -> None:
    """Read a body that the SDK would read as a whole, however large it is.

    Raises:
        ValueError: it is larger than any that an Engine gives.
    """
    if options.get("stream"):
        return
    body = bytearray()
    for part in response.iter_content(PIECE):
        body += part
        if len(body) > LARGEST:
            response.close()
            raise ValueError(f"more than {LARGEST} bytes")
    response._content = bytes(body)


def _inspected(client: APIClient, ids: Iterable[str]) -> list[dict[str, Any]]:
    from docker.errors import NotFound

    answers = []
    for id in ids:
        # It may have been removed since it was listed.
        with suppress(NotFound):
            answers.append(client.inspect_container(id))
    return answers


def _explained(error: Exception) -> tuple[str, str]:
    """Return what went wrong, in a clause about the Engine, and its stage."""
    for cause in _causes(error):
        match cause:
            case FileNotFoundError():
                return "is not there; is the Engine running?", "tcp"
            case PermissionError():
                return "may not be opened; join its group, docker", "login"
            case ConnectionRefusedError():
                return "refused the connection", "tcp"
            case socket.gaierror():
                return "has no address", "name"
            case TimeoutError():
                return f"gave no answer in {LONGEST} s", "timeout"
    status = getattr(error, "status_code", None)
    if status is not None:
        why = str(getattr(error, "explanation", "") or "").strip()
        stage = "login" if status in (401, 403) else "query"
        return f"answered {status}: {why[:120]}", stage
    if isinstance(error, _SHAPELESS):
        return "gave an answer that no Engine gives", "query"
    if isinstance(error, OSError):
        return f"cannot be reached: {error}", "tcp"
    return f"cannot be asked: {error}", "configuration"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those it wraps: by chaining, or as an argument."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = (*cause.args, cause.__cause__, cause.__context__)
        waiting += [each for each in wrapped if isinstance(each, BaseException)]
