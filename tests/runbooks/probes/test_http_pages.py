"""Pages, scripts, how they come, and cookies, kept and broken."""

from __future__ import annotations

import gzip

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.site import Site

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript"
PAGE = """<!doctype html><title>Transcripts</title>
<link rel="canonical" href="/"><link rel="stylesheet" href="https://fonts.test/a.css">
<script src="/assets/index-abc123.js"></script>
<div id="root"></div><p>Terms of service"""
SEGMENTS = {"segments": [{"text": "The countdown holds"}, {"text": "at nine, minutes"}]}


async def test_a_compressed_script(site: Site) -> None:
    body = gzip.compress(b"let x = 1;\n" * 1000)
    site.get("/", body=PAGE)
    site.get(
        "/assets/index-abc123.js",
        body=body,
        Content_Encoding="gzip",
        Vary="Origin, Accept-Encoding",
    )
    seen = told(await look("http.compression", url=site.url + "/", script=True))
    assert seen["encoding"] == "gzip" and seen["vary"] is True
    assert seen["size"] == 11000 and seen["sent"] == len(body)
    assert float(str(seen["saved"])) > 90


async def test_a_page_that_comes_as_it_is(site: Site) -> None:
    site.get("/", body=PAGE)
    seen = told(await look("http.compression", url=site.url + "/"))
    assert "encoding" not in seen
    assert seen["vary"] is False and seen["saved"] == 0


@pytest.mark.parametrize("probe", ["http.compression", "http.delivery"])
async def test_a_page_without_a_script_cannot_be_judged(site: Site, probe: str) -> None:
    site.get("/", body="<p>Down for maintenance")
    more = {"script": True} if probe == "http.compression" else {}
    with pytest.raises(ProbeError, match="refers to no script"):
        await look(probe, url=site.url + "/", **more)


async def test_assets_from_a_delivery_network(site: Site) -> None:
    site.get("/", body=PAGE)
    site.get(
        "/assets/index-abc123.js",
        CF_Ray="1",
        Age="7",
        Cache_Control="public, max-age=31536000, immutable",
    )
    assert told(await look("http.delivery", url=site.url + "/")) == {
        "status": 200,
        "network": "cf-ray, age",
        "max_age": 31536000,
        "immutable": True,
    }


async def test_assets_from_the_server_itself(site: Site) -> None:
    site.get("/", body=PAGE)
    site.get("/assets/index-abc123.js", Cache_Control="no-cache")
    seen = told(await look("http.delivery", url=site.url + "/"))
    assert seen == {"status": 200, "immutable": False}


async def test_a_whole_frontend(site: Site) -> None:
    site.get("/", body=PAGE, Content_Type=HTML)
    site.get("/assets/index-abc123.js", Content_Type=SCRIPT)
    assert told(await look("http.frontend", url=site.url + "/")) == {
        "answers": True,
        "status": 200,
        "html": True,
        "root": True,
        "title": "Transcripts",
        "scripts": 1,
        "compressed": False,
    }


async def test_a_frontend_whose_script_is_the_page_again(site: Site) -> None:
    page = PAGE.replace('href="/"', 'href="https://other.test/"')
    site.get("/", body=page, Content_Type=HTML)
    site.get("/assets/index-abc123.js", body=PAGE, Content_Type=HTML)
    seen = told(await look("http.frontend", url=site.url + "/"))
    assert seen["broken"] == "/assets/index-abc123.js 200 text/html"
    assert seen["elsewhere"] == "other.test"


async def test_an_empty_frontend(site: Site) -> None:
    site.get("/", status=502, body="Bad Gateway")
    seen = told(await look("http.frontend", url=site.url + "/"))
    assert seen["status"] == 502
    assert seen["html"] is False and seen["root"] is False and seen["scripts"] == 0


async def test_a_page_of_its_own(site: Site) -> None:
    site.get("/", body="<div id=root>")
    site.get("/terms", body="<title>Terms</title>Terms of <b>Service</b>, 2026")
    seen = told(
        await look(
            "http.page",
            url=f"{site.url}/terms",
            unlike=f"{site.url}/",
            words=["terms", "SERVICE"],
        )
    )
    assert seen == {"status": 200, "distinct": True, "characters": 23, "title": "Terms"}


async def test_a_page_that_is_the_index_again(site: Site) -> None:
    for path in ("/", "/privacy"):
        site.get(path, body="<title>App</title><div id=root>")
    seen = told(
        await look(
            "http.page",
            url=f"{site.url}/privacy",
            unlike=f"{site.url}/",
            words=["privacy", "data"],
        )
    )
    assert seen["distinct"] is False and seen["missing"] == "privacy, data"
