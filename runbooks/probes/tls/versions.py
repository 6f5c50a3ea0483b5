"""Which versions of TLS a server accepts."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.sources import Sources
from runbooks.probes.tls.handshake import (
    Handshake,
    Server,
    can_offer,
    careless,
    server,
    shake,
)
from runbooks.results import Reading

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OBSOLETE = ("1.0", "1.1")
_WEAK = "SHA1:SHA256:SHA384:MD5:!aNULL"
"""Suites of TLS 1.2 that authenticate with HMAC, which are those with CBC, 3DES and
RC4; the others are AEAD (RFC 9325, section 4.2)."""


class VersionsProbe(Probe, frozen=True, kw_only=True):
    """Shakes hands once with each version of TLS, and once with weak ciphers alone.

    The client refuses nothing by itself (OpenSSL's security level 0), so a refusal
    is the server's. Where this machine's OpenSSL cannot even try a version, nothing
    is read for it.

    Readings:
        answers: whether somebody listens.
        1.0, 1.1, 1.2, 1.3: whether the server accepts that version.
        obsolete: names of TLS 1.0 and 1.1, where accepted.
        modern: names of TLS 1.2 and 1.3, where accepted.
        weak: the cipher that TLS 1.2 settles on when it may not have a good one,
            absent when the server then refuses; nothing is read where this
            machine has no weak cipher.

    Attributes:
        url: https URL, ``host:port`` or host.
    """

    url: str
    timeout: Duration = Duration(15)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", *_VERSIONS, "obsolete", "modern", "weak"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"obsolete", "modern", "weak"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        return complaint(parameters["url"])

    @property
    def source(self) -> str:
        return self._server.source

    @property
    def _server(self) -> Server:
        return server(self.url)

    async def measure(self, sources: Sources) -> Measurement:
        found: dict[str, Handshake] = {}
        untried: list[str] = []
        for name, version in _VERSIONS.items():
            with _obsolete_allowed():
                context = _offering(version)
            if context is None:
                untried.append(name)
            else:
                found[name] = await shake(sources, self._server, context)
        lines = [f"TLS {name}: {_said(end)}" for name, end in found.items()]
        lines += [f"TLS {name}: this machine's OpenSSL cannot try" for name in untried]
        accepted = [name for name, end in found.items() if not end.problem]
        readings = [Reading("answers", True)]
        readings += [Reading(name, not end.problem) for name, end in found.items()]
        modern = [name for name in accepted if name not in _OBSOLETE]
        readings.append(_named("modern", modern))
        obsolete = [name for name in accepted if name in _OBSOLETE]
        if obsolete or not set(_OBSOLETE) & set(untried):
            readings.append(_named("obsolete", obsolete))
        weak = await self._weak(sources) if "1.2" in accepted else None
        if weak:
            lines.append(f"TLS 1.2 with weak ciphers alone: {_said(weak)}")
        if weak or ("1.2" in found and "1.2" not in accepted):
            readings.append(Reading("weak", (weak and weak.cipher) or None))
        return Measurement({r.name: r for r in readings}, "\n".join(lines))

    async def _weak(self, sources: Sources) -> Handshake | None:
        try:
            context = careless(ssl.TLSVersion.TLSv1_2, _WEAK)
        except ssl.SSLError:
            return None
        return await shake(sources, self._server, context)


def complaint(url: str) -> list[str]:
    """Return what is wrong with an address to shake hands with."""
    if "${" in url:
        return []
    try:
        server(url)
    except ValueError as error:
        return [f"url: {error}"]
    return []


def _offering(version: ssl.TLSVersion) -> ssl.SSLContext | None:
    """A client of this version alone, None where this machine has none."""
    try:
        context = careless(version)
    except (ValueError, ssl.SSLError):
        return None
    return context if can_offer(context) else None


@contextmanager
def _obsolete_allowed() -> Iterator[None]:
    """Python warns of the old versions, which is what is being found out here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _named(name: str, versions: list[str]) -> Reading:
    return Reading(name, ", ".join(f"TLS {each}" for each in versions) or None)


def _said(end: Handshake) -> str:
    return f"refused ({end.problem})" if end.problem else f"accepted, {end.cipher}"
