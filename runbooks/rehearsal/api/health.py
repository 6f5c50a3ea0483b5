"""Health, version and metrics."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from runbooks.rehearsal.api.errors import answer
from runbooks.rehearsal.api.service import VERSION, Service, service
from runbooks.rehearsal.metrics import CONTENT_TYPE
from runbooks.rehearsal.storage import POOL_SIZE, UNAVAILABLE

_STARTED = datetime.now(UTC).isoformat()
_GIB = 1024**3
_QUEUE = """
  select (select count(*) from videos where state = 'pending') as pending,
    (select count(*) from videos where state not in ('pending', 'completed', 'failed')
      and updated_at < now() - interval '900 s') as stuck,
    h.worker_id, h.last_seen, extract(epoch from now() - h.last_seen)::float8 as age
  from (select 1) one left join lateral
    (select * from worker_heartbeat order by last_seen desc limit 1) h on true
"""


async def health(request: web.Request) -> web.Response:
    return answer({"status": "healthy", "timestamp": _now()})


async def live(request: web.Request) -> web.Response:
    return answer({"status": "alive", "timestamp": _now()})


async def ready(request: web.Request) -> web.Response:
    database = await _database(service(request))
    well = database["status"] == "healthy"
    return answer(
        {
            "status": "ready" if well else "not_ready",
            "timestamp": _now(),
            "checks": {"database": database},
        },
        200 if well else 503,
    )


async def detailed(request: web.Request) -> web.Response:
    this = service(request)
    checks = {
        "database": await _database(this),
        "opensearch": {"status": "disabled"},
        "storage": _storage(this),
        "worker": await _worker(this),
    }
    found = {check["status"] for check in checks.values()}
    status = "healthy" if found <= {"healthy", "disabled"} else "degraded"
    if checks["database"]["status"] != "healthy":
        status = "unhealthy"
    for component, check in checks.items():
        well = float(check["status"] in ("healthy", "disabled"))
        this.series.set("health_check_status", well, component=component)
    body = {"status": status, "timestamp": _now(), "checks": checks}
    return answer(body, 503 if status == "unhealthy" else 200)


async def version(request: web.Request) -> web.Response:
    return answer({"version": VERSION, "git_commit": "cd7c2d0", "build_date": _STARTED})


async def metrics(request: web.Request) -> web.Response:
    series = service(request).series
    series.set("app_info", 1, version=VERSION)
    return web.Response(
        body=series.exposition().encode(), headers={"Content-Type": CONTENT_TYPE}
    )


async def _database(this: Service) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        await this.database.one("select 1")
    except UNAVAILABLE as error:
        this.series.set("health_check_status", 0, component="database")
        return {"status": "unhealthy", "error": str(error) or type(error).__name__}
    this.series.set("health_check_status", 1, component="database")
    return {
        "status": "healthy",
        "latency_ms": round((time.perf_counter() - started) * 1000, 2),
        "pool_size": POOL_SIZE,
        "pool_checked_in": this.database.idle,
    }


def _storage(this: Service) -> dict[str, Any]:
    directory = Path(this.settings["WORKDIR"])
    marker = directory / ".health_check_test"
    can_write = os.access(directory, os.W_OK)
    if can_write:
        marker.touch()
        marker.unlink(missing_ok=True)
    disk = shutil.disk_usage(directory)
    enough = float(this.settings["HEALTH_CHECK_DISK_MIN_FREE_GB"])
    return {
        "status": "healthy" if can_write and disk.free / _GIB >= enough else "degraded",
        "free_gb": round(disk.free / _GIB, 2),
        "total_gb": round(disk.total / _GIB, 2),
        "used_gb": round(disk.used / _GIB, 2),
        "can_write": can_write,
    }


async def _worker(this: Service) -> dict[str, Any]:
    try:
        row = await this.database.one(_QUEUE)
    except UNAVAILABLE as error:
        return {"status": "degraded", "error": str(error) or type(error).__name__}
    assert row is not None
    found = {"jobs_pending": row["pending"], "jobs_stuck": row["stuck"]}
    if row["worker_id"] is None:
        return {**found, "status": "degraded", "error": "No worker heartbeat found"}
    stale = float(this.settings["HEALTH_CHECK_WORKER_STALE_SECONDS"])
    return {
        **found,
        "status": "healthy" if row["age"] < stale else "degraded",
        "last_heartbeat": row["last_seen"],
        "seconds_since_heartbeat": round(row["age"], 1),
        "worker_id": row["worker_id"],
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
