"""Faults of what HTTPS shows: the certificate, and what a proxy is told."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from runbooks.rehearsal import certificates, front
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.fault import Fault
from runbooks.rehearsal.faults.settling import refresh, restart, visit

_ISSUED = ("server.pem", "server.key")


def replace(days: float, deployment: Deployment, kept: Path) -> None:
    """Let the authority issue another certificate, valid for *days*."""
    for name in _ISSUED:
        deployment.layout.path("tls", name).rename(kept / name)
    certificates.issue(deployment.layout, days)
    restart(deployment, "api", "web")
    visit(deployment)


def restore(deployment: Deployment, kept: Path) -> None:
    for name in _ISSUED:
        if (kept / name).exists():
            (kept / name).rename(deployment.layout.path("tls", name))
    restart(deployment, "web")
    refresh(deployment)


def configure(lines: dict[str, str], deployment: Deployment, kept: Path) -> None:
    """Write other *lines*, by the name that each begins with."""
    file = front.front_file(deployment.layout)
    file.rename(kept / file.name)
    said = (kept / file.name).read_text().splitlines()
    said = [lines.get(line.partition(" ")[0], line) for line in said]
    file.write_text("\n".join(said) + "\n")
    restart(deployment, "api", "web")
    visit(deployment)


def configure_back(deployment: Deployment, kept: Path) -> None:
    file = front.front_file(deployment.layout)
    if (kept / file.name).exists():
        (kept / file.name).rename(file)
    restart(deployment, "web")
    refresh(deployment)


_HIDDEN = {"hidden": 'hidden = ["X-Content-Type-Options"]'}
_OLD = {
    "protocols": 'protocols = "TLSv1"',
    "ciphers": 'ciphers = "ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0"',
}
FAULTS = (
    Fault(
        "certificate-expires-soon",
        "The certificate of API and frontend expires in 5 days.",
        "certificate",
        partial(replace, 5),
        restore,
    ),
    Fault(
        "certificate-expired",
        "The certificate of API and frontend expired yesterday.",
        "certificate",
        partial(replace, -1),
        restore,
    ),
    Fault(
        "security-header-missing",
        "The proxy does not pass on the API's X-Content-Type-Options.",
        "proxy",
        partial(configure, _HIDDEN),
        configure_back,
    ),
    Fault(
        "tls-1.0-allowed",
        "API and frontend accept TLS 1.0 and the ciphers that go with it.",
        "proxy",
        partial(configure, _OLD),
        configure_back,
    ),
)
