"""Cookies that a stranger gets, and third parties that a page tells of visitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.html import parse
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class CookiesProbe(EndpointProbe, frozen=True, kw_only=True):
    """Lists the cookies that one response sets: names and flags, never values.

    Readings:
        status: code of the response.
        cookies: names of the cookies.
        insecure: those without ``Secure``.
        scriptable: those without ``HttpOnly``.
        cross_site: those without ``SameSite=Lax`` or ``Strict``.
        third_parties: other hosts that the page loads something from.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "status",
            "cookies",
            "insecure",
            "scriptable",
            "cross_site",
            "third_parties",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings) - {"status"}

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        cookies = response.fields.get("set-cookie", ())
        flags = {cookie.partition("=")[0]: flags_of(cookie) for cookie in cookies}
        foreign = parse(response.text, self.url).third_parties(self.url)
        lines = [*cookies] or ["no cookie is set"]
        return measured(
            "\n".join(
                [
                    f"GET {self.thing} → {response.status}",
                    *lines,
                    f"loads from: {', '.join(foreign) or 'nowhere else'}",
                ]
            ),
            Reading("status", response.status),
            names("cookies", flags),
            names("insecure", (n for n in flags if "secure" not in flags[n])),
            names("scriptable", (n for n in flags if "httponly" not in flags[n])),
            names("cross_site", (n for n in flags if not same_site(flags[n]))),
            names("third_parties", foreign),
        )


def flags_of(cookie: str) -> dict[str, str]:
    """Return the attributes of a Set-Cookie header, names in lower case."""
    items = (item.partition("=") for item in cookie.split(";")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in items}


def same_site(flags: Mapping[str, str]) -> bool:
    """Whether browsers keep the cookie to themselves at most foreign requests."""
    return flags.get("samesite", "").lower() in ("lax", "strict")
