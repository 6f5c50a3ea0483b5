"""Submitting and watching jobs; PostgreSQL is the queue."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from aiohttp import web

from runbooks.rehearsal.api.accounts import authenticated
from runbooks.rehearsal.api.errors import Refusal, answer, invalid
from runbooks.rehearsal.api.service import service

_COLUMNS = "id, kind, state, error, created_at, updated_at"
_VIDEO = re.compile(
    r"https://(?:www\.)?(?:youtube\.com/watch\?v=|youtu\.be/)([\w-]{6,15})"
)
_DAILY_QUOTA = {"free": 5, "pro": 25}


async def submit(request: web.Request) -> web.Response:
    """Put a job and its video into the queue."""
    user = await authenticated(request)
    body = await _body(request)
    kind, address = body.get("kind"), body.get("url")
    if kind not in ("single", "channel") or not isinstance(address, str):
        raise invalid("url and kind (single or channel) are required")
    video = _VIDEO.match(address)
    if video is None:
        raise invalid("url is no YouTube video")
    database = service(request).database
    before = await database.one(
        "select count(*) filter (where created_at > now() - interval '24 hours') "
        "as today, count(*) filter (where input_url = $2 and state <> 'failed') "
        "as same from jobs where user_id = $1",
        user["id"],
        address,
    )
    assert before is not None
    if before["same"]:
        raise Refusal(409, "duplicate_job", "This video has been submitted already")
    if before["today"] >= _DAILY_QUOTA[user["plan"]]:
        raise Refusal(429, "rate_limit_exceeded", "Daily job quota exceeded")
    job = await database.one(
        "with job as (insert into jobs (user_id, kind, input_url) "
        "values ($1, $2, $3) returning *), "
        "video as (insert into videos (job_id, youtube_id, idx, title) "
        "select id, $4, 1, $4 from job) "
        f"select {_COLUMNS} from job",
        user["id"],
        kind,
        address,
        video[1],
    )
    service(request).series.add("jobs_created_total", kind=kind)
    return answer(job)


async def show(request: web.Request) -> web.Response:
    job = await service(request).database.one(
        f"select {_COLUMNS} from jobs where id = $1", identifier(request, "Job")
    )
    if job is None:
        raise Refusal(404, "job_not_found", "Job not found")
    return answer(job)


def identifier(request: web.Request, thing: str) -> UUID:
    """Return the UUID in the path.

    Raises:
        Refusal: 422, there is none.
    """
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise invalid(f"{thing} id is no UUID") from None


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        raise invalid("The body is no JSON") from None
    if not isinstance(body, dict):
        raise invalid("The body is no object")
    return body
