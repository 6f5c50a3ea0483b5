"""TcpProbe against real ports."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.sources import Sources
from runbooks.probes.tcp import TcpProbe
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import Target


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


async def test_open_and_refused_ports(web: Any, closed_port: int) -> None:
    seen = await TcpProbe(host="127.0.0.1", port=[closed_port, web.port]).look(
        Sources()
    )
    assert value(seen, f"port.{web.port}") == "open"
    assert value(seen, f"port.{closed_port}") == "refused"
    assert value(seen, "open") == str(web.port)
    latency = seen.reading("latency")
    assert latency and latency.unit == "s" and float(str(latency.value)) > 0


async def test_nothing_open_is_a_reading(closed_port: int) -> None:
    seen = await TcpProbe(host="127.0.0.1", port=closed_port).look(Sources())
    assert value(seen, "open") is None
    assert value(seen, "latency") is None


@pytest.mark.parametrize(
    ("expect", "result", "reason"),
    [
        ({"open": "present"}, "pass", ""),
        ({"open": "80, 443"}, "fail", "1 of 2 refused: {closed}"),
        ({"open": "absent"}, "fail", "open: {open}"),
    ],
)
async def test_a_refused_port_is_named(
    web: Any, closed_port: int, expect: dict[str, Any], result: str, reason: str
) -> None:
    finding = await found([closed_port, web.port], expect)
    assert finding.result == result
    if reason:
        assert finding.reason == reason.format(closed=closed_port, open=web.port)


async def test_no_open_port_is_said_once(closed_port: int) -> None:
    finding = await found(closed_port, {"open": "present", "latency": "<= 1 s"})
    assert finding.reason == f"1 of 1 refused: {closed_port}"


async def found(ports: int | list[int], expect: dict[str, Any]) -> Finding:
    spec = ProbeSpec("tcp", expect, {"host": "127.0.0.1", "port": ports})
    step = Step("s", "x", "", 1, False, 0, "", StepOptions(probe=spec))
    return await Runner(Target("")).probe(step)


async def test_silent_port_is_a_timeout_within_the_budget(silent_port: int) -> None:
    probe = TcpProbe(host="127.0.0.1", port=silent_port, timeout=Duration(0.5))
    assert value(await probe.look(Sources()), f"port.{silent_port}") == "timeout"


async def test_host_without_address_cannot_be_judged() -> None:
    with pytest.raises(ProbeError, match=r"no address for nowhere\.invalid"):
        await TcpProbe(host="nowhere.invalid", port=80).look(Sources())


def test_ports_are_checked() -> None:
    assert TcpProbe.complaints({"port": [22, 70000]}) == [
        "port: 70000 is no port; write 1 to 65535"
    ]
    assert "99 ports" in TcpProbe.complaints({"port": list(range(1, 100))})[0]
    assert "0 ports" in TcpProbe.complaints({"port": []})[0]
