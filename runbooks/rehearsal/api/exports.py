"""Transcripts as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import hdrs, web

from runbooks.rehearsal.api.jobs import identifier
from runbooks.rehearsal.api.pdf import document
from runbooks.rehearsal.api.service import service
from runbooks.rehearsal.api.videos import segments, video

_TYPES = {
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}


async def export(request: web.Request) -> web.Response:
    form = request.match_info["form"]
    if form not in _TYPES:
        raise web.HTTPNotFound
    this = service(request)
    found = await video(this, identifier(request, "Video"))
    body = _render(form, found["title"] or "", await segments(this, found))
    this.series.add("exports_total", format=form)
    await this.database.all(
        "insert into events (type, payload) values ('export', $1)",
        json.dumps({"video_id": str(found["id"]), "format": form}),
    )
    name = f"{found['youtube_id']}.{form}"
    return web.Response(
        body=body,
        headers={
            hdrs.CONTENT_TYPE: _TYPES[form],
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
        },
    )


def _render(form: str, title: str, found: Sequence[dict[str, Any]]) -> bytes:
    if form == "pdf":
        return document(title, [segment["text"] for segment in found])
    if form == "json":
        return json.dumps({"title": title, "segments": found}).encode()
    mark = "," if form == "srt" else "."
    cues = []
    for index, segment in enumerate(found, 1):
        start, end = (_clock(segment[k], mark) for k in ("start_ms", "end_ms"))
        cues.append(f"{index}\n{start} --> {end}\n{segment['text']}\n")
    head = "WEBVTT\n\n" if form == "vtt" else ""
    return (head + "\n".join(cues)).encode()


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{rest:03}"
