"""Sends an Engine what changes something, word for word as it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from runbooks.changes import Call
from runbooks.probes.docker.client import LONGEST, Engine
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from docker import APIClient


class Request(msgspec.Struct, frozen=True):
    """One request of the Engine API that changes something.

    Attributes:
        path: with the version of the API, ``/v1.41/containers/…/stop``.
        seconds: how long the Engine may take for it by itself.
        body: what is sent along; it may hold secrets and is never shown.
        about: what is shown of the body.
    """

    method: str
    path: str
    query: Mapping[str, str] = {}
    seconds: float = 0.0
    body: Mapping[str, Any] | None = None
    about: str = ""

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"

    @property
    def call(self) -> Call:
        return Call(str(self), self.about)


async def version(engine: Engine, sources: Sources) -> str:
    """Return the version of the API as paths name it, ``v1.41``.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    said = await engine.ask(sources, "api version", lambda c: str(c.api_version))
    return f"v{said}"


async def send(engine: Engine, sources: Sources, request: Request) -> Mapping[str, Any]:
    """Make the request once, and return what the Engine answered.

    Raises:
        ProbeError: it refused (stage ``login`` or ``query``), or nobody knows.
    """

    def put(client: APIClient) -> Mapping[str, Any]:
        from docker.errors import APIError

        _, _, target = str(request).partition(" ")
        response = client.request(
            request.method,
            f"{client.base_url}{target}",
            json=request.body,
            timeout=LONGEST + request.seconds,
        )
        if not response.ok:
            said = _message(response.text)
            raise APIError(said, response, explanation=said)
        answer = msgspec.json.decode(response.content) if response.content else {}
        return answer if isinstance(answer, Mapping) else {}

    return await engine.ask_again(sources, put)


def _message(text: str) -> str:
    try:
        return str(msgspec.json.decode(text)["message"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return text
