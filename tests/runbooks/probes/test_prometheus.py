"""Probes of Prometheus against a real one that scrapes exporters of our own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.prometheus_server import free_port, prometheus

LATE = 200
"""Seconds that one exporter's figures lag behind."""


def exposition() -> str:
    then = int((time.time() - LATE) * 1000)
    return f"""
videos_pending{{queue="main"}} 7
videos_pending{{queue="bulk"}} 3
nothing_total 0
share NaN
odd{{text="a \\"b\\" \\\\ c"}} 1
late_bytes 5 {then}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(Service(paths={"/metrics": lambda _: (200, exposition())})) as worker:
        jobs = {
            "shop/worker": worker.url.removeprefix("http://"),
            "api": f"127.0.0.1:{free_port()}",
        }
        with prometheus(tmp_path_factory.mktemp("prometheus"), jobs) as url:
            yield url


@pytest.fixture
def fake() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


async def test_the_server_answers(server: str) -> None:
    found = told(await look("prometheus", url=server))
    assert (found["answers"], found["configured"]) == (True, True)
    assert found["alertmanagers"] == 0
    assert str(found["version"]).startswith("2.")


async def test_a_job_that_is_scraped(server: str) -> None:
    seen = await look("prometheus.targets", url=server, jobs=["(.+/)?worker"])
    found = told(seen)
    assert (found["targets"], found["up"], found["up_share"]) == (1, 1, 100)
    assert not {"missing", "dead", "down", "late"} & set(found)
    assert seen.readings["age"].unit == "s"


async def test_jobs_that_are_down_and_missing(server: str) -> None:
    jobs = ["api", "(.+/)?worker", "postgres"]
    seen = await look("prometheus.targets", url=server, jobs=jobs)
    found = told(seen)
    assert (found["missing"], found["dead"]) == ("postgres", "api")
    assert str(found["down"]).startswith("api 127.0.0.1:")
    assert found["up_share"] == 50
    assert "connection refused" in seen.evidence and "http://" not in seen.evidence


async def test_a_job_name_is_a_pattern_of_the_whole(server: str) -> None:
    found = told(await look("prometheus.targets", url=server, jobs=["worker"]))
    assert found["missing"] == "worker"


async def test_a_target_that_was_not_scraped_for_long(fake: Service) -> None:
    target = {
        "labels": {"job": "api", "instance": "a:1"},
        "health": "up",
        "lastError": "",
        "lastScrape": "2024-01-01T00:00:00.123456789+01:00",
        "scrapeInterval": "15s",
    }
    never = {**target, "lastScrape": "0001-01-01T00:00:00Z", "health": "unknown"}
    never["labels"] = {"job": "api", "instance": "b:1"}
    answer = {"status": "success", "data": {"activeTargets": [target, never]}}
    fake.paths["/api/v1/targets"] = answer
    found = told(await look("prometheus.targets", url=fake.url, jobs=["api"]))
    assert (found["late"], found["down"]) == ("api a:1, api b:1", "api b:1")


async def test_a_query(server: str) -> None:
    seen = await look("prometheus.query", url=server, query="videos_pending")
    found = told(seen)
    assert (found["value"], found["series"]) == (7, 2)
    assert "queue=main" in str(found["labels"])
    assert 0 <= float(str(found["age"])) < 60
    lowest = {"query": "videos_pending", "worst": "lowest"}
    assert told(await look("prometheus.query", url=server, **lowest))["value"] == 3


async def test_a_value_is_read_in_units(server: str) -> None:
    query = "max(videos_pending) / 10"
    seen = await look("prometheus.query", url=server, query=query)
    assert seen.readings["percent"].value == pytest.approx(70)
    assert {n: r.unit for n, r in seen.readings.items() if r.unit} == {
        "percent": "%",
        "seconds": "s",
        "bytes": "B",
        "age": "s",
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("nothing_of_this", "no series"),
        ("max(share)", "no number"),
        ("nothing_total / nothing_total", "no number"),
        ("1 / 0", "no number"),
    ],
)
async def test_nothing_is_no_number(server: str, query: str, said: str) -> None:
    seen = await look("prometheus.query", url=server, query=query)
    assert seen.readings["value"].value is None
    assert seen.lacking["value"].startswith(said)


async def test_the_oldest_of_what_is_read_tells_the_age(server: str) -> None:
    for query, least in (
        ("sum(late_bytes) + sum(videos_pending)", LATE),
        ('count(odd{text="a \\"b\\" \\\\ c"})', 0),
        ('{__name__=~"late_.+|videos_.+|nothing_.+"}', LATE),
    ):
        found = told(await look("prometheus.query", url=server, query=query))
        assert least <= float(str(found["age"])) < least + 60, query


@pytest.mark.parametrize(
    ("query", "stage", "said"),
    [
        ("sum(", "query", "bad_data"),
        ("up[5m]", "configuration", "a matrix"),
        ('"text"', "configuration", "a string"),
    ],
)
async def test_no_query(server: str, query: str, stage: str, said: str) -> None:
    with pytest.raises(ProbeError, match=said) as error:
        await look("prometheus.query", url=server, query=query)
    assert error.value.stage == stage


LOOKS = [
    ("prometheus", {}),
    ("prometheus.query", {"query": "up"}),
    ("prometheus.targets", {"jobs": ["api"]}),
]


@pytest.mark.parametrize(("name", "parameters"), LOOKS)
async def test_nobody_there(name: str, parameters: dict[str, object]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ProbeError, match="refused") as error:
        await look(name, url=url, **parameters)
    assert error.value.stage == "tcp"
    assert error.value.source == f"prometheus {url.removeprefix('http://')}"


@pytest.mark.parametrize(("name", "parameters"), LOOKS)
@pytest.mark.parametrize(
    "answer", ["<html>", [], {"status": "success"}, {"status": "success", "data": 5}]
)
async def test_something_else_answers(
    fake: Service, name: str, parameters: dict[str, object], answer: object
) -> None:
    paths = ["query", "targets", "alertmanagers"]
    paths += ["status/buildinfo", "status/runtimeinfo"]
    fake.paths = {f"/api/v1/{path}": answer for path in paths}
    with pytest.raises(ProbeError, match="no Prometheus answers") as error:
        await look(name, url=fake.url, **parameters)
    assert error.value.stage == "query"


async def test_a_login(fake: Service, tmp_path: Path) -> None:
    fake.headers = {"Authorization": "Bearer made-up-token"}
    answer = {"resultType": "scalar", "result": [1, "5"]}
    fake.paths["/api/v1/query"] = {"status": "success", "data": answer}
    with pytest.raises(ProbeError, match="wants a login"):
        await look("prometheus.query", url=fake.url, query="5", user="a", password="b")
    right = {"url": fake.url, "query": "5", "token": "made-up-token"}
    assert told(await look("prometheus.query", **right))["value"] == 5
