"""Probes of TLS servers: the versions they accept, and their certificates."""

from __future__ import annotations

from runbooks.probes.tls.certificate import CertificateProbe
from runbooks.probes.tls.versions import VersionsProbe

PROBES = {"tls.certificate": CertificateProbe, "tls.versions": VersionsProbe}
