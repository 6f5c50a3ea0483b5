"""X.509 certificates (RFC 5280), read with cryptography."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_DAY = 86400
_LEAST = {"RSA": 2048, "EC": 256}
"""Bits of a key, below which it is weak (NIST SP 800-57)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one host shows.

    Attributes:
        mistrust: why the chain is not trusted, "" when it is.
        misnamed: the names it has instead, "" when it names the host.
        weak: the key, when that is too short.
    """

    host: str
    subject: str
    issuer: str
    ends: datetime
    days_left: float
    key: str
    serial: str
    fingerprint: str
    names: tuple[str, ...]
    mistrust: str
    misnamed: str
    weak: str
    staging: str

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.host}: {self.subject}",
                f"issued by {self.issuer}",
                f"until {self.ends:%Y-%m-%d %H:%M} UTC, {self.days_left:.1f} d left",
                f"names {', '.join(self.names) or 'none'}",
                f"key {self.key}, serial {self.serial}",
                f"SHA-256 {self.fingerprint}",
                f"not trusted: {self.mistrust}" if self.mistrust else "chain trusted",
            ]
        )


def read(place: str, host: str, der: bytes, mistrust: str) -> Shown:
    """Read the certificate (DER) that *host* shows, told as that of *place*.

    Args:
        mistrust: why its chain is not trusted, "" when it is.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    certificate = x509.load_der_x509_certificate(der)
    ends = certificate.not_valid_after_utc
    names = _names(certificate)
    issuer = certificate.issuer.rfc4514_string()
    kind, bits = _key(certificate)
    named = any(_matches(host, name) for name in names)
    test = "staging" in issuer.lower() or "fake le" in issuer.lower()
    return Shown(
        host=place,
        subject=certificate.subject.rfc4514_string() or "(no subject)",
        issuer=issuer,
        ends=ends,
        days_left=(ends - datetime.now(UTC)).total_seconds() / _DAY,
        key=f"{kind} {bits}",
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        names=names,
        mistrust=mistrust,
        misnamed="" if named else ", ".join(names) or "no name",
        weak=f"{kind} {bits}" if bits < _LEAST.get(kind, 0) else "",
        staging=issuer if test else "",
    )


def _key(certificate: Certificate) -> tuple[str, int]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
    return type(key).__name__.removesuffix("PublicKey"), getattr(key, "key_size", 256)


def _names(certificate: Certificate) -> tuple[str, ...]:
    """DNS names and addresses; the subject's common name counts for nothing."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*names, *map(str, addresses))


def _matches(host: str, name: str) -> bool:
    """Compare as RFC 9525, section 6 has it: a star stands for one whole label."""
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(name)
    except ValueError:
        wanted, given = (text.lower().rstrip(".").split(".") for text in (host, name))
    if given[0] == "*":
        wanted, given = wanted[1:], given[1:]
    return wanted == given and bool(given)
