"""The shipped runbook's probes against a deployment of our own on loopback.

The answers are those that the customer's application documents.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runbooks import parsing
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.target import Target

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "runbooks" / "documents" / "production-deployment.md"
ELSEWHERE = {"tls.https-redirect", "netsec.firewall-ports"}
"""Steps that look at port 80 and at the ports of a public host."""

FAMILIES = {"command", "file", "http", "tcp"}
"""Probes of other sources have servers and tests of their own."""

Answers = Mapping[str, tuple[int, Mapping[str, str], str]]

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=()",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
    "Vary": "Accept-Encoding",
}
LOGIN = {"Location": "https://login.test/?client_id=a&redirect_uri=https%3A%2F%2Fa"}
HTML = {"Content-Type": "text/html"}
PAGE = '<!doctype html><div id="root"></div>'
STORAGE = {"can_write": True, "free_gb": 40, "total_gb": 100}
FULL = {"can_write": False, "free_gb": 1, "total_gb": 100}
SAMPLE = {"data": {"result": [{"metric": {}, "value": [1.5, "1"]}]}}


def detailed(status: str, storage: Mapping[str, object]) -> str:
    return json.dumps({"status": status, "checks": {"storage": storage}})


GOOD: Answers = {
    "/api/health": (200, {}, '{"status": "healthy"}'),
    "/api/health/detailed": (200, {}, detailed("healthy", STORAGE)),
    "/api/live": (200, {}, '{"status": "alive"}'),
    "/api/ready": (200, {}, '{"status": "ready"}'),
    "/api/docs": (200, {}, ""),
    "/api/metrics": (
        200,
        {"Content-Type": "text/plain"},
        "app_info 1\nhttp_requests_total 5\nvideos_pending 0\n",
    ),
    "/api/vocabularies": (200, {}, "[]"),
    "/api/videos": (200, {"Cache-Control": "public, max-age=300"}, "{}"),
    "/api/auth/me": (200, {}, '{"user": null}'),
    "/api/auth/login/google": (302, LOGIN, ""),
    "/api/auth/login/twitch": (302, LOGIN, ""),
    "/api/openapi.json": (200, {}, "{}"),
    "/api/search": (200, {}, '{"hits": [{"id": 1}]}'),
    "/api/search/export": (200, {}, "segment_id,video_id\n"),
    "/api/videos/v1/transcript.srt": (200, {}, "1\n00:00:00 --> 00:00:01\n"),
    "/api/videos/v1/transcript.vtt": (200, {}, "WEBVTT\n"),
    "/api/videos/v1/transcript.json": (200, {}, '{"segments": []}'),
    "/api/videos/v1/transcript.pdf": (200, {}, "%PDF-1.7"),
    "/web/": (200, HTML, PAGE),
    "/web/healthz": (200, {}, "ok"),
    "/web/terms": (200, HTML, "Terms of service"),
    "/prometheus/api/v1/query": (200, {}, json.dumps(SAMPLE)),
}
BAD: Answers = {
    "/api/health": (503, {"Strict-Transport-Security": "max-age=0"}, ""),
    "/api/health/detailed": (503, {}, detailed("unhealthy", FULL)),
    "/api/docs": (200, {"X-Frame-Options": "ALLOWALL"}, ""),
    "/api/metrics": (404, {}, ""),
    "/api/vocabularies": (500, {}, ""),
    "/api/videos": (500, {}, ""),
    "/api/auth/me": (500, {}, '{"error": "x"}'),
    "/api/auth/login/google": (500, {}, ""),
    "/api/search": (503, {}, '{"error": "x"}'),
    "/api/admin/users": (200, {}, "[]"),
    "/api/videos/v1/transcript.pdf": (503, {}, ""),
    "/web/healthz": (502, {}, ""),
    "/web/terms": (200, HTML, PAGE),
    "/prometheus/api/v1/query": (200, {}, '{"data": {"result": []}}'),
}


@contextmanager
def deployment(answers: Answers, works: bool) -> Iterator[str]:
    """Serve *answers* under one address; whatever else is asked gets 401.

    Args:
        works: compress, and allow only the app's own origin.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            status, headers, text = answers.get(path, (401, {}, "{}"))
            headers, body = {**HEADERS, **headers}, text.encode()
            if works and "br" in self.headers["Accept-Encoding"]:
                headers, body = (
                    {**headers, "Content-Encoding": "gzip"},
                    gzip.compress(body),
                )
            self.answer(status, headers, body)

        def do_OPTIONS(self) -> None:
            origin = self.headers["Origin"]
            known = origin.endswith("/web") or not works
            allowed = {"Access-Control-Allow-Origin": origin} if known else {}
            self.answer(200 if known else 400, allowed, b"")

        def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def target(url: str, backups: Path) -> Target:
    tables = {
        "api": {"url": f"{url}/api", "host": "127.0.0.1"},
        "web": {
            "url": f"{url}/web",
            "terms_url": f"{url}/web/terms",
            "privacy_url": f"{url}/web/terms",
        },
        "worker": {"metrics_url": f"{url}/api/metrics"},
        "prometheus": {"url": f"{url}/prometheus"},
        "backups": {
            "directory": str(backups),
            "media_directory": str(backups / "media"),
        },
        "smoke": {"word": "hello", "video": "v1"},
    }
    facts = {"platform": "processes", "gpu": "none"}
    return Target("loopback", facts=facts, tables=tables)


def write_backups(directory: Path, hours_ago: float) -> None:
    """Seven dumps with their checksums, and one media snapshot."""
    (directory / "daily").mkdir()
    (directory / "media" / "20260101_020000").mkdir(parents=True)
    for day in range(7):
        dump = directory / "daily" / f"transcripts_daily_{day}.sql.gz"
        dump.write_bytes(bytes(2048))
        dump.with_name(f"{dump.name}.sha256").write_text("sum")
    then = time.time() - hours_ago * 3600
    for path in [*directory.glob("daily/*.gz"), *directory.glob("media/*")]:
        os.utime(path, (then, then))


async def results(target: Target) -> dict[str, str]:
    """Result and reason of every step with a probe, but those that look elsewhere.

    Those that do not apply to such a deployment are left out too.
    """
    steps = [
        step
        for step in parsing.read(SHIPPED).steps
        if step.probes
        and step.id not in ELSEWHERE
        and {spec.use.partition(".")[0] for spec in step.probes} <= FAMILIES
    ]
    found = Runner(target).probe_all(steps)
    return {
        id: f"{finding.result} {finding.reason}"
        async for id, finding in found
        if finding.result is not Result.NA
    }


async def test_a_good_deployment_passes(tmp_path: Path) -> None:
    write_backups(tmp_path, hours_ago=3)
    with deployment(GOOD, works=True) as url:
        found = await results(target(url, tmp_path))
    bad = {id: said for id, said in found.items() if not said.startswith("pass")}
    assert not bad
    assert len(found) >= 20


async def test_a_bad_deployment_fails_everywhere(tmp_path: Path) -> None:
    write_backups(tmp_path, hours_ago=24 * 10)
    with deployment({**GOOD, **BAD}, works=False) as url:
        found = await results(target(url, tmp_path))
    other = {id: said for id, said in found.items() if not said.startswith("fail")}
    assert not other
    assert found["netsec.endpoints-protected"] == (
        "fail /api/admin/users 200, not 401 or 403"
    )


async def test_when_it_is_down_only_what_is_about_that_fails(
    tmp_path: Path, closed_port: int
) -> None:
    found = await results(target(f"http://127.0.0.1:{closed_port}", tmp_path))
    about = {"infra.ingress", "health.endpoints", "smoke.health", "smoke.frontend"}
    for id, said in found.items():
        fails = id in about or "backup" in id
        assert said.startswith(Result.FAIL if fails else Result.UNKNOWN), (id, said)
        assert "bug" not in said, (id, said)
    assert found["infra.ingress"] == (
        f"fail 127.0.0.1:{closed_port} refused the connection"
    )
