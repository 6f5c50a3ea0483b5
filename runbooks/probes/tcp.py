"""Probe of TCP ports."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

MOST_PORTS = 64
"""More at once would be a scan, not a check of declared ports."""
PATIENCE = 0.8
"""Share of the budget after which a silent port counts as a timeout."""


class TcpProbe(Probe, frozen=True, kw_only=True):
    """Measures which TCP ports of a host accept a connection from here.

    Readings:
        port.N: ``open``, ``refused``, ``timeout`` or ``unreachable``.
        open: the open ports, ``80, 443``; absent when there is none.
        inside: addresses of the host that only its own network knows, so that what
            is open from here need not be open to the world; absent without one.
        latency: of the slowest port that opened, in seconds; absent without one.

    Attributes:
        host: name or address.
        port: one port or several, tried at the same time.

    Raises:
        ProbeError: the host has no address.
    """

    host: str
    port: int | list[int]
    timeout: Duration = Duration(5)

    readings: ClassVar[Mapping[str, str]] = {"open": "", "inside": "", "latency": "s"}
    naming: ClassVar[frozenset[str]] = frozenset({"open", "inside"})

    @classmethod
    def unit(cls, reading: str) -> str | None:
        if reading.startswith("port.") and reading[5:].isdecimal():
            return ""
        return cls.readings.get(reading)

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        port = parameters["port"]
        ports = port if isinstance(port, list) else [port]
        if not 0 < len(ports) <= MOST_PORTS:
            return [
                f"port: {len(ports)} ports; name at least 1 and at most {MOST_PORTS}"
            ]
        return [
            f"port: {number} is no port; write 1 to 65535"
            for number in ports
            if isinstance(number, int) and not 0 < number < 65536
        ]

    @property
    def source(self) -> str:
        return f"tcp {self.host}"

    async def measure(self, sources: Sources) -> Measurement:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout * PATIENCE
        try:
            found = await loop.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ProbeError(f"no address for {self.host}", stage="name") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        ports = self.port if isinstance(self.port, list) else [self.port]
        answers = await asyncio.gather(
            *(_connect(addresses, port, deadline) for port in ports)
        )
        opened = [
            (port, seconds)
            for port, (state, seconds) in zip(ports, answers, strict=True)
            if state == "open"
        ]
        closed = _closed(ports, [state for state, _ in answers])
        states = [
            Reading(f"port.{port}", state)
            for port, (state, _) in zip(ports, answers, strict=True)
        ]
        evidence = [f"{self.host} ({', '.join(addresses)}) from here"]
        evidence += [f"{reading.name[5:]} {reading.value}" for reading in states]
        open_ports = ", ".join(str(port) for port, _ in opened) or None
        latency = max((s for _, s in opened), default=None)
        readings = [
            *states,
            Reading("open", open_ports),
            Reading("inside", ", ".join(filter(_private, addresses)) or None),
            Reading("latency", latency, "s"),
        ]
        silent = ("open", "latency") if not opened else ("open",) if closed else ()
        return Measurement(
            {reading.name: reading for reading in readings},
            "\n".join(evidence),
            lacking=dict.fromkeys(silent, closed),
        )


def _private(address: str) -> bool:
    return not ipaddress.ip_address(address.partition("%")[0]).is_global


def _closed(ports: Sequence[int], states: Sequence[str]) -> str:
    """Say which ports did not open and why, such as ``1 of 2 refused: 8000``."""
    groups: dict[str, list[str]] = {}
    for port, state in zip(ports, states, strict=True):
        if state != "open":
            groups.setdefault(state, []).append(str(port))
    return ", ".join(
        f"{len(group)} of {len(ports)} {state}: {' '.join(group)}"
        for state, group in groups.items()
    )


async def _connect(
    addresses: list[str], port: int, deadline: float
) -> tuple[str, float]:
    """Try the addresses in turn until one accepts; return state and seconds."""
    started = perf_counter()
    state = "unreachable"
    for address in addresses:
        try:
            async with asyncio.timeout_at(deadline):
                _, writer = await asyncio.open_connection(address, port)
        except TimeoutError:
            return "timeout", perf_counter() - started
        except ConnectionRefusedError:
            state = "refused"
        except OSError:
            continue
        else:
            writer.transport.abort()
            return "open", perf_counter() - started
    return state, perf_counter() - started


PROBES = {"tcp": TcpProbe}
