"""Routes that an application says it has, and whether its webhooks are guarded."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Request, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_GUARDED = (400, 401, 403)
_SIGNATURE = ("Stripe-Signature", "t=1,v1=" + "0" * 64)
"""Of the right form, made with no key at all."""


class RoutesProbe(EndpointProbe, frozen=True, kw_only=True):
    """Finds routes by name in an OpenAPI document.

    Readings:
        routes: those that the pattern is found in.
        paths: how many there are in all.

    Attributes:
        url: of the document, ``…/openapi.json``.
        pattern: regular expression, without regard to case.

    Raises:
        ProbeError: there is no such document.
    """

    pattern: str

    readings: ClassVar[Mapping[str, str]] = {"routes": "", "paths": ""}
    naming: ClassVar[frozenset[str]] = frozenset({"routes"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        try:
            re.compile(parameters["pattern"])
        except re.error as error:
            wrong.append(f"pattern: {error}; correct the regular expression")
        return wrong

    async def measure(self, sources: Sources) -> Measurement:
        paths = await self.paths(sources)
        found = self.matching(paths)
        said = ", ".join(found) or f"none has {self.pattern}"
        return measured(
            f"{len(paths)} paths in {self.thing}: {said}",
            names("routes", found),
            Reading("paths", len(paths)),
        )

    async def paths(self, sources: Sources) -> Mapping[str, Any]:
        """Return the document's paths with their operations by method.

        Raises:
            ProbeError: the answer is no OpenAPI document.
        """
        response = await self.get(sources)
        if response.status != 200:
            raise ProbeError(
                f"{self.thing} answered {response.status}, so its routes are unknown",
                stage="query",
            )
        try:
            paths = json.loads(response.body)["paths"]
        except (ValueError, KeyError, TypeError, RecursionError):
            paths = None
        if not isinstance(paths, dict):
            raise ProbeError(f"{self.thing} is no OpenAPI document", stage="query")
        return paths

    def matching(self, paths: Mapping[str, Any]) -> list[str]:
        pattern = re.compile(self.pattern, re.IGNORECASE)
        return [path for path in paths if pattern.search(path)]


class WebhooksProbe(RoutesProbe, frozen=True, kw_only=True):
    """Sends webhook routes an empty event, unsigned and with a worthless signature.

    Readings:
        routes: routes that take a POST and that the pattern is found in.
        paths: how many there are in all.
        guarded: those that refused both (400, 401, 403).
        accepted: those that took one (2xx).
        failing: those that answered anything else, such as 500.
    """

    intrusive: ClassVar[str] = "sends an unsigned webhook"
    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("routes", "paths", "guarded", "accepted", "failing"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings) - {"paths"}

    async def measure(self, sources: Sources) -> Measurement:
        paths = await self.paths(sources)
        found = [
            path
            for path in self.matching(paths)
            if isinstance(paths[path], dict) and "post" in paths[path]
        ]
        answers = dict(
            zip(
                found,
                await asyncio.gather(*(self._send(sources, path) for path in found)),
                strict=True,
            )
        )
        guarded = [p for p in found if all(s in _GUARDED for s in answers[p])]
        accepted = [p for p in found if any(200 <= s < 300 for s in answers[p])]
        known = {*guarded, *accepted}
        lines = (
            f"POST {path} unsigned → {first}, wrongly signed → {second}"
            for path, (first, second) in answers.items()
        )
        return measured(
            "\n".join(lines) or f"no webhook among {len(paths)} paths",
            names("routes", found),
            Reading("paths", len(paths)),
            names("guarded", guarded),
            names("accepted", accepted),
            names("failing", (path for path in found if path not in known)),
        )

    async def _send(self, sources: Sources, path: str) -> tuple[int, int]:
        url = self.url.partition("?")[0].rpartition("/")[0] + path
        kind = ("Content-Type", "application/json")
        statuses = []
        for headers in ((kind,), (kind, _SIGNATURE)):
            request = Request(url, "POST", headers, self.ca, body=b"{}")
            statuses.append((await fetch(sources, request)).status)
        return statuses[0], statuses[1]
