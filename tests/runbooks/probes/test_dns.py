"""Probe of DNS names against bind9 servers that agree and disagree."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.dns import PROBES
from runbooks.probes.dns.name import DnsProbe
from runbooks.probes.sources import Sources
from tests.runbooks.probes.nginx import free_ports, needed

CONFIGURATION = """\
options {{
  directory "{directory}"; pid-file "{directory}/pid"; recursion no;
  session-keyfile "{directory}/session.key"; dnssec-validation no;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  notify no; empty-zones-enable no;
}};
controls {{ }};
zone "gonogo.test" {{ type primary; file "{directory}/zone"; }};
zone "broken.test" {{ type primary; file "{directory}/absent"; }};
"""
ZONE = """\
$TTL {ttl}
@ IN SOA ns.gonogo.test. admin.gonogo.test. {serial} 3600 600 86400 300
@ IN NS ns.gonogo.test.
ns IN A 127.0.0.1
api IN A {address}
api IN AAAA 2001:db8::10
app IN CNAME api
text IN TXT "no address"
many IN A 192.0.2.1
signed IN A 192.0.2.1
signed IN CAA 0 issue "letsencrypt.org; validationmethods=dns-01"
"""
ADDRESSES = ("192.0.2.10", "2001:db8::10")


@contextmanager
def named(directory: Path, port: int, **values: object) -> Iterator[str]:
    """Run bind9 with one zone of these values; yields ``address:port``."""
    zone = {"ttl": 300, "serial": 7, "address": "192.0.2.10", **values}
    (directory / "zone").write_text(ZONE.format(**zone))
    configuration = directory / "named.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port))
    program = needed("named", "bind9")
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen(
            [program, "-g", "-n", "1", "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, (directory / "said").read_text()
            assert time.monotonic() < deadline, "named did not start"
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    question = dns.message.make_query("gonogo.test", "SOA")
    try:
        dns.query.udp(question, "127.0.0.1", timeout=0.2, port=port)
    except (dns.exception.DNSException, OSError):
        return False
    return True


class Servers:
    """Two that agree, one with another address, one with other TTL and serial."""

    same: str
    again: str
    other: str
    newer: str


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    kinds: dict[str, dict[str, object]] = {
        "same": {},
        "again": {},
        "other": {"address": "198.51.100.1"},
        "newer": {"serial": 8, "ttl": 7200},
    }
    found = Servers()
    with ExitStack() as stack:
        for (name, values), port in zip(kinds.items(), free_ports(4), strict=True):
            directory = tmp_path_factory.mktemp(name)
            place = stack.enter_context(named(directory, port, **values))
            setattr(found, name, place)
        yield found


async def look(
    *resolvers: str,
    name: str = "api.gonogo.test",
    expected: tuple[str, ...] = ADDRESSES,
    authoritative: tuple[str, ...] = (),
    issuer: str = "",
) -> Measurement:
    probe = DnsProbe(
        name=name,
        expected=expected,
        resolvers=resolvers,
        authoritative=authoritative or resolvers[:1],
        issuer=issuer,
    )
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


def bad(seen: Measurement) -> dict[str, object]:
    """Return the readings that name what is wrong."""
    naming = DnsProbe.naming - {"cname"}
    said = {name: seen.reading(name) for name in naming}
    return {name: each.value for name, each in said.items() if each and each.value}


async def test_servers_that_agree(servers: Servers) -> None:
    seen = await look(servers.same, servers.again)
    assert bad(seen) == {}
    assert value(seen, "addresses") == "192.0.2.10, 2001:db8::10"
    assert value(seen, "cname") is None
    assert value(seen, "serials") == 1
    assert value(seen, "resolvers") == 2
    reading = seen.reading("ttl")
    assert reading and (reading.value, reading.unit) == (300, "s")
    assert f"{servers.same}: 192.0.2.10, 2001:db8::10, TTL 300 s" in seen.evidence


async def test_the_name_may_stand_in_a_url(servers: Servers) -> None:
    seen = await look(servers.same, name="https://api.gonogo.test:8443/health")
    assert bad(seen) == {}


async def test_a_name_that_stands_for_another(servers: Servers) -> None:
    seen = await look(servers.same, name="app.gonogo.test")
    assert value(seen, "cname") == "api.gonogo.test"
    assert bad(seen) == {}


async def test_a_resolver_that_differs_from_most(servers: Servers) -> None:
    seen = await look(servers.same, servers.other, servers.again)
    assert bad(seen) == {"differing": servers.other, "unexpected": "198.51.100.1"}


async def test_an_address_that_was_not_expected(servers: Servers) -> None:
    seen = await look(servers.same, expected=("192.0.2.99",))
    assert bad(seen) == {"unexpected": "192.0.2.10, 2001:db8::10"}


async def test_equal_addresses_in_another_spelling(servers: Servers) -> None:
    spelt = ("2001:0db8:0:0::10", "192.0.2.10")
    assert bad(await look(servers.same, expected=spelt)) == {}


async def test_authoritative_servers_of_different_age(servers: Servers) -> None:
    seen = await look(
        servers.same, authoritative=(servers.same, servers.newer, servers.again)
    )
    assert value(seen, "serials") == 2
    assert value(seen, "ttl") == 7200
    assert f"{servers.newer} SOA serial 8" in seen.evidence


async def test_a_name_that_is_not_there(servers: Servers) -> None:
    seen = await look(servers.same, name="gone.gonogo.test")
    assert bad(seen) == {"failing": f"{servers.same}: NXDOMAIN"}
    assert value(seen, "addresses") is None
    assert seen.reading("unexpected") is None


async def test_a_name_without_an_address(servers: Servers) -> None:
    seen = await look(servers.same, name="text.gonogo.test")
    assert bad(seen) == {"failing": f"{servers.same}: no address"}


async def test_a_server_that_cannot_tell(servers: Servers) -> None:
    seen = await look(servers.same, name="api.broken.test")
    assert bad(seen) == {"failing": f"{servers.same}: SERVFAIL"}


async def test_a_silent_server_beside_one_that_answers(
    servers: Servers, silence: str
) -> None:
    seen = await look(servers.same, silence)
    assert bad(seen) == {"silent": silence}
    assert value(seen, "resolvers") == 1


@pytest.mark.parametrize(
    ("issuer", "forbidden"),
    [("letsencrypt.org", {}), ("other.test", {"forbidden": "letsencrypt.org"})],
)
async def test_who_may_sign(
    servers: Servers, issuer: str, forbidden: dict[str, object]
) -> None:
    seen = await look(
        servers.same,
        name="signed.gonogo.test",
        expected=("192.0.2.1",),
        issuer=issuer,
    )
    assert bad(seen) == forbidden


async def test_who_may_sign_is_not_judged_without_an_issuer(servers: Servers) -> None:
    seen = await look(servers.same, name="signed.gonogo.test", expected=("192.0.2.1",))
    assert seen.reading("forbidden") is None
    assert "CAA: letsencrypt.org" in seen.evidence


async def test_the_same_question_is_asked_once_a_pass(servers: Servers) -> None:
    async with Sources() as sources:
        for name in ("api.gonogo.test", "https://api.gonogo.test/"):
            probe = DnsProbe(
                name=name,
                expected=ADDRESSES,
                resolvers=(servers.same,),
                authoritative=(servers.same,),
            )
            await probe.look(sources)
        # A, AAAA and SOA, and CAA of the name and of the domain above it.
        assert sources.requests == {"dns api.gonogo.test": 5}


@pytest.fixture
def silence() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{mute.getsockname()[1]}"


async def test_no_server_answers_at_all(silence: str) -> None:
    with pytest.raises(ProbeError, match="no DNS server answers") as caught:
        await look(silence)
    assert caught.value.stage == "timeout"
    assert caught.value.source == "dns api.gonogo.test"


async def test_no_time_for_an_answer(silence: str) -> None:
    probe = DnsProbe(
        name="a.test", expected=(), resolvers=(silence,), timeout=Duration(0.2)
    )
    async with Sources() as sources:
        with pytest.raises(ProbeError, match=r"no answer in 0\.2 s"):
            await probe.look(sources)


async def test_an_answer_that_is_no_dns() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", 0))
        liar.setblocking(False)
        place = f"127.0.0.1:{liar.getsockname()[1]}"
        loop = asyncio.get_running_loop()

        async def lie() -> None:
            while True:
                _, asker = await loop.sock_recvfrom(liar, 4096)
                await loop.sock_sendto(liar, b"\xff" * 40, asker)

        lying = asyncio.create_task(lie())
        with pytest.raises(ProbeError, match="no DNS server answers"):
            await look(place)
        lying.cancel()


@pytest.mark.parametrize("text", ["ns.test", "127.0.0.1:x", "", "[::1"])
def test_mistakes_in_addresses_of_servers_are_found(text: str) -> None:
    wrong = PROBES["dns"].complaints({"name": "a", "resolvers": [text]})
    assert wrong == [f"resolvers: {text!r} is no address or address:port"]
