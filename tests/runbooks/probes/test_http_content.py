"""Exports, transcripts, search and metrics, whole and broken."""

from __future__ import annotations

import json
from typing import Any

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


EXPORTS = {
    "srt": ("text/plain", "1\n00:00:00,000 --> 00:00:02,000\nHello"),
    "vtt": ("text/vtt; charset=utf-8", "WEBVTT\n\n"),
    "json": ("application/json", "{}"),
    "pdf": ("application/pdf", "%PDF-1.7"),
    "csv": ("text/csv", "segment_id,text\n"),
}


async def exports(site: Site) -> dict[str, object]:
    paths = {name: f"/x.{name}" for name in EXPORTS}
    return told(await look("http.exports", url=site.url, paths=paths))


async def test_exports_in_all_formats(site: Site) -> None:
    for name, (kind, body) in EXPORTS.items():
        site.get(f"/x.{name}", body=body, Content_Type=kind)
    assert await exports(site) == {"working": "srt, vtt, json, pdf, csv"}


async def test_exports_that_are_not_what_they_say(site: Site) -> None:
    for name, (kind, _) in EXPORTS.items():
        site.get(f"/x.{name}", body="<html>", Content_Type=kind)
    site.get("/x.pdf", status=503)
    site.get("/x.csv", status=403)
    assert await exports(site) == {
        "refused": "csv",
        "broken": "pdf 503",
        "wrong": "srt, vtt, json",
    }


def pdf(text: str) -> bytes:
    """Return a PDF of one page in a standard font, which no file embeds."""
    stream = f"BT /F1 12 Tf 10 50 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 90]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 6\n0000000000 65535 f \n" + table
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + head + end


async def test_a_pdf_with_the_text_of_the_transcript(site: Site) -> None:
    site.get("/t.json", body=json.dumps(SEGMENTS))
    site.get("/t.pdf", body=pdf("The countdown holds"))
    seen = await look(
        "http.pdf", url=f"{site.url}/t.pdf", transcript=f"{site.url}/t.json"
    )
    assert told(seen) == {
        "status": 200,
        "readable": True,
        "pages": 1,
        "characters": 17,
        "unembedded": "Helvetica",
        "has_text": True,
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (pdf("Another film"), {"has_text": False, "readable": True}),
        (b"%PDF-1.7 and no more", {"readable": False}),
        (b"", {"readable": False}),
    ],
)
async def test_a_pdf_that_says_something_else(
    site: Site, body: bytes, expected: dict[str, object]
) -> None:
    site.get("/t.json", body=json.dumps(SEGMENTS))
    site.get("/t.pdf", body=body)
    seen = await look(
        "http.pdf", url=f"{site.url}/t.pdf", transcript=f"{site.url}/t.json"
    )
    assert expected.items() <= told(seen).items()


async def test_no_pdf(site: Site) -> None:
    assert told(await look("http.pdf", url=f"{site.url}/t.pdf")) == {"status": 404}


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("the COUNTDOWN holds: at nine minutes!", 0),
        ("the countdown hold at nine minutes", 100 / 6),
        ("countdown holds nine", 50),
    ],
)
async def test_words_that_were_heard_wrong(
    site: Site, tmp_path: Any, said: str, rate: float
) -> None:
    reference = tmp_path / "said.txt"
    reference.write_text("The countdown holds at nine minutes.")
    site.get("/t.json", body=json.dumps({"segments": [{"text": said}]}))
    seen = await look(
        "http.transcript", url=f"{site.url}/t.json", reference=str(reference)
    )
    assert told(seen)["word_error_rate"] == pytest.approx(rate)
    assert told(seen)["segments"] == 1


@pytest.mark.parametrize(
    ("reference", "body", "said", "stage"),
    [
        ("words", "[]", "no transcript", "query"),
        ("words", '{"segments": 5}', "no transcript", "query"),
        (" … ", "{}", "is empty", "configuration"),
        (None, "{}", "cannot be read", "configuration"),
    ],
)
async def test_a_transcript_that_cannot_be_compared(
    site: Site, tmp_path: Any, reference: str | None, body: str, said: str, stage: str
) -> None:
    path = tmp_path / "said.txt"
    if reference is not None:
        path.write_text(reference)
    site.get("/t.json", body=body)
    with pytest.raises(ProbeError, match=said) as caught:
        await look("http.transcript", url=f"{site.url}/t.json", reference=str(path))
    assert caught.value.stage == stage


async def test_a_search_that_finds(site: Site) -> None:
    hits = [{"video_id": "b"}, {"video_id": "b"}, {"video_id": "a"}]
    site.get("/search", body=json.dumps({"hits": hits, "query_time_ms": 12}))
    seen = told(
        await look(
            "http.search",
            url=f"{site.url}/search",
            words="two words",
            video="a",
            exact=True,
        )
    )
    assert seen.pop("latency")
    assert seen == {"status": 200, "hits": 3, "rank": 2, "query_time": 0.012}
    assert site.asked[0].path == "/search?q=two+words&limit=5&match_mode=exact_phrase"


async def test_a_search_that_does_not(site: Site) -> None:
    site.get("/search", body='{"hits": []}')
    url = f"{site.url}/search"
    seen = told(await look("http.search", url=url, words="x", video="a"))
    assert seen["hits"] == 0 and "rank" not in seen
    site.get("/search", status=503)
    assert set(told(await look("http.search", url=url, words="x"))) == {
        "status",
        "latency",
    }


@pytest.mark.parametrize("body", ["", "[]", '{"hits": 5}', '{"hits": [{}]}'])
async def test_a_search_that_answers_nonsense(site: Site, body: str) -> None:
    site.get("/search", body=body)
    with pytest.raises(ProbeError, match="gave no hits"):
        await look("http.search", url=f"{site.url}/search", words="x")


async def test_metrics_as_prometheus_reads_them(site: Site) -> None:
    said = 'app_info{version="1.2"} 1\n# TYPE jobs_total counter\njobs_total 5\n'
    site.get("/metrics", body=said)
    seen = told(
        await look(
            "http.metrics",
            url=f"{site.url}/metrics",
            needed=["jobs_total", "jobs", "gone"],
        )
    )
    assert seen == {
        "answers": True,
        "status": 200,
        "parses": True,
        "families": 2,
        "samples": 2,
        "missing": "gone",
        "info": "version=1.2",
    }


@pytest.mark.parametrize("body", ["<html>nothing to scrape</html>", "x{ 5\n"])
async def test_metrics_that_are_none(site: Site, body: str) -> None:
    site.get("/metrics", body=body)
    seen = told(await look("http.metrics", url=f"{site.url}/metrics"))
    assert seen["parses"] is False
