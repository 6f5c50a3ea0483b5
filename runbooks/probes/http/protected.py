"""Routes that strangers must not get an answer from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_REFUSED = (401, 403)
_UNDERSTOOD = 422
"""An empty object that was judged for its content had passed whoever asks who
it is from."""


class ProtectedProbe(EndpointProbe, frozen=True, kw_only=True):
    """Asks routes as a stranger, each once.

    Readings:
        refused: how many want a login or forbid it (401, 403).
        open: routes that answered 2xx, or judged the content of a POST.
        failing: routes that answered 5xx, so that nobody knows.
        others: routes with any other answer, with it: absent in this build, or
            elsewhere.

    Attributes:
        url: before the paths.
        paths: asked with GET.
        empty_posts: asked with POST and ``{}``, of which no route can make anything:
            for those that know no GET.

    Raises:
        ProbeError: a route did not answer, and none of the others is open.
    """

    paths: tuple[str, ...]
    empty_posts: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("refused", "open", "failing", "others"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"open", "failing", "others"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        if not parameters["paths"] and not parameters.get("empty_posts"):
            wrong.append("paths: no route is named; name at least one")
        return wrong

    @property
    def thing(self) -> str:
        return f"{len(self.paths) + len(self.empty_posts)} routes"

    async def measure(self, sources: Sources) -> Measurement:
        asked = {path: self._get(path) for path in self.paths}
        asked |= {f"POST {path}": self._post(path) for path in self.empty_posts}
        ended = await asyncio.gather(
            *(fetch(sources, request) for request in asked.values()),
            return_exceptions=True,
        )
        answers: dict[str, Response] = {}
        failed: list[BaseException] = []
        for route, end in zip(asked, ended, strict=True):
            if isinstance(end, BaseException):
                failed.append(end)
            else:
                answers[route] = end
        opened = [route for route, answer in answers.items() if _open(route, answer)]
        for error in failed:
            if not opened or not isinstance(error, ProbeError):
                raise error
        refused = [r for r, answer in answers.items() if answer.status in _REFUSED]
        failing = [r for r, answer in answers.items() if answer.status >= 500]
        known = {*opened, *refused, *failing}
        return measured(
            "\n".join(f"{route} → {answers[route].status}" for route in answers),
            Reading("refused", len(refused)),
            names("open", opened),
            names("failing", failing),
            names(
                "others",
                (f"{r} {answers[r].status}" for r in answers if r not in known),
            ),
        )

    def _get(self, path: str) -> Request:
        return Request(self.url.rstrip("/") + path, ca=self.ca)

    def _post(self, path: str) -> Request:
        headers = (("Content-Type", "application/json"),)
        url = self.url.rstrip("/") + path
        return Request(url, "POST", headers, self.ca, body=b"{}")


def _open(route: str, answer: Response) -> bool:
    posted = route.startswith("POST ")
    return answer.status < 300 or (posted and answer.status == _UNDERSTOOD)
