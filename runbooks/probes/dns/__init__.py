"""Probe of DNS names."""

from __future__ import annotations

from runbooks.probes.dns.name import DnsProbe

PROBES = {"dns": DnsProbe}
