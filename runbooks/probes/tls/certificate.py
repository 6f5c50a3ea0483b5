"""The certificate that a TLS server shows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.sources import Sources
from runbooks.probes.tls.handshake import Server, careless, server, shake
from runbooks.probes.tls.versions import complaint
from runbooks.probes.tls.x509 import Shown, read
from runbooks.references import references
from runbooks.results import Reading

if TYPE_CHECKING:
    from runbooks.target import Target


class CertificateProbe(Probe, frozen=True, kw_only=True):
    """Looks at the certificates of one host or several; the worst one is told.

    Readings:
        answers: whether somebody listens.
        untrusted: hosts whose chain does not lead to a root, with the reason; an
            intermediate certificate that is not sent is one, whatever a browser
            may have in its cache.
        misnamed: hosts that the certificate does not name.
        days_left: until the first of them ends, in days.
        weak_key: hosts with RSA below 2048 or an elliptic curve below 256 bits.
        key: kind and size, ``EC 256``, of the first to end.
        issuer: organisation or name of who signed the first to end.
        staging: hosts whose issuer is made for tests.
        serial, fingerprint: of the first to end, in hex; SHA-256.

    Attributes:
        url: https URL, ``host:port`` or host, or several.
        ca: file of the only certificate authorities to trust, from the profile
            beside the first URL if the step does not say; else the system's.

    Raises:
        ProbeError: nobody listens, or the server shows no certificate.
    """

    url: str | tuple[str, ...]
    ca: str = ""
    timeout: Duration = Duration(15)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "answers",
                "untrusted",
                "misnamed",
                "weak_key",
                "staging",
                "key",
                "issuer",
                "serial",
                "fingerprint",
            ),
            "",
        ),
        "days_left": "d",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"untrusted", "misnamed", "weak_key", "staging"}
    )

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        url = parameters["url"]
        urls = [url] if isinstance(url, str) else list(url)
        if not urls:
            return ["url: no host is named; name at least one"]
        return [wrong for each in urls for wrong in complaint(each)]

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        added: dict[str, Any] = {}
        for name in references(parameters.get("url"))[:1]:
            table = target.tables.get(name.partition(".")[0], {})
            if "ca" in table:
                added["ca"] = table["ca"]
        return {**added, **parameters}

    @property
    def source(self) -> str:
        return f"tls {', '.join(map(str, self._servers))}"

    @property
    def _servers(self) -> list[Server]:
        urls = (self.url,) if isinstance(self.url, str) else self.url
        return list(dict.fromkeys(server(url) for url in urls))

    async def measure(self, sources: Sources) -> Measurement:
        await asyncio.to_thread(import_module, "cryptography.x509")
        trust = await asyncio.to_thread(_trusting, self.ca)
        shown = await asyncio.gather(
            *(_show(sources, there, trust) for there in self._servers)
        )
        first = min(shown, key=lambda each: each.days_left)
        readings = [
            Reading("answers", True),
            Reading("days_left", first.days_left, "d"),
            Reading("key", first.key),
            Reading("issuer", first.issuer),
            Reading("serial", first.serial),
            Reading("fingerprint", first.fingerprint),
            _hosts("untrusted", shown, lambda each: each.mistrust),
            _hosts("misnamed", shown, lambda each: each.misnamed),
            _hosts("weak_key", shown, lambda each: each.weak),
            _hosts("staging", shown, lambda each: each.staging),
        ]
        lacking = {}
        if len(shown) > 1:
            lacking["days_left"] = f"{first.host}: {first.days_left:.1f} d left"
        return Measurement(
            {reading.name: reading for reading in readings},
            "\n\n".join(str(each) for each in shown),
            lacking=lacking,
        )


async def _show(sources: Sources, there: Server, trust: ssl.SSLContext) -> Shown:
    """Shake hands carelessly to see it, and with care to judge its chain."""
    seen = await shake(sources, there, careless())
    if not seen.certificate:
        raise ProbeError(
            f"no TLS with {there}: {seen.problem or 'it shows no certificate'}",
            source=there.source,
            stage="tls",
        )
    careful = await shake(sources, there, trust)
    mistrust = careful.problem if careful.verify_code else ""
    if careful.problem and not mistrust:
        raise ProbeError(
            f"no TLS with {there}: {careful.problem}", source=there.source, stage="tls"
        )
    return read(str(there), there.host, seen.certificate, mistrust)


def _trusting(ca: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise ProbeError(
            f"the certificates of {ca} cannot be read: {error}", stage="configuration"
        ) from error
    # The names are compared here, to tell a wrong name from a broken chain.
    context.check_hostname = False
    return context


def _hosts(name: str, shown: Sequence[Shown], wrong: Callable[[Shown], str]) -> Reading:
    found = (f"{each.host} ({wrong(each)})" for each in shown if wrong(each))
    return Reading(name, ", ".join(found) or None)
