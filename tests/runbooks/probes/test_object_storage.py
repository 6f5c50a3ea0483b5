"""Probes of a bucket against moto's server, which checks every signature."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from runbooks.errors import ProbeError
from runbooks.probes import build, probe_class
from runbooks.probes.sources import Sources
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.s3_server import S3Server, s3_server, serving


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def backups(s3: S3Server) -> str:
    """A bucket with two dumps, checksums and media."""
    name = s3.bucket("acme-backups")
    s3.put(name, "backups/postgres/transcripts_daily_1.sql.gz", b"12345")
    s3.put(name, "backups/postgres/transcripts_daily_2.sql.gz", b"1234567")
    s3.put(name, "backups/postgres-old/transcripts_daily_0.sql.gz", b"1")
    return name


async def failing(name: str, **parameters: object) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        await look(name, **parameters)
    return caught.value


async def test_objects_below_a_prefix(s3: S3Server, backups: str) -> None:
    seen = await look("object_storage", **s3.asking(backups))
    assert told(seen) | {"age": 0} == {
        "answers": True,
        "count": 2,
        "size": 12,
        "age": 0,
        "newest": "backups/postgres/transcripts_daily_2.sql.gz",
    }
    assert 0 <= float(str(told(seen)["age"])) < 120


async def test_a_prefix_may_end_within_a_name(s3: S3Server, backups: str) -> None:
    asking = s3.asking(backups, prefix="backups/postgres/transcripts_daily_1")
    assert told(await look("object_storage", **asking))["count"] == 1
    asking = s3.asking(backups, prefix="")
    assert told(await look("object_storage", **asking))["count"] == 3


async def test_nothing_there_is_absent_and_no_error(s3: S3Server) -> None:
    name = s3.bucket("acme-empty")
    seen = await look("object_storage", **s3.asking(name))
    assert told(seen) == {"answers": True, "count": 0, "size": 0}
    assert {"age", "newest", "empty"} <= set(seen.readings)


async def test_a_list_that_several_probes_need_is_asked_for_once(
    s3: S3Server, backups: str
) -> None:
    asking = s3.asking(backups)
    async with Sources() as sources:
        for prefix in ("backups/postgres/", "backups/postgres/"):
            cls = probe_class("object_storage")
            await build(cls, {**asking, "prefix": prefix}).look(sources)
        assert sources.requests["object storage acme-backups"] == 1


async def test_a_bucket_with_too_much_asks_for_a_longer_prefix(
    s3: S3Server, backups: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.object_storage.store.MOST", 1)
    error = await failing("object_storage", **s3.asking(backups))
    assert "name a longer prefix" in str(error)


async def test_objects_without_content_are_named(s3: S3Server) -> None:
    name = s3.bucket("acme-hollow")
    s3.put(name, "backups/postgres/transcripts.sql.gz", b"")
    seen = told(await look("object_storage", **s3.asking(name)))
    assert seen["empty"] == "backups/postgres/transcripts.sql.gz"


async def test_who_may_not_look_is_told_so(s3: S3Server, backups: str) -> None:
    key, secret = s3.stranger
    asking = s3.asking(backups, access_key_id=key, secret_access_key=secret)
    said = "the bucket acme-backups is forbidden to this access key (403 AccessDenied)"
    wal = {"wal_prefix": "wal/"}
    for probe, more in (("", {}), (".wal", wal), (".media", {})):
        error = await failing(f"object_storage{probe}", **asking, **more)
        assert (str(error), error.stage) == (said, "http")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("secret_access_key", "SignatureDoesNotMatch"),
        ("access_key_id", "InvalidAccessKeyId"),
    ],
)
async def test_with_a_wrong_key_nobody_has_looked(
    s3: S3Server, backups: str, name: str, code: str
) -> None:
    asking = s3.asking(backups, **{name: "hunter2hunter2"})
    for probe in ("object_storage", "object_storage.bucket"):
        error = await failing(probe, **asking)
        assert error.stage == "login" and code in str(error)
        assert "hunter2" not in str(error) and s3.reader[0] not in str(error)


async def test_what_the_environment_says_of_amazon_counts_for_nothing(
    s3: S3Server, backups: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "somebody-else",
        "AWS_SECRET_ACCESS_KEY": "something-else",
        "AWS_SESSION_TOKEN": "of-another-session",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_REGION": "mars-1",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    seen = told(await look("object_storage", **s3.asking(backups)))
    assert (seen["answers"], seen["count"]) == (True, 2)


async def test_a_store_with_a_certificate_of_its_own(
    s3: S3Server, backups: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(tls) as endpoint:
        asking = s3.asking(backups, endpoint=endpoint)
        for name in ("object_storage", "object_storage.tags"):
            assert (await failing(name, **asking)).stage == "tls"
            assert told(await look(name, ca=str(tmp_path / "ca.pem"), **asking))
        missing = str(tmp_path / "gone.pem")
        error = await failing("object_storage", ca=missing, **asking)
        assert error.stage == "configuration" and missing in str(error)


async def test_a_bucket_that_is_not_there(s3: S3Server) -> None:
    error = await failing("object_storage", **s3.asking("acme-gone"))
    assert str(error) == "the bucket acme-gone is not there (404 NoSuchBucket)"
    assert (error.stage, error.source) == ("http", "object storage acme-gone")


async def test_a_store_that_is_not_there(s3: S3Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        asking = s3.asking("acme", endpoint=f"http://127.0.0.1:{port}")
        error = await failing("object_storage", **asking)
    assert error.stage == "tcp"
    asking = s3.asking("acme", endpoint="http://s3.invalid")
    assert (await failing("object_storage", **asking)).stage == "name"
    asking = s3.asking("acme", endpoint=s3.url.replace("http:", "https:"))
    assert (await failing("object_storage", **asking)).stage == "tls"


async def test_a_store_that_says_nothing(s3: S3Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asking = s3.asking("acme", endpoint=endpoint, timeout="500ms")
        assert (await failing("object_storage", **asking)).stage == "timeout"


async def test_something_that_is_no_store(s3: S3Server, web: object) -> None:
    endpoint = f"{web.url}/html"  # type: ignore[attr-defined]
    error = await failing("object_storage", **s3.asking("acme", endpoint=endpoint))
    assert error.stage in ("query", "http")


async def test_nobody_is_asked_without_a_key(s3: S3Server) -> None:
    error = await failing("object_storage", **s3.asking("acme", access_key_id=""))
    assert error.stage == "configuration" and "access_key_id" in str(error)


@pytest.mark.parametrize(
    ("url", "command"),
    [("gs://acme", "gcloud storage ls"), ("az://acme", "az storage blob list")],
)
async def test_other_stores_say_how_to_look(
    s3: S3Server, url: str, command: str
) -> None:
    error = await failing("object_storage", **s3.asking("acme", url=url))
    assert error.stage == "configuration" and command in str(error)


async def test_an_address_that_is_no_bucket(s3: S3Server) -> None:
    error = await failing("object_storage", **s3.asking("acme", url="/backups"))
    assert str(error) == "url names no bucket; write s3://BUCKET"
