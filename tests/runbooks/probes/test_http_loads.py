"""The same request many times, and when nobody listens."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes import probe_class
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.site import Says, Site

# -- samples, availability, bursts -----------------------------------------------


async def test_samples_that_all_succeed(site: Site) -> None:
    site.get("/health")
    seen = told(await look("http.samples", url=f"{site.url}/health", count=4))
    assert seen["statuses"] == "200 ×4" and seen["failures"] == 0
    assert float(str(seen["median"])) <= float(str(seen["p95"]))
    assert len(site.asked) == 4


async def test_samples_of_which_some_fail(site: Site) -> None:
    site.answers["GET /health"] = lambda _: Says(200 if len(site.asked) % 2 else 503)
    seen = told(await look("http.samples", url=f"{site.url}/health", count=4))
    assert seen["statuses"] == "200 ×2, 503 ×2" and seen["failures"] == 2


async def test_availability_during_a_rollout(site: Site) -> None:
    site.answers["GET /health"] = lambda _: Says(502 if len(site.asked) == 3 else 200)
    seen = await look(
        "http.availability", url=f"{site.url}/health", lasting="600ms", every="100ms"
    )
    readings = told(seen)
    assert readings["failures"] == 1 and readings["requests"] == len(site.asked) >= 4
    assert float(str(readings["outage"])) > 0.15  # two intervals, less an answer
    assert "answered 502" in seen.evidence


async def test_availability_of_what_is_not_there(closed_port: int) -> None:
    seen = told(
        await look(
            "http.availability",
            url=f"http://127.0.0.1:{closed_port}/",
            lasting="250ms",
            every="100ms",
        )
    )
    assert seen["failures"] == seen["requests"]


async def test_a_burst_is_refused_after_a_while(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.http.burst.ROOM", 0)
    site.answers["GET /health"] = lambda _: (
        Says(429, "", {"Retry-After": "60"}) if len(site.asked) > 30 else Says(200)
    )
    seen = told(await look("http.burst", url=f"{site.url}/health", count=50))
    assert seen["limited"] is True and seen["retry_after"] == 60
    assert 10 <= int(str(seen["first_refusal"])) <= 40
    assert seen["errors"] == 0


async def test_a_burst_that_nobody_minds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.http.burst.ROOM", 0)
    site.get("/health", status=500)
    seen = told(await look("http.burst", url=f"{site.url}/health", count=12))
    assert seen == {"limited": False, "errors": 12}


@pytest.mark.parametrize(
    ("probe", "parameters"),
    [
        ("http.samples", {"count": 21}),
        ("http.samples", {"count": 1}),
        ("http.burst", {"count": 301}),
        ("http.availability", {"every": 0.01}),
        ("http.protected", {"paths": []}),
        ("http.exports", {"paths": {}}),
        ("http.exports", {"paths": {"doc": "/x.doc"}}),
    ],
)
def test_what_would_be_too_much_or_nothing_is_a_mistake(
    probe: str, parameters: dict[str, Any]
) -> None:
    wrong = probe_class(probe).complaints({"url": "http://h/", **parameters})
    assert len(wrong) == 1 and wrong[0].startswith(next(iter(parameters)))


# -- nobody there ----------------------------------------------------------------

ASKING: dict[str, dict[str, Any]] = {
    "http.burst": {},
    "http.compression": {},
    "http.cookies": {},
    "http.cors": {"own": ["https://app.test"]},
    "http.delivery": {},
    "http.exports": {"paths": {"srt": "/x.srt"}},
    "http.frontend": {},
    "http.headers": {},
    "http.hsts": {},
    "http.metrics": {},
    "http.oauth": {"offered": ["google"]},
    "http.page": {},
    "http.pdf": {},
    "http.protected": {"paths": ["/me"]},
    "http.routes": {"pattern": "x"},
    "http.samples": {},
    "http.search": {"words": "x"},
    "http.submission": {"api_key": "key-0123456789", "video": "v"},
    "http.webhooks": {"pattern": "x"},
}


@pytest.mark.parametrize("probe", ASKING)
async def test_when_nobody_listens_nothing_is_known(
    probe: str, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.http.burst.ROOM", 0)
    url = f"http://127.0.0.1:{closed_port}/"
    with pytest.raises(ProbeError, match="refused the connection") as caught:
        await look(probe, url=url, **ASKING[probe])
    assert caught.value.stage == "tcp"
    assert caught.value.source == f"http 127.0.0.1:{closed_port}"
