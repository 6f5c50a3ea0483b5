"""The shipped runbook's steps on logs and dashboards.

Files are real, Grafana, Loki, OpenSearch and Elasticsearch are fakes that answer as
their APIs are documented and take any other question for a mistake.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.json_server import Answer, Query, Service, running
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import Cluster, shipper
from tests.runbooks.production_steps import SHIPPED, find

CENTRAL = ("logging.centralized", "logging.aggregation")
REVIEWS = ("ops.weekly-error-logs", "post24h.errors", "post24h.metrics-logs")
UIDS = ("transcript-overview", "transcript-api", "transcript-pipeline", "backup-dr")
RANGE = "/loki/api/v1/query_range"
SEARCH = "/logs-*/_search"


@pytest.fixture
def service() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def loki(service: Service, errors: int = 0, **ages: float) -> dict[str, str]:
    """Give services a line each, so many seconds old; return the profile's table."""

    def answer(query: Query) -> Answer:
        now = time.time()
        found: list[Any] = []
        if query["query"].startswith("sum (count_over_time("):
            found = [{"metric": {}, "values": [[now, "1000"]]}]
        elif query["query"].startswith("sum by (said_level"):
            labels = {"said_level": "ERROR", "said_logger": "app.jobs"}
            found = (
                [{"metric": labels, "values": [[now, str(errors)]]}] if errors else []
            )
        else:
            age = next(age for name, age in ages.items() if f'"{name}"' in str(query))
            found = [{"values": [[str(int((now - age) * 1e9)), "a line"]]}]
        return 200, {"status": "success", "data": {"result": found}}

    values = {"status": "success", "data": list(ages)}
    service.paths |= {"/loki/api/v1/label/service/values": values, RANGE: answer}
    return {"url": service.url}


def opensearch(service: Service, errors: int = 0, **ages: float) -> dict[str, str]:
    def search(query: Query) -> Answer:
        asked = json.loads(query["source"])["aggs"]
        now = time.time() * 1000
        newest = [
            {"key": name, "newest": {"value": now - age * 1000}}
            for name, age in ages.items()
        ]
        key = {"hour": now, "level": "ERROR", "logger": "app.jobs", "type": None}
        groups = [{"key": key, "doc_count": errors}] if errors else []
        answers = {
            "services": {"buckets": newest},
            "hours": {"buckets": [{"key": now, "doc_count": 1000}]},
            "bad": {"groups": {"buckets": groups}},
        }
        found = {name: answers[name] for name in asked}
        return 200, {"timed_out": False, "_shards": {}, "aggregations": found}

    service.paths[SEARCH] = search
    return {"url": service.url}


STORES = {"loki": loki, "opensearch": opensearch, "elasticsearch": opensearch}


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
        found = await find(step_id, facts, **_files(), prometheus={})
        assert found.result == "unknown", found
    assert "aws logs tail" in (await find(CENTRAL[1], facts)).reason


def _files(*paths: Path, **more: Any) -> dict[str, Any]:
    return {"logs": {"files": [str(path) for path in paths], **more}} if paths else {}


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


def line(level: str = "INFO", hours: float = 0, **fields: Any) -> str:
    when = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
    said = {"timestamp": when.isoformat(), "level": level, "service": "api"}
    return json.dumps({**said, "logger": "app", "message": "said", **fields})


def log(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


PLAIN = 'INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK'
HERE = {"central_logs": "none"}


@pytest.mark.parametrize(
    ("rule", "result"),
    [("rotate 30", "pass"), ("rotate 3", "warn"), ("rotate -1", "fail"), ("", "fail")],
)
async def test_retention_of_files(tmp_path: Path, rule: str, result: str) -> None:
    path = log(tmp_path / "api.log", line())
    conf = tmp_path / "logrotate.conf"
    conf.write_text(f"{path} {{\n daily\n {rule}\n}}\n" if rule else "")
    found = await find("logging.retention", HERE, **_files(path, logrotate=[str(conf)]))
    assert found.result == result, found


FILES = (
    "env.log-level",
    "env.log-format",
    "logging.structured",
    "logging.accessible",
    "ops.weekly-error-logs",
)


@pytest.mark.parametrize(
    ("lines", "results"),
    [
        ([line(), line()], ("pass", "pass", "pass", "pass", "pass")),
        ([line(), PLAIN, PLAIN], ("pass", "warn", "warn", "pass", "pass")),
        ([line("DEBUG"), line("ERROR")], ("fail", "pass", "pass", "pass", "warn")),
        ([PLAIN], ("pass", "warn", "fail", "pass", "warn")),
        ([], ("pass", "warn", "fail", "fail", "warn")),
    ],
)
async def test_files_of_services(
    tmp_path: Path, lines: list[str], results: tuple[str, ...]
) -> None:
    env = tmp_path / "app.env"
    env.write_text("LOG_LEVEL=INFO\nLOG_FORMAT=json\n")
    tables = {
        **_files(log(tmp_path / "api.log", *lines)),
        "settings": {"env_file": str(env)},
    }
    got = [(await find(step_id, HERE, **tables)).result for step_id in FILES]
    assert tuple(got) == results


@pytest.mark.parametrize("step_id", FILES)
async def test_files_that_are_not_there(tmp_path: Path, step_id: str) -> None:
    env = tmp_path / "app.env"
    env.write_text("LOG_LEVEL=INFO\nLOG_FORMAT=json\n")
    tables = {"settings": {"env_file": str(env)}}
    found = await find(step_id, HERE, **_files(tmp_path / "gone.log"), **tables)
    assert found.result == ("unknown" if step_id == FILES[-1] else "fail"), found
    found = await find(step_id, HERE, **tables)
    assert found.result == "unknown" and "no [logs] files" in found.reason


def answering(service: Service, value: str) -> dict[str, str]:
    """Answer every query of Prometheus with one number; return the profile's table."""

    def query(query: Query) -> Answer:
        found = [{"metric": {}, "value": [time.time(), value]}]
        return 200, {
            "status": "success",
            "data": {"resultType": "vector", "result": found},
        }

    service.paths["/api/v1/query"] = query
    return {"url": service.url}


@pytest.mark.parametrize(
    ("restarts", "lines", "result", "reason"),
    [
        ("0", [line()], "pass", ""),
        ("2", [line()], "warn", "value 2"),
        ("0", [line(), line("WARNING", logger="new")], "warn", "new_warnings: new"),
        ("0", [line("WARNING"), line("WARNING", hours=30)], "pass", ""),
        ("0", [line(), line("ERROR")], "warn", "new: app"),
        ("0", [line("ERROR")] * 11, "fail", "new_rate 11 > 10"),
        ("0", [*[line("ERROR")] * 11, line("ERROR", hours=30)], "pass", ""),
        ("0", [PLAIN], "warn", "lines 0 < 1"),
    ],
)
async def test_errors_since_the_launch_of_processes(
    service: Service,
    tmp_path: Path,
    restarts: str,
    lines: list[str],
    result: str,
    reason: str,
) -> None:
    tables = {
        **_files(log(tmp_path / "api.log", *lines)),
        "prometheus": answering(service, restarts),
    }
    found = await find("post24h.errors", HERE, **tables)
    assert found.result == result and reason in found.reason, found


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


def rules(*queries: str, kind: str = "alerting") -> dict[str, Any]:
    each = [
        {
            "name": f"Rule{n}",
            "query": query,
            "type": kind,
            "health": "ok",
            "duration": 0,
            "labels": {},
            "alerts": [],
        }
        for n, query in enumerate(queries)
    ]
    return {"status": "success", "data": {"groups": [{"name": "g", "rules": each}]}}


RATE = 'rate(http_requests_total{status=~"5.."}[5m]) > 0.05'
LINES = 'sum(rate({service="api"} |= "error" [5m])) > 5'


@pytest.mark.parametrize(
    ("dsn", "lines", "rate", "result", "reason"),
    [
        ("https://key@sentry.test/1", "", "", "pass", ""),
        ("", LINES, "", "pass", ""),
        ("", "", RATE, "warn", "watched failed requests, not errors"),
        ("", "", "", "fail", "watched absent"),
    ],
)
async def test_who_hears_of_errors(
    service: Service,
    tmp_path: Path,
    dsn: str,
    lines: str,
    rate: str,
    result: str,
    reason: str,
) -> None:
    env = tmp_path / "app.env"
    env.write_text(f"SENTRY_DSN={dsn}\n")
    service.paths |= {
        "/prometheus/api/v1/rules": rules(*filter(None, [lines])),
        "/api/v1/rules": rules(*filter(None, [rate])),
    }
    tables = {
        "settings": {"env_file": str(env)},
        "logs": {"url": service.url},
        "prometheus": answering(service, "1"),
    }
    found = await find("logging.errors-monitored", {"central_logs": "loki"}, **tables)
    assert found.result == result and reason in found.reason, found
    assert "key@sentry" not in repr(found)


async def test_nobody_can_tell_who_hears_of_errors(
    tmp_path: Path, closed_port: int
) -> None:
    env = tmp_path / "app.env"
    env.write_text("SENTRY_DSN=https://key@sentry.test/1\n")
    gone = {"url": f"http://127.0.0.1:{closed_port}"}
    tables = {"prometheus": gone, "logs": gone}
    step_id, facts = "logging.errors-monitored", {"central_logs": "loki"}
    found = await find(step_id, facts, settings={"env_file": str(env)}, **tables)
    assert found.result == "pass", found
    env.write_text("SENTRY_DSN=\n")
    found = await find(step_id, facts, settings={"env_file": str(env)}, **tables)
    assert found.result == "unknown" and "refused" in found.reason
    found = await find(step_id, facts)
    assert found.result == "unknown", found


def grafana(service: Service, *uids: str, health: str = "OK") -> dict[str, str]:
    service.paths |= {
        "/api/health": {"database": "ok", "version": "11.4.0"},
        "/api/search": [{"uid": uid, "title": uid, "tags": []} for uid in uids],
        "/api/datasources": [{"uid": "prom", "name": "Prometheus"}],
        "/api/datasources/uid/prom/health": {"status": health},
        "/api/user": lambda query: (401, {"message": "Invalid username or password"}),
    }
    return {"url": service.url}


@pytest.mark.parametrize(
    ("uids", "health", "result", "reason"),
    [
        (UIDS, "OK", "pass", ""),
        (UIDS[:3], "OK", "warn", "missing: backup-dr"),
        ((), "OK", "fail", "found 0 < 3"),
        (UIDS, "ERROR", "fail", "failing: Prometheus"),
    ],
)
async def test_dashboards(
    service: Service, uids: tuple[str, ...], health: str, result: str, reason: str
) -> None:
    tables = {"grafana": grafana(service, *uids, health=health)}
    found = await find("metrics.dashboards", {}, **tables)
    assert found.result == result and reason in found.reason, found
    assert "/api/user" not in [path for path, _ in service.queries]


@pytest.mark.parametrize(("status", "result"), [(401, "pass"), (200, "warn")])
async def test_the_first_password_is_tried_once_and_only_with_leave(
    service: Service, status: int, result: str
) -> None:
    tables = {
        "grafana": grafana(service, *UIDS),
        "intrusive": {"steps": ["metrics.dashboards"]},
    }
    service.paths["/api/user"] = lambda query: (status, {})
    runner = Runner(Target("x", tables=tables))
    found = await runner.probe(SHIPPED.step_by_id["metrics.dashboards"], True)
    assert found.result == result, found
    assert [path for path, _ in service.queries].count("/api/user") == 1


async def test_dashboards_that_nobody_can_see(closed_port: int) -> None:
    gone = {"url": f"http://127.0.0.1:{closed_port}"}
    found = await find("metrics.dashboards", {}, grafana=gone)
    assert found.result == "fail" and "refused" in found.reason
    found = await find("metrics.dashboards", {})
    assert found.result == "unknown" and "no [grafana] url" in found.reason
    found = await find("metrics.dashboards", {"practice": True})
    assert found.result == "n/a"


@pytest.fixture
def api() -> Iterator[KubernetesAPI]:
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
