"""TcpProbe against real ports."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.tcp import TcpProbe


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


async def test_open_and_refused_ports(web: Any, closed_port: int) -> None:
    seen = await TcpProbe(host="127.0.0.1", port=[closed_port, web.port]).look()
    assert value(seen, f"port.{web.port}") == "open"
    assert value(seen, f"port.{closed_port}") == "refused"
    assert value(seen, "open") == str(web.port)
    latency = seen.reading("latency")
    assert latency and latency.unit == "s" and float(str(latency.value)) > 0


async def test_nothing_open_is_a_reading(closed_port: int) -> None:
    seen = await TcpProbe(host="127.0.0.1", port=closed_port).look()
    assert value(seen, "open") is None
    assert value(seen, "latency") is None


async def test_silent_port_is_a_timeout_within_the_budget(silent_port: int) -> None:
    probe = TcpProbe(host="127.0.0.1", port=silent_port, timeout=Duration(0.5))
    assert value(await probe.look(), f"port.{silent_port}") == "timeout"


async def test_host_without_address_cannot_be_judged() -> None:
    with pytest.raises(ProbeError, match=r"no address for nowhere\.invalid"):
        await TcpProbe(host="nowhere.invalid", port=80).look()


def test_ports_are_checked() -> None:
    assert TcpProbe.complaints({"port": [22, 70000]}) == [
        "port: 70000 is no port; write 1 to 65535"
    ]
    assert "99 ports" in TcpProbe.complaints({"port": list(range(1, 100))})[0]
    assert "0 ports" in TcpProbe.complaints({"port": []})[0]
