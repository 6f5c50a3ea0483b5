"""Probes of services that answer JSON over HTTP: Prometheus, Grafana and the like."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.base import Probe
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.sources import Sources

LARGEST = 8 * 1024 * 1024
"""Bytes of an answer; a larger one is not what was asked for."""


class ServiceProbe(Probe, frozen=True, kw_only=True):
    """Asks one service; a subclass says what, and names the profile's table.

    Attributes:
        url: of the service, without a path unless it is served below one.
        ca: file of the only certificate authorities to trust.
        token: sent as a bearer token.
        user, password: sent as basic authentication.
    """

    url: str
    ca: str = ""
    token: str = ""
    user: str = ""
    password: str = ""

    @property
    def source(self) -> str:
        """The table of the profile and the host, so that it reads as one thing."""
        return f"{self.table} {urlsplit(self.url).netloc.rpartition('@')[2]}"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every request says besides who asks."""
        return ()

    async def ask(
        self, sources: Sources, path: str, query: Mapping[str, str] | None = None
    ) -> Response:
        """GET a path, once a pass.

        Raises:
            ProbeError: no response, or the service wants another login.
        """
        url = self.url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        headers = self.headers
        if self.token:
            headers += (("Authorization", f"Bearer {self.token}"),)
        elif self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            sources.hide(pair)
            headers += (("Authorization", f"Basic {pair}"),)
        request = Request(url, headers=headers, ca=self.ca, keep=LARGEST)
        try:
            response = await fetch(sources, request)
        except ProbeError as error:
            error.source = self.source
            raise
        if response.status in (401, 403):
            said = "wants a login" if response.status == 401 else "forbids this"
            raise ProbeError(
                f"{self.source} {said} ({response.status})",
                source=self.source,
                stage="login",
            )
        return response

    async def ask_json(
        self, sources: Sources, path: str, query: Mapping[str, str] | None = None
    ) -> Any:
        """GET a path and return the decoded body.

        Raises:
            ProbeError: no response, another status than 200, or no JSON.
        """
        response = await self.ask(sources, path, query)
        if response.status != 200:
            raise ProbeError(
                f"{path} answered {response.status}", source=self.source, stage="query"
            )
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise ProbeError(
                f"{path} answered something that is no JSON",
                source=self.source,
                stage="query",
            ) from error
