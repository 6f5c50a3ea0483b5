"""Videos and their transcripts, cached in Redis."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from runbooks.rehearsal.api.errors import Refusal, answer, invalid
from runbooks.rehearsal.api.jobs import identifier
from runbooks.rehearsal.api.service import Service, service

KINDS = ("video", "segments")
"""Of what is cached, as the metrics name it."""
_INFO = """
  select v.id, v.youtube_id, v.title, v.duration_seconds, v.state,
    v.caption_ingest_state, v.diarization_state, v.uploaded_at, v.created_at,
    v.updated_at, v.channel_name, v.language, v.category,
    exists (select from transcripts t where t.video_id = v.id)
      as has_whisper_transcript,
    exists (select from youtube_transcripts y where y.video_id = v.id)
      as has_youtube_transcript, '{}'::text[] as people, '{}'::text[] as tags
  from videos v
"""
_SEGMENTS = (
    "select start_ms, end_ms, text, speaker_label from segments "
    "where video_id = $1 order by start_ms"
)


async def listing(request: web.Request) -> web.Response:
    limit = number(request, "limit", 50, 200)
    offset = number(request, "offset", 0, 1_000_000)
    condition = " where ($3 = '' or v.title ilike '%' || $3 || '%')"
    if request.query.get("completed_only") == "true":
        condition += " and v.state = 'completed'"
    items = await service(request).database.all(
        f"{_INFO}{condition} order by v.created_at desc limit $1 offset $2",
        limit + 1,
        offset,
        request.query.get("q", ""),
    )
    page = {
        "has_next_page": len(items) > limit,
        "has_previous_page": offset > 0,
        "next_cursor": None,
        "previous_cursor": None,
        "total_count": None,
    }
    return answer({"items": items[:limit], "page_info": page})


async def show(request: web.Request) -> web.Response:
    return answer(await video(service(request), identifier(request, "Video")))


async def transcript(request: web.Request) -> web.Response:
    """Answer the transcript in raw mode; the other modes read the same here."""
    mode = request.query.get("mode", "raw")
    if mode not in ("raw", "cleaned", "formatted"):
        raise invalid("mode is raw, cleaned or formatted")
    found = await video(service(request), identifier(request, "Video"))
    return answer(
        {
            "video_id": found["id"],
            "segments": await segments(service(request), found),
            "source": "whisper",
            "source_label": "Whisper",
        }
    )


async def video(this: Service, id: UUID) -> dict[str, Any]:
    """Return a video, from the cache if it is there.

    Raises:
        Refusal: 404, there is none.
    """
    key = f"video:{id}"
    found: dict[str, Any] | None = await _cached(this, key, "video")
    if found is None:
        found = await this.database.one(f"{_INFO} where v.id = $1", id)
        if found is None:
            raise Refusal(404, "video_not_found", "Video not found")
        if this.is_on("ENABLE_CACHING") and found["state"] == "completed":
            ttl = int(this.settings["CACHE_VIDEO_TTL"])
            await this.cache.put(key, found, ttl)
    return found


async def segments(this: Service, video: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the segments of a finished video, from the cache if they are there.

    Raises:
        Refusal: 409, it is not finished.
    """
    key = f"segments:{video['id']}"
    found: list[dict[str, Any]] | None = await _cached(this, key, "segments")
    if found is None:
        found = await this.database.all(_SEGMENTS, UUID(str(video["id"])))
        if not found:
            raise Refusal(409, "transcript_not_ready", "Transcript is not ready yet")
        if this.is_on("ENABLE_CACHING"):
            ttl = int(this.settings["CACHE_TRANSCRIPT_TTL"])
            await this.cache.put(key, found, ttl)
    return found


def number(request: web.Request, name: str, default: int, most: int) -> int:
    """Return a number of the query string.

    Raises:
        Refusal: 422, it is none or out of bounds.
    """
    text = request.query.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise invalid(f"{name} is a number up to {most}")
    return int(text)


async def _cached(this: Service, key: str, kind: str) -> Any:
    if not this.is_on("ENABLE_CACHING"):
        return None
    found = await this.cache.get(key)
    name = "cache_misses_total" if found is None else "cache_hits_total"
    this.series.add(name, cache_type=kind)
    return found
