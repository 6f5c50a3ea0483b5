"""The shipped runbook's steps on dashboards, and on who hears of errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.log_stores import answering
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.production_steps import SHIPPED, find

UIDS = ("transcript-overview", "transcript-api", "transcript-pipeline", "backup-dr")


@pytest.fixture
def service() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


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
