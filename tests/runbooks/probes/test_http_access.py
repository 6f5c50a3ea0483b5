"""Logins, protected routes, webhooks and submissions, kept and broken."""

from __future__ import annotations

import json

import pytest

from runbooks.errors import ProbeError
from runbooks.probes import probe_class
from runbooks.probes.base import Measurement
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.site import Asked, Says, Site

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript"
PAGE = """<!doctype html><title>Transcripts</title>
<link rel="canonical" href="/"><link rel="stylesheet" href="https://fonts.test/a.css">
<script src="/assets/index-abc123.js"></script>
<div id="root"></div><p>Terms of service"""
SEGMENTS = {"segments": [{"text": "The countdown holds"}, {"text": "at nine, minutes"}]}


# -- cookies and logins ----------------------------------------------------------


async def test_cookies_without_flags_and_third_parties(site: Site) -> None:
    cookies = ["good=secretvalue; Secure; HttpOnly; SameSite=Lax", "bad=secretvalue"]
    site.answers["GET /"] = Says(body=PAGE, headers={"Set-Cookie": cookies})
    seen = await look("http.cookies", url=site.url + "/")
    assert told(seen) == {
        "status": 200,
        "cookies": "good, bad",
        "insecure": "bad",
        "scriptable": "bad",
        "cross_site": "bad",
        "third_parties": "fonts.test",
    }
    assert "secretvalue" not in seen.evidence
    site.get("/", body="<html></html>")
    assert told(await look("http.cookies", url=site.url + "/")) == {"status": 200}


def login(state: str = "&state=hush-hush", back: str = "https", client: str = "id-1",
          cookie: str = "tc_oauth_state=hush-hush; Secure; HttpOnly; SameSite=Lax",
          status: int = 302) -> Says:  # fmt: skip
    place = (
        f"https://accounts.test/o?client_id={client}&redirect_uri={back}://x/c{state}"
    )
    return Says(status, "", {"Location": place, "Set-Cookie": cookie})


async def logins(site: Site, google: Says, twitch: Says, *offered: str) -> Measurement:
    site.answers["GET /login/google"] = google
    site.answers["GET /login/twitch"] = twitch
    return await look("http.oauth", url=f"{site.url}/login", offered=list(offered))


async def test_logins_that_are_guarded(site: Site) -> None:
    seen = await logins(site, login(), login(), "google", "twitch")
    assert told(seen) == {"working": "google, twitch"}
    assert "hush" not in seen.evidence


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (login(state=""), {"working": "google", "without_state": "google"}),
        (login(back="http"), {"working": "google", "insecure": "google"}),
        (
            login(cookie="tc_oauth_state=x; Secure"),
            {"working": "google", "weak_cookie": "google"},
        ),
        (login(cookie="other=1"), {"working": "google", "weak_cookie": "google"}),
        (login(client=""), {"broken": "google 302"}),
        (Says(501), {"broken": "google 501"}),
    ],
)
async def test_logins_that_are_not(
    site: Site, says: Says, expected: dict[str, object]
) -> None:
    assert told(await logins(site, says, Says(404), "google")) == expected


async def test_a_login_that_nobody_was_promised(site: Site) -> None:
    seen = await logins(site, login(), login(), "google")
    assert told(seen) == {"working": "google", "unoffered": "twitch"}


async def test_protected_routes(site: Site) -> None:
    for path in ("/me", "/admin"):
        site.get(path, status=401)
    site.answers["POST /jobs"] = Says(403)
    seen = await look(
        "http.protected", url=site.url, paths=["/me", "/admin"], empty_posts=["/jobs"]
    )
    assert told(seen) == {"refused": 3}


async def test_routes_that_let_anybody_in(site: Site) -> None:
    site.get("/admin", body="[]")
    site.get("/broken", status=500)
    site.answers["POST /jobs"] = Says(422)
    seen = await look(
        "http.protected",
        url=site.url,
        paths=["/admin", "/broken", "/gone"],
        empty_posts=["/jobs"],
    )
    assert told(seen) == {
        "refused": 0,
        "open": "/admin, POST /jobs",
        "failing": "/broken",
        "others": "/gone 404",
    }


# -- routes and webhooks ---------------------------------------------------------

PATHS = {
    "/health": {"get": {}},
    "/billing/webhook": {"post": {}},
    "/hooks": {"get": {}},
}


async def test_routes_by_name(site: Site) -> None:
    site.get("/openapi.json", body=json.dumps({"paths": PATHS}))
    url = f"{site.url}/openapi.json"
    seen = told(await look("http.routes", url=url, pattern="BILLING|stripe"))
    assert seen == {"routes": "/billing/webhook", "paths": 3}
    assert told(await look("http.routes", url=url, pattern="nothing")) == {"paths": 3}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, "", "answered 404"),
        (200, "<html>", "no OpenAPI document"),
        (200, '{"paths": []}', "no OpenAPI document"),
        (200, "[" * 100_000, "no OpenAPI document"),
    ],
)
@pytest.mark.parametrize("probe", ["http.routes", "http.webhooks"])
async def test_no_list_of_routes(
    site: Site, probe: str, status: int, body: str, said: str
) -> None:
    site.get("/openapi.json", status=status, body=body)
    with pytest.raises(ProbeError, match=said) as caught:
        await look(probe, url=f"{site.url}/openapi.json", pattern="x")
    assert caught.value.stage == "query"


@pytest.mark.parametrize(
    ("statuses", "reading"),
    [((400, 401), "guarded"), ((400, 200), "accepted"), ((500, 400), "failing")],
)
async def test_webhooks_are_sent_unsigned_and_wrongly_signed(
    site: Site, statuses: tuple[int, int], reading: str
) -> None:
    def receive(asked: Asked) -> Says:
        return Says(statuses["Stripe-Signature" in asked.headers])

    site.get("/openapi.json", body=json.dumps({"paths": PATHS}))
    site.answers["POST /billing/webhook"] = receive
    seen = told(
        await look("http.webhooks", url=f"{site.url}/openapi.json", pattern="hook")
    )
    route = "/billing/webhook"
    assert seen == {"routes": route, "paths": 3, reading: route}


@pytest.mark.parametrize("probe", ["http.routes", "http.webhooks"])
def test_a_broken_pattern_is_a_mistake(probe: str) -> None:
    wrong = probe_class(probe).complaints({"url": "http://h/", "pattern": "("})
    assert len(wrong) == 1 and wrong[0].startswith("pattern: ")


# -- a job of one's own ----------------------------------------------------------


async def submit(site: Site) -> Measurement:
    return await look(
        "http.submission", url=f"{site.url}/jobs", api_key="key-0123456789", video="v"
    )


async def test_a_job_is_made_with_the_key_alone(site: Site) -> None:
    def take(asked: Asked) -> Says:
        if asked.headers.get("X-API-Key") != "key-0123456789":
            return Says(401)
        assert json.loads(asked.body) == {"url": "v", "kind": "single"}
        return Says(201, json.dumps({"id": "j1", "state": "pending"}))

    site.answers["POST /jobs"] = take
    seen = await submit(site)
    readings = told(seen)
    assert readings.pop("latency")
    assert readings == {
        "anonymous": 401,
        "status": 201,
        "state": "pending",
        "job": "j1",
    }
    assert "key-0123456789" not in seen.evidence


@pytest.mark.parametrize("body", ["", "[]", "nonsense"])
async def test_a_job_that_was_not_made(site: Site, body: str) -> None:
    site.answers["POST /jobs"] = Says(429, body)
    readings = told(await submit(site))
    assert readings["status"] == 429 and "job" not in readings
