"""Login with OAuth providers, as far as the redirect to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from runbooks.probes.base import Measurement, measured
from runbooks.probes.fetching import Response
from runbooks.probes.http.cookies import flags_of, same_site
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources

_REDIRECTS = (302, 303, 307)


class OauthProbe(EndpointProbe, frozen=True, kw_only=True):
    """Begins a login with each provider, and stops at the redirect (RFC 6749, 4.1.1).

    The state that the redirect carries is a secret of that login: no reading and
    no evidence holds it.

    Readings:
        working: offered providers whose redirect names a client.
        broken: offered providers that answer anything else, with the answer.
        without_state: offered ones without ``state``: anyone can log a victim in.
        insecure: offered ones that come back by plain http.
        weak_cookie: offered ones whose state cookie is missing or lacks
            ``Secure``, ``HttpOnly`` or ``SameSite``.
        unoffered: other providers that are switched on all the same.

    Attributes:
        url: before the provider's name, such as ``https://api.test/auth/login``.
        offered: providers that users were promised.
        known: all that the application may offer.
        cookie: name of the cookie that holds the state.
    """

    offered: tuple[str, ...]
    known: tuple[str, ...] = ("google", "twitch")
    cookie: str = "tc_oauth_state"

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "working",
            "broken",
            "without_state",
            "insecure",
            "weak_cookie",
            "unoffered",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        asked = list(dict.fromkeys((*self.offered, *self.known)))
        base = self.url.rstrip("/")
        answers = await asyncio.gather(
            *(self.get(sources, f"{base}/{provider}") for provider in asked)
        )
        logins = dict(
            zip(asked, (_login(a, self.cookie) for a in answers), strict=True)
        )
        working = [p for p in self.offered if logins[p].works]
        return measured(
            "\n".join(f"{provider}: {logins[provider]}" for provider in asked),
            names("working", working),
            names(
                "broken",
                (f"{p} {logins[p].status}" for p in self.offered if p not in working),
            ),
            names("without_state", (p for p in working if not logins[p].state)),
            names("insecure", (p for p in working if logins[p].back != "https")),
            names("weak_cookie", (p for p in working if logins[p].lacks)),
            names(
                "unoffered",
                (p for p in asked if p not in self.offered and logins[p].works),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Login:
    """What one redirect says, without its secrets.

    Attributes:
        provider: host that it leads to.
        client: whether it names a client.
        back: scheme by which the browser comes back.
        lacks: what the state cookie lacks.
    """

    status: int
    provider: str
    client: bool
    state: bool
    back: str
    lacks: str

    @property
    def works(self) -> bool:
        return self.status in _REDIRECTS and self.client

    def __str__(self) -> str:
        if self.status not in _REDIRECTS:
            return str(self.status)
        client = "with a client id" if self.client else "without a client id"
        state = "with state" if self.state else "without state"
        cookie = f"cookie lacks {self.lacks}" if self.lacks else "cookie guarded"
        back = self.back or "no redirect_uri"
        return f"{self.status} → {self.provider} {client}, {state}, {back}, {cookie}"


def _login(response: Response, cookie: str) -> _Login:
    parts = urlsplit(response.headers.get("location", ""))
    query = parse_qs(parts.query)
    back = query.get("redirect_uri", [""])[0]
    return _Login(
        response.status,
        parts.hostname or "",
        bool(query.get("client_id", [""])[0].strip()),
        bool(query.get("state", [""])[0]),
        urlsplit(back).scheme,
        _lacks(response, cookie),
    )


def _lacks(response: Response, cookie: str) -> str:
    for text in response.fields.get("set-cookie", ()):
        if text.partition("=")[0].strip() == cookie:
            flags = flags_of(text)
            lacking = [
                said for said in ("Secure", "HttpOnly") if said.lower() not in flags
            ]
            lacking += ["SameSite"] * (not same_site(flags))
            return ", ".join(lacking)
    return f"everything: no {cookie} came"
