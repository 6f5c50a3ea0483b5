"""Probes of logs in OpenSearch against a fake of its REST API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Answer, Query, Service, running
from tests.runbooks.probes.looking import look, told

SEARCH = "/logs-*/_search"
EXPLAIN = "/_plugins/_ism/explain/logs-*"
POLICY = "index.plugins.index_state_management.policy_id"


@pytest.fixture
def cluster() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def answers(cluster: Service, aggregations: Any, **more: Any) -> None:
    """Answer searches, which have to be whole ones that return no documents."""

    def search(query: Query) -> Answer:
        assert query["source_content_type"] == "application/json"
        body = json.loads(query["source"])
        assert body["size"] == 0
        recent, theirs = body["query"]["bool"]["filter"]
        assert theirs == {"terms": {"service.keyword": ["api", "worker"]}}
        assert recent["range"]["@timestamp"]["gte"].startswith("now-")
        found = {"took": 2, "timed_out": False, "_shards": {"total": 1}, **more}
        assert set(aggregations) <= set(body["aggs"])
        return 200, {**found, "aggregations": aggregations}

    cluster.paths = {SEARCH: search}


def newest(key: str, age: float) -> dict[str, Any]:
    return {"key": key, "newest": {"value": (time.time() - age) * 1000}}


async def test_lines_arrive(cluster: Service) -> None:
    buckets = [newest("api", 10), newest("worker", 300)]
    answers(cluster, {"services": {"buckets": buckets}})
    found = told(await look("logs.opensearch", url=cluster.url))
    assert found["answers"] is True and "missing" not in found
    assert found["age"] == pytest.approx(300, abs=10)


async def test_a_service_without_lines(cluster: Service) -> None:
    answers(cluster, {"services": {"buckets": [newest("api", 10)]}})
    assert told(await look("logs.opensearch", url=cluster.url))["missing"] == "worker"


async def test_no_index_matches(cluster: Service) -> None:
    cluster.paths = {SEARCH: {"timed_out": False, "_shards": {"total": 0}}}
    found = told(await look("logs.opensearch", url=cluster.url))
    assert found["missing"] == "api, worker"
    gone = {"error": {"type": "index_not_found_exception"}, "status": 404}
    cluster.paths = {SEARCH: lambda query: (404, gone)}
    with pytest.raises(ProbeError, match="there is no index"):
        await look("logs.opensearch", url=cluster.url)


def bucket(hours: float, level: str, logger: str, kind: Any, n: int) -> Any:
    at = (time.time() - hours * 3600) * 1000
    key = {"hour": at, "level": level, "logger": logger, "type": kind}
    return {"key": key, "doc_count": n}


async def test_errors_in_groups(cluster: Service) -> None:
    groups = [
        bucket(0.5, "ERROR", "app.jobs", "TimeoutError", 3),
        bucket(100, "ERROR", "app.jobs", "TimeoutError", 9),
        bucket(2.5, "ERROR", "app.db", None, 17),
        bucket(2.5, "WARNING", "app.slow", None, 2),
    ]
    hours = [
        {"key": (time.time() - 1800) * 1000, "doc_count": 1000},
        {"key": (time.time() - 100 * 3600) * 1000, "doc_count": 9},
    ]
    bad = {"doc_count": 31, "groups": {"buckets": groups}}
    answers(cluster, {"hours": {"buckets": hours}, "bad": bad})
    found = told(await look("logs.opensearch_errors", url=cluster.url))
    assert found["top"] == "app.db (17), app.jobs TimeoutError (3)"
    assert (found["new"], found["new_rate"]) == ("app.db", 17)
    assert (found["new_warnings"], found["share"]) == ("app.slow", 2)


def policy(*transitions: tuple[str, dict[str, str] | None], deletes: bool) -> Any:
    goes = [
        {"state_name": name, **({"conditions": said} if said else {})}
        for name, said in transitions
    ]
    last = [{"delete": {}}] if deletes else [{"read_only": {}}]
    states = [
        {"name": "hot", "actions": [], "transitions": goes},
        {"name": "delete", "actions": last, "transitions": []},
    ]
    return {"_id": "p", "policy": {"policy_id": "p", "states": states}}


def managed(cluster: Service, **policies: Any) -> None:
    cluster.paths = {EXPLAIN: {"total_managed_indices": len(policies)}}
    for name, said in policies.items():
        cluster.paths[EXPLAIN][f"logs-{name}"] = {POLICY: name if said else None}
        if said:
            cluster.paths[f"/_plugins/_ism/policies/{name}"] = said


async def test_retention(cluster: Service) -> None:
    month = policy(("delete", {"min_index_age": "30d"}), deletes=True)
    week = policy(("delete", {"min_index_age": "168h"}), deletes=True)
    managed(cluster, month=month, week=week)
    found = told(await look("logs.opensearch_retention", url=cluster.url))
    assert found == {"enabled": True, "shortest": 7, "longest": 30}


async def test_indices_that_are_kept_for_ever(cluster: Service) -> None:
    month = policy(("delete", {"min_index_age": "30d"}), deletes=True)
    cold = policy(("delete", {"min_index_age": "30d"}), deletes=False)
    managed(cluster, month=month, cold=cold, free=None)
    found = told(await look("logs.opensearch_retention", url=cluster.url))
    assert found["unlimited"] == "logs-cold, logs-free"
    assert found["shortest"] == 30 and "longest" not in found


async def test_nothing_to_keep(cluster: Service) -> None:
    managed(cluster)
    with pytest.raises(ProbeError, match="there is no index"):
        await look("logs.opensearch_retention", url=cluster.url)


@pytest.mark.parametrize("body", ["<html>", [], {"_shards": 1, "aggregations": [1]}])
@pytest.mark.parametrize("name", ["", "_errors"])
async def test_an_answer_of_something_else(
    cluster: Service, name: str, body: Any
) -> None:
    cluster.paths = {SEARCH: body}
    with pytest.raises(ProbeError, match=r"no JSON|no OpenSearch answers"):
        await look(f"logs.opensearch{name}", url=cluster.url)


@pytest.mark.parametrize("body", [[], {"policy": {"states": [{}]}}])
async def test_a_policy_of_something_else(cluster: Service, body: Any) -> None:
    managed(cluster, odd=body or [1])
    with pytest.raises(ProbeError, match="no OpenSearch answers"):
        await look("logs.opensearch_retention", url=cluster.url)


async def test_a_search_that_takes_too_long(cluster: Service) -> None:
    answers(cluster, {}, timed_out=True)
    with pytest.raises(ProbeError, match="timed out") as error:
        await look("logs.opensearch_errors", url=cluster.url)
    assert error.value.stage == "timeout"


async def test_nobody_listens(closed_port: int) -> None:
    with pytest.raises(ProbeError, match="refused"):
        await look("logs.opensearch", url=f"http://127.0.0.1:{closed_port}")
