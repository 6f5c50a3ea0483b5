"""Probes of TLS against nginx, with certificates of a throwaway authority."""

from __future__ import annotations

import datetime
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.sources import Sources
from runbooks.probes.tls import PROBES
from runbooks.probes.tls.certificate import CertificateProbe
from runbooks.probes.tls.versions import VersionsProbe
from tests.runbooks.probes.nginx import free_ports, needed, nginx

GOOD = "ECDHE+AESGCM"
SERVERS = {
    "good": ("good", "TLSv1.2 TLSv1.3", GOOD),
    "expiring": ("expiring", "TLSv1.2 TLSv1.3", GOOD),
    "expired": ("expired", "TLSv1.2 TLSv1.3", GOOD),
    "elsewhere": ("elsewhere", "TLSv1.2 TLSv1.3", GOOD),
    "star": ("star", "TLSv1.2 TLSv1.3", GOOD),
    "stranger": ("stranger", "TLSv1.2 TLSv1.3", GOOD),
    "unchained": ("unchained", "TLSv1.2 TLSv1.3", GOOD),
    "chained": ("chained", "TLSv1.2 TLSv1.3", GOOD),
    "short": ("short", "TLSv1.2 TLSv1.3", "ALL:@SECLEVEL=0"),
    "obsolete": ("good", "TLSv1", "ALL:@SECLEVEL=0"),
    "mixed": ("good", "TLSv1.1 TLSv1.2", "ALL:@SECLEVEL=0"),
    "weak": ("good", "TLSv1.2 TLSv1.3", "ECDHE-ECDSA-AES128-SHA"),
}
"""By name: certificate, versions and ciphers of one nginx server."""


@dataclass
class Servers:
    ca: str
    ports: dict[str, int]

    def url(self, name: str) -> str:
        return f"https://localhost:{self.ports[name]}"


def in_days(days: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)


def write(directory: Path, name: str, leaf: trustme.LeafCert, chained: bool) -> None:
    blobs = leaf.cert_chain_pems if chained else leaf.cert_chain_pems[:1]
    pem = b"".join(blob.bytes() for blob in blobs)
    (directory / f"{name}.pem").write_bytes(pem)
    leaf.private_key_pem.write_to_path(str(directory / f"{name}.key"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    directory = tmp_path_factory.mktemp("nginx")
    ca = trustme.CA(organization_name="Tests")
    ca.cert_pem.write_to_path(str(directory / "ca.pem"))
    below = ca.create_child_ca()
    leaves = {
        "good": ca.issue_cert("localhost", "127.0.0.1", not_after=in_days(90)),
        "expiring": ca.issue_cert("localhost", not_after=in_days(5)),
        "expired": ca.issue_cert(
            "localhost", not_before=in_days(-9), not_after=in_days(-2)
        ),
        "elsewhere": ca.issue_cert("other.test"),
        "star": ca.issue_cert("*.localhost"),
        "stranger": trustme.CA().issue_cert("localhost"),
        "unchained": below.issue_cert("localhost"),
        "chained": below.issue_cert("localhost"),
    }
    for name, leaf in leaves.items():
        write(directory, name, leaf, chained=name != "unchained")
    words = (
        "req -x509 -newkey rsa:1024 -nodes -keyout short.key -out short.pem "
        "-addext subjectAltName=DNS:localhost -subj"
    )
    subprocess.run(
        [needed("openssl", "openssl"), *words.split(), "/O=STAGING Tests"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    ports = dict(zip([*SERVERS, "plain"], free_ports(len(SERVERS) + 1), strict=True))
    blocks = [f"server {{ listen 127.0.0.1:{ports['plain']}; return 200; }}"]
    blocks += [
        f"server {{ listen 127.0.0.1:{ports[name]} ssl; "
        f"ssl_certificate {directory}/{certificate}.pem; "
        f"ssl_certificate_key {directory}/{certificate}.key; "
        f"ssl_protocols {versions}; ssl_ciphers {ciphers}; return 200; }}"
        for name, (certificate, versions, ciphers) in SERVERS.items()
    ]
    with nginx(directory, "\n".join(blocks), list(ports.values())):
        yield Servers(str(directory / "ca.pem"), ports)


async def certificate(servers: Servers, *names: str, ca: str = "") -> Measurement:
    urls = tuple(servers.url(name) for name in names)
    async with Sources() as sources:
        return await CertificateProbe(url=urls, ca=ca or servers.ca).look(sources)


async def versions(servers: Servers, name: str) -> Measurement:
    async with Sources() as sources:
        return await VersionsProbe(url=servers.url(name)).look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


def days(seen: Measurement) -> float:
    return float(str(value(seen, "days_left")))


def bad(seen: Measurement) -> set[str]:
    """Return the readings that name a host where something is wrong."""
    naming = CertificateProbe.naming
    return {name for name in naming if value(seen, name) is not None}


async def test_a_good_certificate(servers: Servers) -> None:
    seen = await certificate(servers, "good")
    assert bad(seen) == set()
    assert 89 < days(seen) <= 90
    assert value(seen, "key") == "EC 256"
    assert "Tests" in str(value(seen, "issuer"))
    assert value(seen, "answers") is True
    assert "chain trusted" in seen.evidence


async def test_one_that_ends_soon_is_still_good(servers: Servers) -> None:
    seen = await certificate(servers, "expiring")
    assert 4 < days(seen) <= 5
    assert bad(seen) == set()


async def test_one_that_ended(servers: Servers) -> None:
    seen = await certificate(servers, "expired")
    assert -3 < days(seen) < -1
    assert "expired" in str(value(seen, "untrusted"))


@pytest.mark.parametrize(
    ("name", "reading", "said"),
    [
        ("elsewhere", "misnamed", "other.test"),
        ("star", "misnamed", "*.localhost"),
        ("stranger", "untrusted", "issuer"),
        ("unchained", "untrusted", "issuer"),
    ],
)
async def test_what_a_client_would_refuse(
    servers: Servers, name: str, reading: str, said: str
) -> None:
    seen = await certificate(servers, name)
    assert bad(seen) == {reading}
    assert said in str(value(seen, reading))
    assert f"localhost:{servers.ports[name]}" in str(value(seen, reading))


async def test_a_chain_that_is_sent_whole_is_trusted(servers: Servers) -> None:
    assert bad(await certificate(servers, "chained")) == set()


async def test_a_short_key_of_an_authority_for_tests(servers: Servers) -> None:
    seen = await certificate(servers, "short")
    assert bad(seen) == {"untrusted", "weak_key", "staging"}
    assert "RSA 1024" in str(value(seen, "weak_key"))


async def test_of_several_hosts_the_worst_is_told(servers: Servers) -> None:
    seen = await certificate(servers, "good", "expiring", "elsewhere")
    assert 4 < days(seen) <= 5
    assert bad(seen) == {"misnamed"}
    assert seen.lacking["days_left"].startswith(
        f"localhost:{servers.ports['expiring']}: "
    )


async def test_modern_versions_with_good_ciphers(servers: Servers) -> None:
    seen = await versions(servers, "good")
    assert value(seen, "obsolete") is None
    assert value(seen, "modern") == "TLS 1.2, TLS 1.3"
    assert value(seen, "weak") is None
    assert value(seen, "1.0") is False and value(seen, "1.3") is True


async def test_nothing_but_an_obsolete_version(servers: Servers) -> None:
    seen = await versions(servers, "obsolete")
    assert value(seen, "obsolete") == "TLS 1.0"
    assert value(seen, "modern") is None
    assert value(seen, "weak") is None


async def test_an_obsolete_version_beside_a_modern_one(servers: Servers) -> None:
    seen = await versions(servers, "mixed")
    assert value(seen, "obsolete") == "TLS 1.1"
    assert value(seen, "modern") == "TLS 1.2"
    assert "TLS 1.1" in seen.evidence


async def test_a_weak_cipher_is_named(servers: Servers) -> None:
    assert value(await versions(servers, "weak"), "weak") == "ECDHE-ECDSA-AES128-SHA"


async def test_a_server_without_tls(servers: Servers) -> None:
    with pytest.raises(ProbeError, match="no TLS with localhost") as caught:
        await certificate(servers, "plain")
    assert caught.value.stage == "tls"


async def test_a_server_without_tls_accepts_no_version(servers: Servers) -> None:
    seen = await versions(servers, "plain")
    assert value(seen, "modern") is None and value(seen, "obsolete") is None


@pytest.mark.parametrize("name", sorted(PROBES))
async def test_nobody_listens(name: str, closed_port: int) -> None:
    probe = PROBES[name](url=f"https://127.0.0.1:{closed_port}")
    async with Sources() as sources:
        with pytest.raises(ProbeError, match="refused the connection") as caught:
            await probe.look(sources)
    assert caught.value.stage == "tcp"
    assert caught.value.source == f"tls 127.0.0.1:{closed_port}"


@pytest.mark.parametrize("name", sorted(PROBES))
async def test_a_host_that_has_no_address(name: str) -> None:
    async with Sources() as sources:
        with pytest.raises(ProbeError, match="no address") as caught:
            await PROBES[name](url="https://nowhere.invalid").look(sources)
    assert caught.value.stage == "name"


@pytest.mark.parametrize("name", sorted(PROBES))
async def test_a_server_that_says_nothing(name: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        async with Sources() as sources:
            with pytest.raises(ProbeError, match="no answer in") as caught:
                await PROBES[name](url=url, timeout=Duration(0.3)).look(sources)
    assert caught.value.stage == "timeout"


async def test_authorities_that_cannot_be_read(servers: Servers) -> None:
    with pytest.raises(ProbeError, match=r"/none\.pem cannot be read") as caught:
        await certificate(servers, "good", ca="/none.pem")
    assert caught.value.stage == "configuration"


@pytest.mark.parametrize("url", ["https://", "a:99999", "host:0", "https://[::1"])
@pytest.mark.parametrize("name", sorted(PROBES))
def test_mistakes_in_addresses_are_found(name: str, url: str) -> None:
    assert len(PROBES[name].complaints({"url": url})) == 1


def test_no_host_at_all_is_a_mistake() -> None:
    assert CertificateProbe.complaints({"url": []}) == [
        "url: no host is named; name at least one"
    ]
