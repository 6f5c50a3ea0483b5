"""What browsers are told and asked to heed, kept and broken."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.site import Asked, Says, Site

# -- redirects -------------------------------------------------------------------


async def test_plain_http_leads_to_https(site: Site) -> None:
    site.get("/health", status=301, Location="https://127.0.0.1:1/health")
    with pytest.raises(ProbeError, match="refused the connection"):
        await look("http.redirects", redirect_url=f"{site.url}/health")


async def test_hops_are_followed_and_counted(site: Site) -> None:
    site.get("/health", status=302, Location="/there")
    site.get(
        "/there",
        status=308,
        Location=f"{site.url.replace('127.0.0.1', 'localhost')}/end",
    )
    site.get("/end")
    assert told(await look("http.redirects", redirect_url=f"{site.url}/health")) == {
        "answers": True,
        "status": 302,
        "location": f"{site.url}/there",
        "https": False,
        "same_host": False,
        "hops": 2,
        "final_status": 200,
    }


async def test_a_circle_of_redirects_ends(site: Site) -> None:
    site.get("/health", status=301, Location="/health")
    seen = told(await look("http.redirects", redirect_url=f"{site.url}/health"))
    assert seen["hops"] == 10 and seen["final_status"] == 301


# -- headers ---------------------------------------------------------------------

HARD = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=()",
    "Referrer-Policy": "no-referrer",
}


async def test_all_security_headers(site: Site) -> None:
    site.answers["GET /"] = Says(headers={**HARD, "Server": []})
    seen = told(await look("http.headers", url=site.url + "/"))
    assert set(seen) <= {"status", "server"}


async def test_security_headers_that_are_missing_or_mean_nothing(site: Site) -> None:
    site.answers["GET /"] = Says(
        headers={
            "X-Frame-Options": "ALLOWALL",
            "Content-Security-Policy": "script-src 'unsafe-inline' 'unsafe-eval'",
            "Referrer-Policy": ["no-referrer", "origin"],
            "Permissions-Policy": ["camera=()", "camera=()"],
        }
    )
    seen = told(await look("http.headers", url=site.url + "/"))
    assert seen["missing"] == "x-content-type-options"
    assert seen["invalid"] == "x-frame-options: ALLOWALL"
    assert seen["unsafe"] == "unsafe-inline, unsafe-eval"
    assert seen["conflicting"] == "referrer-policy"
    assert seen["repeated"] == "permissions-policy"


async def test_a_policy_on_frames_stands_for_the_older_header(site: Site) -> None:
    headers = {name: value for name, value in HARD.items() if name != "X-Frame-Options"}
    site.answers["GET /"] = Says(headers=headers)
    assert "missing" not in told(await look("http.headers", url=site.url + "/"))


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        (
            ["max-age=31536000; includeSubDomains; preload"],
            {"max_age": 31536000, "include_subdomains": True, "preload": True},
        ),
        (["max-age=0"], {"max_age": 0, "include_subdomains": False}),
        (["includeSubDomains"], {"include_subdomains": True, "copies": 1}),
        ([], {"copies": 0, "include_subdomains": False}),
        (
            ["max-age=63072000", "max-age=300"],
            {"max_age": 300, "conflicting": "max-age=63072000 and max-age=300"},
        ),
    ],
)
async def test_strict_transport_security(
    site: Site, copies: list[str], expected: dict[str, object]
) -> None:
    site.answers["GET /"] = Says(headers={"Strict-Transport-Security": copies})
    seen = told(await look("http.hsts", url=site.url + "/"))
    assert expected.items() <= seen.items()
    assert ("max_age" in seen) == any("max-age" in copy for copy in copies)


# -- cross-origin requests -------------------------------------------------------

ALLOW, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"


def allowing(*origins: str) -> Any:
    def answer(asked: Asked) -> Says:
        origin = asked.headers["Origin"]
        if origin not in origins:
            return Says(400)
        return Says(headers={ALLOW: origin, CREDENTIALS: "true"})

    return answer


async def test_only_own_pages_may_call(site: Site) -> None:
    site.answers["OPTIONS /jobs"] = allowing("https://app.test")
    own = ["https://app.test/path"]
    assert told(await look("http.cors", url=f"{site.url}/jobs", own=own)) == {}


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (Says(400), {"refused": "https://app.test"}),
        (
            Says(headers={ALLOW: "*", CREDENTIALS: "true"}),
            {
                "refused": "https://app.test",
                "admitted": "https://gonogo-foreign.example, null",
                "wildcard": "https://app.test, https://gonogo-foreign.example, null",
            },
        ),
        (
            Says(headers={ALLOW: ["https://app.test", "https://app.test"]}),
            {"repeated": "https://app.test, https://gonogo-foreign.example, null"},
        ),
    ],
)
async def test_cross_origin_mistakes(
    site: Site, says: Says, expected: dict[str, object]
) -> None:
    site.answers["OPTIONS /jobs"] = says
    own = ["https://app.test"]
    assert told(await look("http.cors", url=f"{site.url}/jobs", own=own)) == expected


async def test_own_pages_on_the_loopback_are_told(site: Site) -> None:
    site.answers["OPTIONS /jobs"] = allowing("http://localhost:5173")
    own = ["http://localhost:5173"]
    seen = told(await look("http.cors", url=f"{site.url}/jobs", own=own))
    assert seen == {"local": "http://localhost:5173"}
