"""The shipped runbook's steps on logs in a central store.

The stores are fakes that take any question that is not documented for a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.contacts import contacted, contacts, reached
from runbooks.target import Target
from tests.runbooks.log_stores import STORES, answering, loki
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import Cluster, shipper
from tests.runbooks.production_steps import find

CENTRAL = ("logging.centralized", "logging.aggregation")
REVIEWS = ("ops.weekly-error-logs", "post24h.errors", "post24h.metrics-logs")


@pytest.fixture
def service() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(
    ("ages", "results"),
    [
        ({"api": 10, "worker": 200}, ("pass", "pass")),
        ({"api": 10, "worker": 900}, ("pass", "warn")),
        ({"api": 10}, ("warn", "warn")),
        ({"api": 10, "worker": 7200}, ("pass", "fail")),
        ({}, ("fail", "fail")),
    ],
)
async def test_lines_in_a_central_store(
    service: Service, kind: str, ages: dict[str, float], results: tuple[str, str]
) -> None:
    logs = STORES[kind](service, **ages)
    for step_id, result in zip(CENTRAL, results, strict=True):
        found = await find(step_id, {"central_logs": kind}, logs=logs)
        assert found.result == result, found


async def test_a_store_that_is_gone(closed_port: int) -> None:
    logs = {"url": f"http://127.0.0.1:{closed_port}"}
    for kind in STORES:
        found = await find(CENTRAL[0], {"central_logs": kind}, logs=logs)
        assert found.result == "fail" and "refused" in found.reason
        found = await find(CENTRAL[1], {"central_logs": kind}, logs=logs)
        assert found.result == "unknown"


@pytest.mark.parametrize("kind", STORES)
async def test_a_profile_says_whether_it_leads_to_the_store(
    service: Service, kind: str
) -> None:
    tables = {"logs": STORES[kind](service, api=1, worker=1)}
    target = Target("x", facts={"central_logs": kind}, tables=tables)
    found = [finding async for _, finding in contacted(target, contacts(target))]
    assert [reached(finding) for finding in found] == [True], found
    # Which kind of store it is has to be said before it is asked.
    service.queries.clear()
    target = Target("x", tables=tables)
    found = [finding async for _, finding in contacted(target, contacts(target))]
    assert {f.reason for f in found} == {"no [facts] central_logs in the profile"}
    assert service.queries == []


@pytest.mark.parametrize("step_id", CENTRAL)
async def test_without_a_store(step_id: str) -> None:
    found = await find(step_id, {"central_logs": "none"})
    assert found.result == "fail", found
    found = await find(step_id, {"central_logs": "none", "practice": True})
    assert (found.result, found.reason) == ("n/a", "by fact: practice is true")
    found = await find(step_id, {})
    assert found.result == "unknown"
    assert found.reason.startswith("no [facts] central_logs in the profile")
    found = await find(step_id, {"central_logs": "loki"})
    assert found.result == "unknown" and "no [logs] url" in found.reason


@pytest.mark.parametrize("step_id", [*CENTRAL, "logging.retention", *REVIEWS])
async def test_a_store_of_which_nobody_says_what_it_is(
    service: Service, step_id: str
) -> None:
    found = await find(step_id, {}, logs={"url": service.url})
    assert found.result == "unknown"
    assert "central_logs" in found.reason
    assert service.queries == []


async def test_a_store_that_is_only_declared() -> None:
    facts = {"central_logs": "cloudwatch"}
    assert (await find(CENTRAL[0], facts)).result == "warn"
    for step_id in (CENTRAL[1], "logging.retention", *REVIEWS):
        found = await find(step_id, facts, prometheus={})
        assert found.result == "unknown", found
    assert "aws logs tail" in (await find(CENTRAL[1], facts)).reason


@pytest.mark.parametrize(
    ("enabled", "period", "result"),
    [("true", "30d", "pass"), ("true", "7d", "warn"), ("false", "30d", "warn")],
)
async def test_retention_in_loki(
    service: Service, enabled: str, period: str, result: str
) -> None:
    service.paths["/config"] = (
        f"compactor: {{retention_enabled: {enabled}}}\n"
        f"limits_config: {{retention_period: {period}}}\n"
    )
    facts = {"central_logs": "loki", "platform": "kubernetes"}
    found = await find("logging.retention", facts, logs={"url": service.url})
    assert found.result == result, found


@pytest.mark.parametrize(
    ("age", "result"), [("30d", "pass"), ("500d", "warn"), ("", "warn")]
)
async def test_retention_in_indices(service: Service, age: str, result: str) -> None:
    delete = {"delete": {"min_age": age, "actions": {"delete": {}}}} if age else {}
    state = {"name": "gone", "actions": [{"delete": {}}] if age else []}
    moved = {"state_name": "gone", "conditions": {"min_index_age": age}}
    hot = {"name": "hot", "actions": [], "transitions": [moved]}
    states = {"states": [hot, {**state, "transitions": []}]}
    managed = "index.plugins.index_state_management.policy_id"
    service.paths |= {
        "/logs-*/_ilm/explain": {"indices": {"a": {"managed": True, "policy": "p"}}},
        "/_ilm/policy/p": {"p": {"policy": {"phases": delete}}},
        "/_plugins/_ism/explain/logs-*": {"a": {managed: "p"}},
        "/_plugins/_ism/policies/p": {"policy": states},
    }
    for kind in ("opensearch", "elasticsearch"):
        facts = {"central_logs": kind, "platform": "kubernetes"}
        found = await find("logging.retention", facts, logs={"url": service.url})
        assert found.result == result, found


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(
    ("errors", "results"),
    [
        (0, ("pass", "pass", "pass")),
        (5, ("warn", "warn", "warn")),
        (60, ("warn", "fail", "fail")),
    ],
)
async def test_errors_in_a_central_store(
    service: Service, kind: str, errors: int, results: tuple[str, ...]
) -> None:
    tables = {
        "logs": STORES[kind](service, errors),
        "prometheus": answering(service, "0"),
    }
    for step_id, result in zip(REVIEWS, results, strict=True):
        found = await find(step_id, {"central_logs": kind}, **tables)
        assert found.result == result, found


@pytest.fixture
def api(threaded: None) -> Iterator[KubernetesAPI]:
    with kubernetes_api([]) as api:
        yield api
        assert api.violations == []


@pytest.mark.parametrize(
    ("ready", "tolerant", "result"),
    [(4, True, "pass"), (3, True, "fail"), (4, False, "fail"), (0, None, "fail")],
)
async def test_shippers_of_a_cluster(
    service: Service,
    api: KubernetesAPI,
    tmp_path: Path,
    ready: int,
    tolerant: bool | None,
    result: str,
) -> None:
    cluster = Cluster()
    spec = {"tolerations": [{"operator": "Exists"}]} if tolerant else {}
    if tolerant is not None:
        image = "grafana/promtail:2.9.3"
        cluster.rest.append(shipper("promtail", image, 4, ready, **spec))
    api.objects = cluster.objects
    found = await find(
        "logging.centralized",
        {"central_logs": "loki", "platform": "kubernetes"},
        logs=loki(service, api=1, worker=1),
        kubernetes={"kubeconfig": str(api.kubeconfig(tmp_path / "config"))},
    )
    assert found.result == result, found
