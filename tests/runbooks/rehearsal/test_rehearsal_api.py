"""The API stand-in answers as was measured at the original."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from runbooks.rehearsal import Deployment
from tests.runbooks.rehearsal.asking import VIDEO, client


@pytest.fixture(scope="module")
def api(deployment: Deployment) -> Iterator[httpx.Client]:
    """The API of a fresh process: it has counted nobody's requests yet."""
    deployment.stop_part("api")
    deployment.start_part("api")
    with client(deployment, "api") as asking:
        yield asking


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", "healthy"),
        ("/live", "alive"),
        ("/ready", "ready"),
        ("/health/detailed", "healthy"),
    ],
)
def test_health(api: httpx.Client, path: str, status: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, status)


def test_head_is_not_routed_and_unknown_paths_say_so(api: httpx.Client) -> None:
    assert api.head("/health").status_code == 405
    assert api.get("/jobs").status_code == 405
    missing = api.get("/api/health")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/jobs", 401),
        ("GET", "/api-keys", 401),
        ("POST", "/api-keys", 401),
        ("GET", "/admin/users", 401),
        ("GET", "/admin/dashboard/metrics", 401),
        ("POST", "/users/me/favorites", 401),
        ("GET", f"/videos/{VIDEO}/youtube-transcript.json", 401),
        ("GET", "/admin/events.csv", 403),
        ("GET", "/admin/events/summary", 403),
        ("GET", "/auth/callback/twitch?state=x", 422),
        ("GET", "/search?q=", 422),
        ("GET", "/jobs/00000000-0000-4000-8000-00000000dead", 404),
    ],
)
def test_refusals(api: httpx.Client, method: str, path: str, status: int) -> None:
    answer = api.request(method, path, content="{}" if method == "POST" else None)
    assert answer.status_code == status
    assert "error" in answer.json()
    assert answer.headers["cache-control"] == "no-store"


def test_security_headers(api: httpx.Client) -> None:
    headers = api.get("/health").headers
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/health", "no-store"),
        ("/videos?limit=1", "public, max-age=300"),
        ("/search/popular", "public, max-age=600"),
        ("/auth/me", "private, max-age=60"),
        ("/version", "public, max-age=60, must-revalidate"),
    ],
)
def test_freshness(api: httpx.Client, path: str, value: str) -> None:
    assert api.get(path).headers["cache-control"] == value


def test_preflights(api: httpx.Client, deployment: Deployment) -> None:
    own = deployment.url("web")
    asked = {"Access-Control-Request-Method": "POST"}
    good = api.options("/jobs", headers={"Origin": own, **asked})
    assert good.status_code == 200
    assert good.headers.get_list("access-control-allow-origin") == [own]
    assert good.headers["vary"] == "Origin"
    assert "x-frame-options" not in good.headers
    for foreign in ("https://foreign.example", "null"):
        bad = api.options("/jobs", headers={"Origin": foreign, **asked})
        assert (bad.status_code, bad.text) == (400, "Disallowed CORS origin")
        assert "access-control-allow-origin" not in bad.headers


@pytest.mark.parametrize(
    ("provider", "host"),
    [("twitch", "id.twitch.tv"), ("google", "accounts.google.com")],
)
def test_login_goes_to_the_provider(
    api: httpx.Client, provider: str, host: str
) -> None:
    answer = api.get(f"/auth/login/{provider}")
    place = httpx.URL(answer.headers["location"])
    assert (answer.status_code, place.host) == (302, host)
    assert place.params["client_id"]
    assert place.params["redirect_uri"].endswith(f"/auth/callback/{provider}")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"tc_oauth_state={place.params['state']};")
    for attribute in ("Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure"):
        assert attribute in cookie


def test_who_am_i(api: httpx.Client, deployment: Deployment) -> None:
    assert api.get("/auth/me").json() == {"user": None}
    token = deployment.layout.secret("session-cookie")
    known = api.get("/auth/me", headers={"Cookie": f"tc_session={token}"})
    assert known.json()["user"]["email"] == "ada@rehearsal.example"


def test_cached_transcript_reads_alike(
    api: httpx.Client, deployment: Deployment
) -> None:
    first, second = (api.get(f"/videos/{VIDEO}/transcript?mode=raw") for _ in "ab")
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert 'cache_hits_total{cache_type="segments"}' in api.get("/metrics").text


def test_search_finds_what_the_smoke_video_says(api: httpx.Client) -> None:
    found = api.get("/search?q=countdown&limit=5").json()
    assert found["total"] is None
    assert found["hits"][0]["video_id"] == VIDEO
    assert "<b>countdown</b>" in found["hits"][0]["snippet"]
    assert api.get("/search?q=zeppelin").json()["hits"] == []
    exported = api.get("/search/export?q=countdown&format=csv")
    assert exported.text.startswith(
        "segment_id,video_id,youtube_id,title,start_ms,end_ms,text\r\n"
    )


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("srt", "text/plain", b"1\n00:00:00,000 --> "),
        ("vtt", "text/vtt", b"WEBVTT\n"),
        ("json", "application/json", b'{"title"'),
        ("pdf", "application/pdf", b"%PDF-1.4"),
    ],
)
def test_exports(api: httpx.Client, form: str, kind: str, start: bytes) -> None:
    answer = api.get(f"/videos/{VIDEO}/transcript.{form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content.startswith(start)
    assert b"All stations are go for launch." in answer.content


def test_openapi_is_compressed_and_promises_no_webhooks(api: httpx.Client) -> None:
    with api.stream("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}) as got:
        assert got.headers["content-encoding"] == "gzip"
        assert got.headers["vary"] == "Accept-Encoding"
        document = json.loads(gzip.decompress(b"".join(got.iter_raw())))
    assert "/jobs/{id}" in document["paths"]
    assert not any(
        word in path for path in document["paths"] for word in ("hook", "bil")
    )


def test_plain_port_leads_to_https(deployment: Deployment) -> None:
    answer = httpx.get(f"{deployment.url('redirect')}/health")
    port = deployment.ports["api"]
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://localhost:{port}/health"


def test_frontend(deployment: Deployment) -> None:
    with client(deployment, "web") as web:
        index = web.get("/")
        assert '<div id="root"></div>' in index.text
        asset = web.get(index.text.split('src="')[1].split('"')[0])
        assert asset.headers["content-type"].startswith("application/javascript")
        assert asset.headers["content-encoding"] == "gzip"
        assert "immutable" in asset.headers["cache-control"]
        assert web.get("/healthz").text == "ok"
        assert web.get("/no/such/page").text == index.text
        pages = {web.get(path).text for path in ("/", "/terms", "/privacy")}
        assert len(pages) == 3
