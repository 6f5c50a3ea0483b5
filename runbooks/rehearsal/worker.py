"""A stand-in for the worker: takes videos from the queue and finishes them.

``python -m runbooks.rehearsal.worker DIRECTORY``; settings from the environment,
besides the application's own:

``REHEARSAL_HEARTBEAT_SECONDS``  between heartbeats; 60 in the original
``REHEARSAL_STATE_SECONDS``      that a video spends in each state

Measured at the original: the queue in PostgreSQL and its states, the heartbeat's
columns, the names of the metrics, no health endpoint. Made up: what is transcribed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from runbooks.rehearsal.exposing import expose
from runbooks.rehearsal.layout import read
from runbooks.rehearsal.metrics import Series
from runbooks.rehearsal.records import Records
from runbooks.rehearsal.storage import UNAVAILABLE, Database

STATES = ("downloading", "transcoding", "transcribing", "persisting")
SAID = ("This is a rehearsal.", "The job went through every state.", "Ready.")
_POLL = 0.5
"""Seconds between looks into an empty queue."""
_TAKE = """
  with next as (
    select v.id from videos v join jobs j on j.id = v.job_id
    where v.state = 'pending' order by j.priority, v.created_at
    limit 1 for update of v skip locked),
  moved as (update videos v set state = 'downloading', updated_at = now()
    from next where v.id = next.id returning v.id, v.job_id),
  job as (update jobs j set state = 'downloading', updated_at = now()
    from moved where j.id = moved.job_id)
  select id from moved
"""
_MOVE = """
  with moved as (update videos set state = $2, updated_at = now(),
      caption_ingest_state = 'completed', diarization_state = 'disabled'
    where id = $1 returning job_id)
  update jobs j set state = $2, updated_at = now()
    from moved where j.id = moved.job_id
"""
_PERSIST = """
  with made as (insert into transcripts (video_id, full_text, language, model)
    values ($1, array_to_string($2::text[], ' '), 'en', $3) returning id)
  insert into segments (video_id, transcript_id, start_ms, end_ms, text)
    select $1, made.id, (n - 1) * 2000, n * 2000, said
    from made, unnest($2::text[]) with ordinality as line (said, n)
"""
_HEARTBEAT = """
  insert into worker_heartbeat (worker_id, hostname, pid, last_seen)
  values ($1, $2, $3, now())
  on conflict (worker_id) do update set last_seen = now()
"""


class Worker:
    """One worker process."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings
        # Work, heartbeat and metrics do not wait for each other.
        self._database = Database(settings["DATABASE_URL"], size=3)
        self._records = Records("worker", settings["LOG_LEVEL"])
        self._in_state = float(settings["REHEARSAL_STATE_SECONDS"])
        self._between_heartbeats = float(settings["REHEARSAL_HEARTBEAT_SECONDS"])
        self._series = Series()
        self._series.set(
            "worker_info",
            1,
            whisper_model=settings["WHISPER_MODEL"],
            whisper_backend=settings["WHISPER_BACKEND"],
            force_gpu=settings["FORCE_GPU"],
        )
        for result in ("completed", "failed"):
            self._series.add("videos_processed_total", 0, result=result)

    async def work(self) -> None:
        """Take one video after the other, for good."""
        self._records.write("INFO", "worker.loop", "Worker started")
        while True:
            try:
                video = await self._database.one(_TAKE)
                if video is not None:
                    await self._process(video["id"])
                    continue
            except UNAVAILABLE as error:
                self._records.write("ERROR", "worker.loop", f"Queue: {error}")
            await asyncio.sleep(_POLL)

    async def beat(self) -> None:
        """Write the heartbeat, for good."""
        host, pid = socket.gethostname(), os.getpid()
        while True:
            try:
                await self._database.all(_HEARTBEAT, f"{host}-{pid}", host, pid)
            except UNAVAILABLE as error:
                self._records.write("ERROR", "worker.heartbeat", f"Lost: {error}")
            await asyncio.sleep(self._between_heartbeats)

    async def exposition(self) -> str:
        """Return the metrics, the queue's as last seen when it cannot be counted."""
        with suppress(*UNAVAILABLE):
            await self._count()
        return self._series.exposition()

    async def _process(self, id: UUID) -> None:
        started = time.perf_counter()
        for state in STATES:
            await self._database.all(_MOVE, id, state)
            await asyncio.sleep(self._in_state)
        model = self._settings["WHISPER_MODEL"]
        await self._database.all(_PERSIST, id, SAID, model)
        await self._database.all(_MOVE, id, "completed")
        took = time.perf_counter() - started
        self._series.add("videos_processed_total", result="completed")
        self._series.observe("transcription_duration_seconds", took)
        self._records.write(
            "INFO", "worker.loop", "Video completed", video_id=id, job_id=None
        )

    async def _count(self) -> None:
        rows = await self._database.all(
            "select s.state::text, count(v.id) from unnest(enum_range("
            "null::job_state)) s (state) left join videos v using (state) group by 1"
        )
        for row in rows:
            if row["state"] == "pending":
                self._series.set("videos_pending", row["count"])
            elif row["state"] in STATES:
                self._series.set("videos_in_progress", row["count"], state=row["state"])


async def main(directory: Path) -> None:
    layout = read(directory)
    worker = Worker(dict(os.environ))
    tasks = [asyncio.create_task(worker.work()), asyncio.create_task(worker.beat())]
    await expose(layout.ports["worker"], worker.exposition)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
