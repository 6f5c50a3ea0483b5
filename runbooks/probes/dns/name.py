"""A host name as resolvers and the servers of its zone have it."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.dns.asking import Asking, Said, server, system_resolvers
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class DnsProbe(Probe, frozen=True, kw_only=True):
    """Asks several resolvers and the zone's authoritative servers for a name.

    Each is asked for A and AAAA over UDP (TCP when the answer is cut), the
    authoritative ones for the SOA too, and the first resolver for NS and CAA.

    Readings:
        answers: whether any server says anything.
        addresses: all that were given, in order.
        resolvers: how many resolvers say anything.
        cname: what the name stands for, absent when it has its own records.
        ttl: the longest, in seconds.
        silent: servers that say nothing.
        failing: servers that have no such name or cannot tell (NXDOMAIN, SERVFAIL).
        differing: servers that give other addresses than most.
        unexpected: addresses given and not expected; none where none was given.
        serials: how many different serials the authoritative servers have.
        forbidden: the only certificate authorities that may sign (CAA), where the
            issuer is none of them; nothing is read where there are some and no
            issuer is named.

    Attributes:
        name: host name, or a URL with one.
        expected: addresses that it should have.
        resolvers: ``address`` or ``address:port``; the system's without any.
        authoritative: the same of the zone's servers; without any those that its
            NS records name.
        issuer: domain of the certificate authority, such as ``letsencrypt.org``.

    Raises:
        ProbeError: no resolver is known, or none answers anything at all.
    """

    name: str
    expected: tuple[str, ...]
    resolvers: tuple[str, ...] = ()
    authoritative: tuple[str, ...] = ()
    issuer: str = ""
    timeout: Duration = Duration(15)

    table: ClassVar[str] = "dns"
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "answers",
                "addresses",
                "resolvers",
                "cname",
                "silent",
                "failing",
                "differing",
                "unexpected",
                "serials",
                "forbidden",
            ),
            "",
        ),
        "ttl": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"silent", "failing", "differing", "unexpected", "forbidden", "cname"}
    )

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = []
        for key in ("resolvers", "authoritative"):
            for text in parameters.get(key) or ():
                try:
                    server(text)
                except ValueError:
                    wrong.append(f"{key}: {text!r} is no address or address:port")
        return wrong

    @property
    def host(self) -> str:
        return urlsplit(self.name).hostname or self.name

    @property
    def source(self) -> str:
        return f"dns {self.host}"

    async def measure(self, sources: Sources) -> Measurement:
        await asyncio.to_thread(import_module, "dns.asyncquery")
        asking = Asking(sources, self.source)
        resolvers = [server(text) for text in self.resolvers] or system_resolvers()
        owners = [server(text) for text in self.authoritative]
        owners = owners or await asking.owners(self.host, resolvers[0])
        servers = list(dict.fromkeys((*resolvers, *owners)))
        said = await asyncio.gather(*(asking.addresses(self.host, s) for s in servers))
        if not any(each.heard for each in said):
            raise ProbeError(
                f"no DNS server answers: {', '.join(map(str, servers))}",
                stage="timeout",
            )
        serials = await asyncio.gather(*(asking.serial(self.host, s) for s in owners))
        good = [each for each in said if not each.problem]
        usual = _usual(good)
        given = sorted({address for each in good for address in each.addresses})
        expected = {str(ipaddress.ip_address(text)) for text in self.expected}
        cnames = [name for each in good for name in each.cnames]
        readings = [
            Reading("answers", True),
            Reading("addresses", ", ".join(given) or None),
            Reading(
                "resolvers", len({e.server for e in said if e.heard} & {*resolvers})
            ),
            Reading("cname", cnames[-1] if cnames else None),
            Reading("ttl", max((each.ttl for each in good), default=None), "s"),
            _names("silent", [str(each.server) for each in said if not each.heard]),
            _names("failing", [str(e) for e in said if e.heard and e.problem]),
            _names(
                "differing",
                [str(each.server) for each in good if each.addresses != usual],
            ),
        ]
        if good:
            wrong = [address for address in given if address not in expected]
            readings.append(_names("unexpected", wrong or ["none"] * (not given)))
        known = {serial for serial in serials if serial is not None}
        if known:
            readings.append(Reading("serials", len(known)))
        lines = [str(each) for each in said]
        lines += [f"{s} SOA serial {n}" for s, n in zip(owners, serials, strict=True)]
        allowed = await asking.authorities(self.host, resolvers[0])
        lines.append(f"CAA: {', '.join(allowed) or 'any authority'}")
        if self.issuer or not allowed:
            forbidden = allowed if self.issuer not in allowed else []
            readings.append(_names("forbidden", forbidden))
        return Measurement({r.name: r for r in readings}, "\n".join(lines))


def _usual(said: Sequence[Said]) -> tuple[str, ...]:
    """The addresses that most servers give."""
    sets = [each.addresses for each in said if each.addresses]
    return max(sets, key=sets.count, default=())


def _names(name: str, found: Sequence[str]) -> Reading:
    return Reading(name, ", ".join(found) or None)
