"""Asks DNS servers one by one: the place that knows dnspython."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from dns.message import Message

PATIENCE = 2.0
"""Seconds after which a server that said nothing counts as silent."""
PORT = 53


@dataclass(frozen=True, slots=True)
class Server:
    address: str
    port: int

    def __str__(self) -> str:
        return self.address if self.port == PORT else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Said:
    """What one server says of the name.

    Attributes:
        heard: whether it said anything to each question.
        problem: SERVFAIL and the like, "" for an answer.
        addresses: none where the name leads, by `cnames`, to another zone.
    """

    server: Server
    heard: bool
    problem: str = ""
    addresses: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int = 0

    def __str__(self) -> str:
        if self.problem:
            return f"{self.server}: {self.problem}"
        way = "".join(f"{name} → " for name in self.cnames)
        addresses = ", ".join(self.addresses) or "no address"
        return f"{self.server}: {way}{addresses}, TTL {self.ttl} s"


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks DNS servers, and counts it."""

    sources: Sources
    source: str

    async def ask(self, name: str, kind: str, server: Server) -> Message | None:
        """Return the answer, that of an equal question of this pass if there was one.

        None when the server says nothing that can be understood.
        """
        key = ("dns", name, kind, server)
        return await self.sources.once(key, lambda: self._ask(name, kind, server))

    async def _ask(self, name: str, kind: str, server: Server) -> Message | None:
        import dns.asyncquery
        import dns.exception
        import dns.message

        self.sources.asked(self.source)
        try:
            question = dns.message.make_query(name, kind)
            answer, _ = await dns.asyncquery.udp_with_fallback(
                question, server.address, timeout=PATIENCE, port=server.port
            )
        except (dns.exception.DNSException, OSError):
            return None
        return answer

    async def addresses(self, name: str, server: Server) -> Said:
        answers = await asyncio.gather(
            *(self.ask(name, kind, server) for kind in ("A", "AAAA"))
        )
        heard = [answer for answer in answers if answer is not None]
        if len(heard) < len(answers):
            return Said(server, False, "no answer")
        for answer in heard:
            code = _code(answer)
            if code != "NOERROR":
                return Said(server, True, code)
        records = [record for answer in heard for record in answer.answer]
        given = sorted(str(r) for s in records if _type(s) in ("A", "AAAA") for r in s)
        names = [
            str(r.target).rstrip(".") for s in records if _type(s) == "CNAME" for r in s
        ]
        if not given:
            return Said(server, True, "no address")
        ttl = max(each.ttl for each in records)
        return Said(server, True, "", tuple(given), tuple(dict.fromkeys(names)), ttl)

    async def owners(self, name: str, resolver: Server) -> list[Server]:
        """Return the servers of the zone that *name* is in, as its NS records say."""
        for zone in _upwards(name):
            answer = await self.ask(zone, "NS", resolver)
            found = _values(answer, "NS", "target")
            if found:
                said = [await self.addresses(host, resolver) for host in found]
                return [Server(a, PORT) for each in said for a in each.addresses]
        return []

    async def serial(self, name: str, server: Server) -> int | None:
        """Return the serial of the zone, which also comes with "no such record"."""
        answer = await self.ask(name, "SOA", server)
        if answer is None:
            return None
        for record in (*answer.answer, *answer.authority):
            if _type(record) == "SOA":
                return int(record[0].serial)
        return None

    async def authorities(self, name: str, resolver: Server) -> list[str]:
        """Return who may sign, by the nearest CAA records (RFC 8659, section 3)."""
        for zone in _upwards(name):
            answer = await self.ask(zone, "CAA", resolver)
            records = [] if answer is None else answer.answer
            found = [r for s in records if _type(s) == "CAA" for r in s]
            if found:
                issuers = [r.value.decode() for r in found if r.tag == b"issue"]
                return [text.partition(";")[0].strip() or "nobody" for text in issuers]
        return []


def _code(answer: Message) -> str:
    import dns.rcode

    return str(dns.rcode.to_text(answer.rcode()))


def _type(record: Any) -> str:
    import dns.rdatatype

    return str(dns.rdatatype.to_text(record.rdtype))


def _values(answer: Message | None, kind: str, part: str) -> list[str]:
    records = [] if answer is None else answer.answer
    return [
        str(getattr(each, part)).rstrip(".")
        for record in records
        if _type(record) == kind
        for each in record
    ]


def _upwards(name: str) -> list[str]:
    """The name and the domains above it, without the top level."""
    labels = name.rstrip(".").split(".")
    return [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]


def server(text: str) -> Server:
    """Read ``address`` or ``address:port``; an IPv6 one with a port in brackets.

    Raises:
        ValueError: it is neither.
    """
    try:
        return Server(str(ipaddress.ip_address(text)), PORT)
    except ValueError:
        parts = urlsplit(f"//{text}")
        address = ipaddress.ip_address(parts.hostname or "")
        return Server(str(address), parts.port or PORT)


def system_resolvers() -> list[Server]:
    import dns.resolver

    try:
        known = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration as error:
        raise ProbeError(
            "no resolver: add resolvers under [dns] in the profile",
            stage="configuration",
        ) from error
    return [server(str(address)) for address in known]
