"""Full text search in PostgreSQL, suggestions, and vocabularies."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

from aiohttp import hdrs, web

from runbooks.rehearsal.api.errors import answer, invalid
from runbooks.rehearsal.api.service import service
from runbooks.rehearsal.api.videos import number

_MATCHES = """
  select s.id, s.video_id, s.start_ms, s.end_ms, s.text, v.youtube_id,
    v.title as video_title,
    ts_headline('english', s.text, q, 'StartSel=<b>, StopSel=</b>') as snippet
  from segments s join videos v on v.id = s.video_id,
    websearch_to_tsquery('english', $1) q
  where s.text_tsv @@ q
  order by ts_rank(s.text_tsv, q) desc, v.created_at desc, s.start_ms
  limit $2 offset $3
"""
_HIT = ("id", "video_id", "start_ms", "end_ms", "snippet", "video_title")
_COLUMNS = (
    "segment_id",
    "video_id",
    "youtube_id",
    "title",
    "start_ms",
    "end_ms",
    "text",
)


async def search(request: web.Request) -> web.Response:
    """Find segments; counts the words for suggestions, as the original does."""
    started = time.perf_counter()
    asked = _asked(request)
    this = service(request)
    this.series.add("search_queries_total", backend="postgres")
    found = await this.database.all(
        _MATCHES, asked, number(request, "limit", 50, 200), _offset(request)
    )
    await this.database.all(
        "insert into search_suggestions (term) values (lower($1)) on conflict (term) "
        "do update set frequency = search_suggestions.frequency + 1, last_used = now()",
        asked,
    )
    return answer(
        {
            "total": None,
            "hits": [{k: row[k] for k in _HIT} | {"source": "native"} for row in found],
            "query_time_ms": round((time.perf_counter() - started) * 1000),
        }
    )


async def export(request: web.Request) -> web.Response:
    form = request.query.get("format", "csv")
    if form not in ("csv", "json"):
        raise invalid("format is csv or json")
    found = await service(request).database.all(_MATCHES, _asked(request), 1000, 0)
    rows = [_exported(row) for row in found]
    if form == "json":
        body, kind = json.dumps(rows), "application/json"
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        body, kind = text.getvalue(), "text/csv; charset=utf-8"
    attached = f'attachment; filename="search.{form}"'
    return web.Response(
        body=body.encode(),
        headers={hdrs.CONTENT_TYPE: kind, hdrs.CONTENT_DISPOSITION: attached},
    )


async def suggestions(request: web.Request) -> web.Response:
    rows = await service(request).database.all(
        "select term from search_suggestions where term like lower($1) || '%' "
        "order by frequency desc limit 10",
        request.query.get("q", ""),
    )
    return answer({"suggestions": [row["term"] for row in rows]})


async def popular(request: web.Request) -> web.Response:
    return answer({"suggestions": []})


async def history(request: web.Request) -> web.Response:
    return answer({"items": []})


async def vocabularies(request: web.Request) -> web.Response:
    rows = await service(request).database.all(
        "select id, name, terms, is_global, created_at from user_vocabularies"
    )
    return answer([{**row, "terms": json.loads(row["terms"])} for row in rows])


async def event(request: web.Request) -> web.Response:
    await service(request).database.all("insert into events (type) values ('client')")
    return answer({"ok": True})


def _asked(request: web.Request) -> str:
    asked = request.query.get("q", "").strip()
    if not asked:
        raise invalid("q is required")
    return asked


def _offset(request: web.Request) -> int:
    return number(request, "offset", 0, 1_000_000)


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "segment_id": row["id"],
        "video_id": str(row["video_id"]),
        "youtube_id": row["youtube_id"],
        "title": row["video_title"],
        **{key: row[key] for key in ("start_ms", "end_ms", "text")},
    }
