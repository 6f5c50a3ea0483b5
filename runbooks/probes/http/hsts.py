"""HTTP Strict Transport Security (RFC 6797)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_HEADER = "strict-transport-security"


class HstsProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads what an https endpoint promises browsers about https.

    Readings:
        max_age: for how long, in seconds, the least of several copies; absent
            without the header or its number.
        include_subdomains, preload: whether every copy says so.
        copies: how often the header came; a browser obeys the first.
        conflicting: the copies, absent when they agree.
    """

    readings: ClassVar[Mapping[str, str]] = {
        "max_age": "s",
        "include_subdomains": "",
        "preload": "",
        "copies": "",
        "conflicting": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"conflicting"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        copies = response.fields.get(_HEADER, ())
        said = [_directives(copy) for copy in copies]
        ages = [
            int(each["max-age"]) for each in said if each.get("max-age", "").isdecimal()
        ]
        differing = len({tuple(sorted(each.items())) for each in said}) > 1
        lines = [f"{_HEADER}: {copy}" for copy in copies] or [f"no {_HEADER}"]
        return measured(
            "\n".join([f"GET {self.thing} → {response.status}", *lines]),
            Reading("max_age", min(ages, default=None), "s"),
            *(
                Reading(name, bool(said) and all(directive in each for each in said))
                for name, directive in (
                    ("include_subdomains", "includesubdomains"),
                    ("preload", "preload"),
                )
            ),
            Reading("copies", len(copies)),
            Reading("conflicting", " and ".join(copies) if differing else None),
        )


def _directives(header: str) -> dict[str, str]:
    pairs = (item.strip().partition("=") for item in header.split(";"))
    return {name.strip().lower(): value.strip(' "') for name, _, value in pairs if name}
