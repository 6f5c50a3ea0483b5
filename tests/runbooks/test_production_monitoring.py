"""The shipped runbook's steps on metrics and alerts, against real servers.

One deployment is monitored as it should be, one as it ships: no exporters, rules over
series that nobody exports, no Alertmanager.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbooks.rehearsal.monitoring import RULES
from runbooks.results import Result
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.prometheus_server import (
    alertmanager,
    free_port,
    get,
    prometheus,
    wait,
)
from tests.runbooks.production_steps import find

APPLICATION = """
http_requests_total{status="200"} 100
videos_pending 3
db_connections_active 0
cache_hits_total{cache_type="video"} 9
gpu_memory_used_bytes{device="0"} 5e9
gpu_memory_total_bytes{device="0"} 1e10
health_check_status{component="database"} 1
"""
EXPORTERS = f"""
pg_up 1
pg_stat_database_xact_rollback{{datname="transcripts"}} 0
pg_stat_activity_count{{datname="transcripts"}} 5
pg_settings_max_connections 100
DCGM_FI_DEV_GPU_UTIL{{gpu="0"}} 50
node_cpu_seconds_total{{cpu="0",mode="idle"}} 5
node_memory_MemAvailable_bytes 5e9
node_memory_MemTotal_bytes 1e10
node_filesystem_avail_bytes{{mountpoint="/"}} 5e11
node_filesystem_size_bytes{{mountpoint="/"}} 1e12
probe_ssl_earliest_cert_expiry {time.time() + 90 * 86400}
backup_last_success_timestamp{{type="database"}} {time.time()}
backup_last_status{{type="database"}} 1
backup_verification_failures 0
wal_last_archive_timestamp {time.time()}
"""
GPU_RULES = """
  - name: gpu
    rules:
      - alert: GpuLost
        expr: absent(gpu_memory_total_bytes)
        labels: {severity: critical}
      - alert: GpuFull
        expr: gpu_memory_used_bytes / gpu_memory_total_bytes > 0.95
        labels: {severity: warning}
"""
SHIPPED = """
groups:
  - name: shipped
    rules:
      - {alert: APIServiceDown, expr: 'up{job="api"} == 0', for: 2m}
      - {alert: WorkerServiceDown, expr: 'up{job="worker"} == 0', for: 2m}
      - {alert: JobsStuckInQueue, expr: videos_pending > 50, for: 30m}
      - {alert: HighDatabaseErrors, expr: 'rate(db_errors_total[5m]) > 0'}
      - {alert: PoolFull, expr: db_connections_active > 50}
      - {alert: BackupTooOld, expr: time() - backup_last_success_timestamp > 93600}
      - {alert: BackupFailed, expr: backup_last_status == 0}
      - {alert: BackupStorageLow, expr: node_filesystem_avail_bytes < 1e9}
"""
ROUTES = """
route:
  receiver: operators
  routes: [{matchers: ['severity="critical"'], receiver: on-call}]
receivers:
  - name: operators
    webhook_configs: [{url: "http://127.0.0.1:9/"}]
  - name: on-call
    webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""
EXPECTED = {
    "database.monitoring": ("pass", "warn"),
    "tls.expiry-monitoring": ("pass", "fail"),
    "metrics.scrape": ("pass", "pass"),
    "metrics.gpu": ("pass", "warn"),
    "metrics.database": ("pass", "warn"),
    "alerting.critical": ("pass", "fail"),
    "alerting.resource": ("pass", "fail"),
    "alerting.gpu": ("pass", "fail"),
    "alerting.db-pool": ("pass", "warn"),
    "alerting.cert-expiry": ("pass", "fail"),
    "alerting.backup": ("pass", "fail"),
    "alerting.routing": ("pass", "fail"),
}
"""By step, what is found where all is well, and as it ships."""


def served(stack: ExitStack, text: str) -> str:
    service = stack.enter_context(running(Service(paths={"/metrics": text})))
    return service.url.removeprefix("http://")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, str]]]:
    """The tables of the profile: Prometheus and Alertmanager, good and as shipped."""
    with ExitStack() as stack:
        path = tmp_path_factory.mktemp("good")
        manager = stack.enter_context(alertmanager(path, ROUTES))
        jobs = dict.fromkeys(("api", "worker"), served(stack, APPLICATION))
        rules = RULES.read_text() + GPU_RULES
        both = {**jobs, "postgres": served(stack, EXPORTERS)}
        host = manager.removeprefix("http://")
        good = stack.enter_context(prometheus(path, both, rules, host))
        path = tmp_path_factory.mktemp("shipped")
        bad = stack.enter_context(prometheus(path, jobs, SHIPPED))

        def known() -> bool:
            told = get(f"{good}/api/v1/alertmanagers").get("data", {})
            return bool(told.get("activeAlertmanagers"))

        wait(known)
        nobody = f"http://127.0.0.1:{free_port()}"
        yield [
            {"prometheus": good, "alertmanager": manager},
            {"prometheus": bad, "alertmanager": nobody},
        ]


@pytest.mark.parametrize("step_id", EXPECTED)
async def test_monitoring_that_works_and_as_it_ships(
    servers: list[dict[str, str]], step_id: str
) -> None:
    for urls, result in zip(servers, EXPECTED[step_id], strict=True):
        tables = {table: {"url": url} for table, url in urls.items()}
        found = await find(step_id, {"gpu": "nvidia"}, **tables)
        assert found.result == result, found


@pytest.mark.parametrize(
    ("platform", "reachable", "known", "result"),
    [
        ("processes", True, True, "pass"),
        ("processes", False, True, "warn"),
        ("processes", False, False, "fail"),
        ("kubernetes", False, True, "pass"),
    ],
)
async def test_prometheus_answers_for_a_worker_that_cannot_be_reached(
    servers: list[dict[str, str]],
    tmp_path: Path,
    platform: str,
    reachable: bool,
    known: bool,
    result: str,
) -> None:
    env = tmp_path / "app.env"
    env.write_text("ENABLE_METRICS=true\n")
    metrics = APPLICATION + 'app_info{version="1"} 1\n'
    with ExitStack() as stack:
        here = f"http://{served(stack, metrics)}"
        if known:
            where = servers[0]["prometheus"]
        else:
            jobs = {"api": here.removeprefix("http://")}
            where = stack.enter_context(prometheus(tmp_path, jobs, SHIPPED))
        found = await find(
            "features.metrics",
            {"platform": platform},
            api={"url": here},
            worker={"metrics_url": f"{here}/metrics" if reachable else _nobody()},
            prometheus={"url": where},
            settings={"api_env_file": str(env)},
        )
    assert found.result == result, found


def _nobody() -> str:
    return f"http://127.0.0.1:{free_port()}/metrics"


@pytest.mark.parametrize("step_id", EXPECTED)
async def test_nobody_looked(step_id: str) -> None:
    nobody = {"url": f"http://127.0.0.1:{free_port()}"}
    tables = {"prometheus": nobody, "alertmanager": nobody}
    found = await find(step_id, {"gpu": "nvidia"}, **tables)
    assert found.result is Result.UNKNOWN
    assert (await find(step_id, {"gpu": "nvidia"})).result is Result.UNKNOWN


async def test_a_machine_without_gpus_has_none_to_watch(tmp_path: Path) -> None:
    for step_id in ("metrics.gpu", "alerting.gpu"):
        assert (await find(step_id, {"gpu": "none"})).result is Result.NA
