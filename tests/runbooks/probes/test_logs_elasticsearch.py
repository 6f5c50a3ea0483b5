"""Retention in Elasticsearch, against a fake that answers as its API is documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.looking import look, told

EXPLAIN = "/logs-*/_ilm/explain"


@pytest.fixture
def cluster() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def policy(**phases: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "policy": {"phases": {"hot": {"actions": {}}, **phases}}}


def deleting(age: str) -> dict[str, Any]:
    return {"min_age": age, "actions": {"delete": {"delete_searchable_snapshot": True}}}


def managed(cluster: Service, **policies: Any) -> None:
    indices: dict[str, Any] = {}
    cluster.paths = {EXPLAIN: {"indices": indices}}
    for name, said in policies.items():
        about = {"managed": True, "policy": name} if said else {"managed": False}
        indices[f"logs-{name}"] = {"index": f"logs-{name}", **about}
        if said:
            cluster.paths[f"/_ilm/policy/{name}"] = {name: said}


@pytest.mark.parametrize(
    ("policies", "readings"),
    [
        (
            {
                "week": policy(delete=deleting("7d")),
                "month": policy(delete=deleting("720h")),
            },
            {"enabled": True, "shortest": 7, "longest": 30},
        ),
        (
            {"week": policy(delete=deleting("7d")), "cold": policy(), "free": None},
            {"enabled": True, "shortest": 7, "unlimited": "logs-cold, logs-free"},
        ),
        ({"free": None}, {"enabled": False, "unlimited": "logs-free"}),
    ],
)
async def test_retention(
    cluster: Service, policies: dict[str, Any], readings: dict[str, Any]
) -> None:
    managed(cluster, **policies)
    found = told(await look("logs.elasticsearch_retention", url=cluster.url))
    assert found == readings


async def test_what_is_deleted_at_once_is_not_kept_for_ever(cluster: Service) -> None:
    managed(cluster, now=policy(delete=deleting("0ms")))
    found = told(await look("logs.elasticsearch_retention", url=cluster.url))
    assert found["enabled"] is True and "unlimited" not in found


async def test_nothing_to_keep(cluster: Service) -> None:
    managed(cluster)
    with pytest.raises(ProbeError, match="there is no index"):
        await look("logs.elasticsearch_retention", url=cluster.url)


@pytest.mark.parametrize("body", ["<html>", [], {"indices": {"logs-1": {}}}])
async def test_an_answer_of_something_else(cluster: Service, body: Any) -> None:
    cluster.paths = {EXPLAIN: body}
    with pytest.raises(ProbeError, match=r"no JSON|no OpenSearch answers"):
        await look("logs.elasticsearch_retention", url=cluster.url)


async def test_a_policy_of_something_else(cluster: Service) -> None:
    managed(cluster, odd=policy(delete=deleting("soon")))
    with pytest.raises(ProbeError, match="no OpenSearch answers"):
        await look("logs.elasticsearch_retention", url=cluster.url)
