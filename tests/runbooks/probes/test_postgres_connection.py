"""Reaching PostgreSQL: addresses, TLS, and everything that can go wrong."""

from __future__ import annotations

import os
import pwd
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from runbooks.errors import ProbeError
from runbooks.probes import build, probe_class
from runbooks.probes.postgres.dsn import address
from runbooks.probes.sources import Sources
from runbooks.results import Result
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    judged,
    postgres_server,
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """PostgreSQL 16, whose build knows no TLS."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    """Debian's 15 with a certificate for localhost alone."""
    with postgres_server(debian=True) as server:
        certificate = authority.issue_cert("localhost")
        chain, key = (server.directory / name for name in ("chain.pem", "key.pem"))
        for part in certificate.cert_chain_pems:
            part.write_to_path(chain, append=True)
        key.touch(0o600)
        certificate.private_key_pem.write_to_path(key)
        if not os.getuid():
            nobody = pwd.getpwnam("nobody")
            for path in (chain, key):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        server.psql(
            f"alter system set ssl_cert_file = '{chain}'",
            f"alter system set ssl_key_file = '{key}'",
            "alter system set ssl = on",
        )
        server.stop()
        server.start()
        yield server


@pytest.fixture(scope="module")
def ca(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def at(server: PostgresServer, host: str, query: str = "") -> str:
    return server.dsn(query=query).replace("127.0.0.1", host)


@pytest.mark.parametrize(
    ("dsn", "url", "place"),
    [
        (
            "postgresql+psycopg://u:p%40ss%2F@h/db?sslmode=require&connect_timeout=3",
            "postgresql://u:p%40ss%2F@h:5432/db?sslmode=require",
            "h:5432/db",
        ),
        ("postgres://u@[::1]:5433/db", "postgresql://u@[::1]:5433/db", "[::1]:5433/db"),
        (
            "host=h user=u password='a b' dbname=x port=6432",
            "postgresql://u:a%20b@h:6432/x",
            "h:6432/x",
        ),
        (
            "postgresql://u@h1:1,h2/db?target_session_attrs=any&ssl=true",
            "postgresql://u@h1:1,h2:5432/db?target_session_attrs=any&sslmode=require",
            "h1:1,h2:5432/db",
        ),
        (
            "postgresql:///db?host=/run/postgresql&user=u&pool_size=3",
            "postgresql://u@/db?host=%2Frun%2Fpostgresql&port=5432",
            "/run/postgresql:5432/db",
        ),
    ],
)
def test_addresses_as_people_write_them(dsn: str, url: str, place: str) -> None:
    assert (address(dsn).url, address(dsn).place) == (url, place)


@pytest.mark.parametrize(
    "dsn",
    [
        *("mysql://u:geheim@h/x", "geheim", "postgresql:///db", "host='geheim"),
        *("postgresql://u:geheim/x@h/db", "postgresql://u:geheim#x@h/db"),
        *("postgresql://u:geheim?x@h/db", "postgresql://u:geheim@h:99999/db"),
        *("postgresql://u:12/geheim@h/db", "postgresql://u:geheim@[::1/db", ""),
        "host=/run user=u port=geheim",
    ],
)
async def test_what_is_no_address_is_never_told(dsn: str) -> None:
    with pytest.raises(ProbeError) as error:
        await look("postgres.version", dsn=dsn)
    assert error.value.stage == "configuration"
    assert "geheim" not in str(error.value) + error.value.source


async def test_an_address_in_key_words(server: PostgresServer) -> None:
    dsn = (
        f"host=127.0.0.1 port={server.port} user=gonogo"
        f" password='{PASSWORD}' dbname=postgres connect_timeout=3"
    )
    seen = await look("postgres.version", dsn=dsn)
    assert told(seen)["user"] == "gonogo"


async def test_a_socket(server: PostgresServer) -> None:
    directory = str(server.directory)
    dsn = f"postgresql://gonogo:{PASSWORD}@/postgres?host={directory}"
    said = told(await look("postgres.version", dsn=f"{dsn}&port={server.port}"))
    assert said["host"] == directory and "address" not in said
    with pytest.raises(ProbeError, match="no socket in") as error:
        await look("postgres.version", dsn=f"{dsn}&port=1")
    assert error.value.stage == "tcp"


@pytest.mark.parametrize(
    ("query", "tls"),
    [
        ("", "TLSv1.3"),
        ("?sslmode=disable", None),
        ("?sslmode=prefer", "TLSv1.3"),
        ("?sslmode=require", "TLSv1.3"),
        ("?ssl=true", "TLSv1.3"),
        ("?sslmode=verify-ca&sslrootcert={ca}", "TLSv1.3"),
        ("?sslmode=verify-full&sslrootcert={ca}", "TLSv1.3"),
    ],
)
async def test_tls(
    secured: PostgresServer, ca: str, query: str, tls: str | None
) -> None:
    dsn = at(secured, "localhost", query.format(ca=ca))
    said = told(await look("postgres.version", dsn=dsn))
    assert (said["encrypted"], said.get("tls")) == (tls is not None, tls)


async def test_a_name_that_the_certificate_does_not_hold(
    secured: PostgresServer, ca: str
) -> None:
    lenient = secured.dsn(query=f"?sslmode=verify-ca&sslrootcert={ca}")
    assert told(await look("postgres.version", dsn=lenient))["encrypted"] is True
    strict = secured.dsn(query=f"?sslmode=verify-full&sslrootcert={ca}")
    for parameters in ({"dsn": strict}, {"dsn": secured.dsn(), "ca": ca}):
        with pytest.raises(ProbeError, match="certificate of 127") as error:
            await look("postgres.version", **parameters)
        assert error.value.stage == "tls"


async def test_another_authority(secured: PostgresServer, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ProbeError, match="certificate of localhost") as error:
        await look("postgres.version", dsn=at(secured, "localhost"), ca=str(other))
    assert error.value.stage == "tls"


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_authority_that_cannot_be_read(
    secured: PostgresServer, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(ProbeError) as error:
        await look("postgres.version", dsn=at(secured, "localhost"), ca=str(file))
    assert error.value.stage == "configuration"
    assert str(file) in str(error.value)


async def test_a_server_without_tls(server: PostgresServer) -> None:
    with pytest.raises(ProbeError, match="does without TLS") as error:
        await look("postgres.version", dsn=server.dsn(query="?sslmode=require"))
    assert error.value.stage == "tls"


async def test_a_mode_that_nobody_knows(server: PostgresServer) -> None:
    with pytest.raises(ProbeError, match="sslmode") as error:
        await look("postgres.version", dsn=server.dsn(query="?sslmode=sometimes"))
    assert error.value.stage == "configuration"


async def test_a_database_that_is_not_there(server: PostgresServer) -> None:
    with pytest.raises(ProbeError, match="does not exist") as error:
        dsn = f"{server.dsn().removesuffix('/postgres')}/nowhere"
        await look("postgres.version", dsn=dsn)
    assert error.value.stage == "login"


async def test_a_wrong_password(server: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="refused the login") as error:
        await look("postgres.version", dsn=server.dsn(password="wrong-and-long"))
    assert error.value.stage == "login" and "wrong-and" not in str(error.value)


async def test_a_host_without_an_address() -> None:
    with pytest.raises(ProbeError, match="has no address") as error:
        await look("postgres.version", dsn="postgresql://u@postgres.invalid/db")
    assert error.value.stage == "name"


async def test_silence(silent_port: int) -> None:
    dsn = f"postgresql://u@127.0.0.1:{silent_port}/db"
    with pytest.raises(ProbeError) as error:
        await look("postgres.version", dsn=dsn, timeout="200ms")
    assert error.value.stage == "timeout"


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """Listen, and answer each connection with what is given, then close it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            for each in answers:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.recv(1000)
                    client.sendall(each)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"",
        b"S" + b"\x15\x03\x01\x00\x02\x02\x28",
        b"N\x00\x01\x02\x03",
        b"R\x00\x00\x00\x08\x00\x00\x00\x63",
        b"E\x00\x00\x00\x04",
        b"\xff" * 64,
        b"Z\x00\x00\x00\x01I",
    ],
)
@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
async def test_something_else_answers(garbage: bytes, mode: str) -> None:
    with answering(garbage, garbage) as port:
        dsn = f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/db?sslmode={mode}"
        with pytest.raises(ProbeError) as error:
            await look("postgres.version", dsn=dsn, timeout="2s")
    assert error.value.stage in ("query", "tcp", "tls", "timeout")
    assert PASSWORD not in str(error.value)


async def test_unreachable_fails_where_the_step_asks_for_that(
    closed_port: int, server: PostgresServer, tmp_path: Path
) -> None:
    gone = PostgresServer(closed_port, server.directory, server.programs)
    use = "postgres.version"
    finding = await judged(tmp_path, gone, use, {"answers": True})
    assert finding.result is Result.FAIL and PASSWORD not in str(finding)
    finding = await judged(tmp_path, gone, use, {"major": ">= 16"})
    assert finding.result is Result.UNKNOWN and PASSWORD not in str(finding)


async def test_a_server_that_ends_under_way() -> None:
    with postgres_server() as server:
        said = {"dsn": server.dsn()}
        query = build(probe_class("postgres.query"), {**said, "statement": "select 1"})
        async with Sources() as sources:
            await build(probe_class("postgres.version"), said).look(sources)
            server.stop()
            for probe, why in (
                (build(probe_class("postgres.connections"), said), "broke off"),
                (query, "refused the connection"),
            ):
                with pytest.raises(ProbeError, match=why) as error:
                    await probe.look(sources)
                assert error.value.stage == "tcp"


async def test_a_look_that_takes_too_long_leaves_nothing_behind(
    server: PostgresServer,
) -> None:
    sleeps = "select 'tell-tale', pg_sleep(4)::text as nothing"
    with pytest.raises(ProbeError, match=r"no answer in 0\.2 s") as error:
        await look(
            "postgres.query", dsn=server.dsn(), statement=sleeps, timeout="200ms"
        )
    assert error.value.stage == "timeout"
    left = "select count(*) from pg_stat_activity where usename = 'gonogo'"
    assert server.psql(left) == "0"
