"""What the other parts of a rehearsal hold: rows, queue, metrics, backups, profile."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import ssl
import stat
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from runbooks.rehearsal import Deployment
from runbooks.secrets import Secret
from runbooks.target import lookup, parse
from tests.runbooks.rehearsal.asking import VIDEO, client


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes by itself; the test's limit is the bound."""
    while not is_so():
        time.sleep(0.1)


async def ask(deployment: Deployment, statement: str) -> Any:
    dsn = (deployment.directory / "secrets/postgres-admin.dsn").read_text()
    connection = await asyncpg.connect(dsn.replace("+psycopg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("show server_version_num", re.compile("^16")),
        ("select version_num from alembic_version", "20260605_topic_policy"),
        (
            "select count(*) from information_schema.tables "
            "where table_schema = 'public'",
            42,
        ),
        ("select bool_and(indisvalid) from pg_index", True),
        ("select rolsuper from pg_roles where rolname = current_user", False),
        ("select has_schema_privilege('public', 'create')", False),
        (
            "select bool_and(has_table_privilege(oid, p)) from pg_class, "
            "unnest('{select,insert,update,delete}'::text[]) p where relkind = 'r' "
            "and relnamespace = 'public'::regnamespace "
            "and relname <> 'alembic_version'",
            True,
        ),
        ("select count(*) from pg_tables where tableowner = current_user", 0),
        ("select setting from pg_settings where name = 'archive_mode'", "on"),
        ("select failed_count from pg_stat_archiver", 0),
        ("select archived_count > 0 from pg_stat_archiver", True),
        ("select count(*) > 0 from worker_heartbeat", True),
        (f"select state::text from videos where id = '{VIDEO}'", "completed"),
        (f"select count(*) > 5 from segments where video_id = '{VIDEO}'", True),
        (
            "select count(*) from sessions s left join audit_logs a "
            "using (user_id) where a.id is null",
            0,
        ),
    ],
)
async def test_database(deployment: Deployment, statement: str, value: Any) -> None:
    answer = await ask(deployment, statement)
    if isinstance(value, re.Pattern):
        assert value.match(answer)
    else:
        assert answer == value


async def test_every_index_that_is_looked_for_is_there(deployment: Deployment) -> None:
    wanted = Path(__file__).with_name("indexes.txt").read_text().split()
    names = "', '".join(wanted)
    found = await ask(
        deployment, f"select count(*) from pg_indexes where indexname in ('{names}')"
    )
    assert found == len(wanted) == 36


def test_submitted_job_completes(deployment: Deployment) -> None:
    key = deployment.layout.secret("api-key")
    with client(deployment, "api", headers={"X-API-Key": key}) as api:
        asked = {"url": "https://youtu.be/testjob0001", "kind": "single"}
        job = api.post("/jobs", json=asked)
        assert (job.status_code, job.json()["state"]) == (200, "pending")
        assert api.post("/jobs", json=asked).status_code == 409
        path = f"/jobs/{job.json()['id']}"
        until(lambda: api.get(path).json()["state"] == "completed")
        videos = api.get("/videos?q=testjob0001").json()["items"]
        assert api.get(f"/videos/{videos[0]['id']}/transcript").json()["segments"]
    worker = httpx.get(f"{deployment.url('worker')}/metrics").text
    assert re.search(r'videos_processed_total\{result="completed"\} [1-9]', worker)
    assert "worker_info{" in worker and "videos_pending 0" in worker


def test_prometheus_sees_all_and_nothing_fires(deployment: Deployment) -> None:
    base = f"{deployment.url('prometheus')}/api/v1"

    def data(path: str) -> Any:
        return httpx.get(f"{base}/{path}").json()["data"]

    targets = data("targets")["activeTargets"]
    assert {t["labels"]["job"] for t in targets} == {
        *("api", "worker", "postgres", "prometheus")
    }
    assert {t["health"] for t in targets} == {"up"}
    assert data("query?query=pg_up")["result"][0]["value"][1] == "1"
    until(lambda: bool(data("alertmanagers")["activeAlertmanagers"]))
    rules = [rule for group in data("rules")["groups"] for rule in group["rules"]]
    assert len(rules) >= 22
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []


def test_alerts_reach_the_sink(deployment: Deployment) -> None:
    alert = [{"labels": {"alertname": "Another", "severity": "critical"}}]
    base = deployment.url("alertmanager")
    assert httpx.post(f"{base}/api/v2/alerts", json=alert).status_code == 200

    def receivers() -> dict[str, str]:
        lines = (deployment.directory / "alerts.jsonl").read_text().splitlines()
        told = [json.loads(line) for line in lines]
        return {one["commonLabels"]["alertname"]: one["receiver"] for one in told}

    until(lambda: "Another" in receivers())
    # The other one is that which a rehearsal delivers when it starts.
    assert receivers().items() >= {("TestAlert", "on-call"), ("Another", "on-call")}


def test_backups_are_whole_and_cover_the_last_week(deployment: Deployment) -> None:
    root = deployment.directory / "backups"
    dumps = sorted(
        root.glob("*ly/transcripts_*.sql.gz"), key=lambda p: p.stat().st_mtime
    )
    text = gzip.decompress(dumps[-1].read_bytes()).decode()
    assert "PostgreSQL database dump complete" in text
    assert text.count("CREATE TABLE") == 41
    for dump in dumps:
        digest, name = (dump.parent / f"{dump.name}.sha256").read_text().split()
        assert name == dump.name
        assert digest == hashlib.sha256(dump.read_bytes()).hexdigest()
        kind, day = re.findall(r"transcripts_(\w+)_(\d{8})_\d{6}", dump.name)[0]
        when = datetime.strptime(day, "%Y%m%d")
        right = "weekly" if when.weekday() == 6 else "daily"
        assert kind == dump.parent.name == ("monthly" if when.day == 1 else right)
    days = {date.fromtimestamp(dump.stat().st_mtime) for dump in dumps}
    yesterday = date.today() - timedelta(days=1)
    assert {yesterday - timedelta(days=ago) for ago in range(6)} <= days
    log = max((root / "logs").glob("backup_*.log")).read_text()
    assert "Backup Completed Successfully" in log
    snapshot = (root / "media/current").resolve()
    sums = (root / f"media/checksums_{snapshot.name}.sha256").read_text()
    for line in sums.splitlines():
        digest, path = line.split()
        assert digest == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_logs_are_json(deployment: Deployment) -> None:
    for name in ("api", "worker"):
        lines = (deployment.directory / f"logs/{name}.log").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        assert records
        for record in records:
            assert record["service"] == name
            assert {"timestamp", "level", "logger", "message"} <= set(record)


def test_profile_is_complete_and_holds_no_secret(deployment: Deployment) -> None:
    text = deployment.profile.read_bytes()
    target = parse(text, deployment.profile)
    for name in ("api.url", "web.url", "prometheus.url", "backups.directory"):
        assert lookup(target, name)
    assert target.facts["platform"] == "processes"
    for path in (deployment.directory / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().strip() not in text
    reference = lookup(target, "postgres.dsn")
    assert isinstance(reference, Secret)
    assert reference.value().startswith("postgresql+psycopg://gonogo:")


def test_settings_are_private_and_for_production(deployment: Deployment) -> None:
    assert stat.S_IMODE(deployment.env_file.stat().st_mode) == 0o600
    lines = deployment.env_file.read_text().splitlines()
    assert "ENVIRONMENT=production" in lines
    assert len(dict(line.split("=", 1) for line in lines)["SESSION_SECRET"]) == 64


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name
)
def test_tls_versions(deployment: Deployment, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=deployment.directory / "tls/ca.pem")
    context.minimum_version = context.maximum_version = version
    url = deployment.url("api")
    assert httpx.get(f"{url}/health", verify=context).status_code == 200
