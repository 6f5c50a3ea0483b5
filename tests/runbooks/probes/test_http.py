"""HttpProbe against a real server."""

from __future__ import annotations

import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.http import SHOWN, HttpProbe
from runbooks.probes.sources import Sources
from runbooks.target import Target


async def look(url: str, **parameters: Any) -> Measurement:
    async with Sources() as sources:
        return await HttpProbe(url=url, **parameters).look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


async def test_status_and_latency_with_units(web: Any) -> None:
    seen = await look(f"{web.url}/health")
    assert value(seen, "status") == 200
    latency = seen.reading("latency")
    assert latency and latency.unit == "s" and 0 < float(str(latency.value)) < 5


async def test_server_error_is_a_reading(web: Any) -> None:
    assert value(await look(f"{web.url}/503"), "status") == 503


async def test_redirect_is_reported_and_not_followed(web: Any) -> None:
    seen = await look(f"{web.url}/redirect")
    assert value(seen, "status") == 301
    assert value(seen, "location") == "https://elsewhere.test/"


async def test_headers_and_their_directives(web: Any) -> None:
    seen = await look(f"{web.url}/headers")
    max_age = seen.reading("header.strict-transport-security.max-age")
    assert max_age and (max_age.value, max_age.unit) == (31536000, "s")
    assert value(seen, "header.Strict-Transport-Security.preload") == ""
    assert value(seen, "header.strict-transport-security.includesubdomains") is None
    assert value(seen, "header.x-frame-options") is None


async def test_cookie_values_are_never_shown(web: Any) -> None:
    seen = await look(f"{web.url}/headers")
    assert value(seen, "header.set-cookie") == "session=…; HttpOnly"
    assert "verysecret" not in seen.evidence


async def test_json_values_by_path(web: Any) -> None:
    seen = await look(f"{web.url}/health")
    assert value(seen, "json.status") == "healthy"
    assert value(seen, "json.checks.0.name") == "database"
    assert value(seen, "json.checks.7.name") is None
    assert value(seen, "json.user") is None


async def test_a_body_that_is_no_json_was_not_read(web: Any) -> None:
    seen = await look(f"{web.url}/big")
    assert seen.reading("json.status") is None


async def test_size_is_whole_and_evidence_is_short(web: Any) -> None:
    seen = await look(f"{web.url}/big")
    assert value(seen, "size") == 1_000_000
    assert len(str(value(seen, "body"))) == 1_000_000
    assert len(seen.evidence) < SHOWN + 500
    assert "1000000 bytes in all" in seen.evidence


async def test_options_with_headers(web: Any) -> None:
    origin = {"Origin": "https://app.test"}
    seen = await look(f"{web.url}/jobs", method="OPTIONS", headers=origin)
    assert value(seen, "header.access-control-allow-origin") == "https://app.test"


async def test_refused_connection_cannot_be_judged(closed_port: int) -> None:
    with pytest.raises(ProbeError, match="refused the connection") as caught:
        await look(f"http://127.0.0.1:{closed_port}/")
    assert caught.value.stage == "tcp"
    assert caught.value.source == f"http 127.0.0.1:{closed_port}"


async def test_no_way_there_cannot_be_judged() -> None:
    with pytest.raises(ProbeError, match=r"no connection to 255") as caught:
        await look("http://255.255.255.255/")
    assert caught.value.stage == "tcp"


async def test_unknown_name_says_so() -> None:
    with pytest.raises(ProbeError, match=r"no address for nowhere\.invalid") as caught:
        await look("http://nowhere.invalid/")
    assert caught.value.stage == "name"


async def test_budget_covers_the_whole_look(web: Any) -> None:
    with pytest.raises(ProbeError, match=r"no answer in 0\.2 s"):
        await look(f"{web.url}/slow", timeout=Duration(0.2))


async def test_garbage_is_no_answer(web: Any) -> None:
    with pytest.raises(ProbeError, match="no answer from 127") as caught:
        await look(f"{web.url}/garbage")
    assert caught.value.stage == "http"


@pytest.mark.parametrize("url", ["nonsense://x", "http://", "http://a b/", "x"])
async def test_bad_url(url: str) -> None:
    with pytest.raises(ProbeError):
        await look(url)


async def test_password_in_a_url_stays_out_of_evidence(web: Any) -> None:
    seen = await look(web.url.replace("http://", "http://ana:hunter2@") + "/health")
    assert "hunter2" not in seen.evidence


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL of a TLS server on loopback, and the certificate it made itself."""
    assert shutil.which("openssl"), "openssl is needed to make a certificate"
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
        f" -keyout {key} -out {certificate}",
        shell=True,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.request, server_side=True) as secured:
                    secured.recv(4096)
                    secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}/", certificate
        server.shutdown()
        thread.join()


async def test_untrusted_certificate_is_said(https: tuple[str, Path]) -> None:
    with pytest.raises(ProbeError, match="certificate of 127") as caught:
        await look(https[0])
    assert caught.value.stage == "tls"


async def test_authority_of_the_profile_is_trusted(https: tuple[str, Path]) -> None:
    url, certificate = https
    target = Target("t", tables={"api": {"url": url, "ca": str(certificate)}})
    filled = HttpProbe.with_defaults({"url": "${api.url}"}, target)
    assert filled["ca"] == str(certificate)
    assert value(await look(url, ca=filled["ca"]), "status") == 204


async def test_missing_authority_file_is_configuration(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="cannot be read") as caught:
        await look("https://127.0.0.1:1/", ca=str(tmp_path / "none.pem"))
    assert caught.value.stage == "configuration"
