"""Headers that make browsers careful."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Response
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_CSP = "content-security-policy"
_FRAMES = "x-frame-options"
_VALID = {
    _FRAMES: re.compile(r"(?i)(deny|sameorigin)"),
    "x-content-type-options": re.compile(r"(?i)nosniff"),
}
"""What a browser understands; anything else protects from nothing."""


class HeadersProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads the security headers of one response.

    ``frame-ancestors`` in the policy stands for X-Frame-Options, as browsers have
    it (CSP Level 3, section 6.4.2).

    Readings:
        status: code of the response.
        missing: names of needed headers that did not come.
        recommended_missing: the same of those that are only recommended.
        invalid: headers with a value that no browser understands.
        unsafe: ``unsafe-inline`` and the like in the content security policy.
        repeated: headers that came more than once with the same value.
        conflicting: headers that came more than once and disagree.
        server: the Server header, absent when none tells what runs here.

    Attributes:
        needed, recommended: names of headers, lower case.
    """

    needed: tuple[str, ...] = (_CSP, _FRAMES, "x-content-type-options")
    recommended: tuple[str, ...] = ("permissions-policy", "referrer-policy")

    naming: ClassVar[frozenset[str]] = frozenset(
        {
            "missing",
            "recommended_missing",
            "invalid",
            "unsafe",
            "repeated",
            "conflicting",
            "server",
        }
    )
    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("status", *sorted(naming)), ""
    )

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        came = response.fields
        policy = response.headers.get(_CSP, "")
        framed = "frame-ancestors" in policy.lower()
        asked = (*self.needed, *self.recommended)
        several = [name for name in asked if len(came.get(name, ())) > 1]
        agreeing = {name for name in several if len(set(came[name])) == 1}
        return measured(
            _evidence(response, asked, self.thing),
            Reading("status", response.status),
            names(
                "missing",
                (
                    name
                    for name in self.needed
                    if name not in came and not (name == _FRAMES and framed)
                ),
            ),
            names(
                "recommended_missing", (n for n in self.recommended if n not in came)
            ),
            names("invalid", _invalid(response)),
            names("unsafe", re.findall(r"unsafe-[a-z-]+", policy)),
            names("repeated", (name for name in several if name in agreeing)),
            names("conflicting", (name for name in several if name not in agreeing)),
            Reading("server", response.headers.get("server")),
        )


def _invalid(response: Response) -> list[str]:
    return [
        f"{name}: {value}"
        for name, valid in _VALID.items()
        for value in response.fields.get(name, ())
        if not valid.fullmatch(value.strip())
    ]


def _evidence(response: Response, asked: tuple[str, ...], path: str) -> str:
    lines = [
        f"{name}: {value}"
        for name in (*asked, "server")
        for value in response.fields.get(name, ("(none)",))
    ]
    return "\n".join([f"GET {path} → {response.status}", *lines])
