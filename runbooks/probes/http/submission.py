"""A job of one's own, from the API's front door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class SubmissionProbe(EndpointProbe, frozen=True, kw_only=True):
    """Submits one job with an API key, after asking once as a stranger.

    It is asked once and never again in a pass: each answer may have made a job,
    and counts against the day's quota of the key's owner.

    Readings:
        anonymous: code for a stranger with an empty object.
        status: code of the submission. 409 says that the video was submitted
            before, 429 that the quota is used up.
        state: of the new job.
        job: its id, absent without one.
        latency: of the submission, in seconds.

    Attributes:
        url: of the jobs.
        api_key: sent as ``X-API-Key``.
        video: address of a short video.
    """

    api_key: str
    video: str
    timeout: Duration = Duration(20)

    intrusive: ClassVar[str] = "submits a job"
    readings: ClassVar[Mapping[str, str]] = {
        "anonymous": "",
        "status": "",
        "state": "",
        "job": "",
        "latency": "s",
    }

    async def measure(self, sources: Sources) -> Measurement:
        sources.hide(self.api_key)
        stranger = await self._post(sources, b"{}")
        body = json.dumps({"url": self.video, "kind": "single"}).encode()
        answer = await self._post(sources, body, ("X-API-Key", self.api_key))
        job = _job(answer)
        said = f"job {job.get('id')}, {job.get('state')}" if job else answer.text[:200]
        return measured(
            f"POST {self.thing} as a stranger → {stranger.status}\n"
            f"POST {self.thing} with the key → {answer.status}: {said}",
            Reading("anonymous", stranger.status),
            Reading("status", answer.status),
            Reading("state", job.get("state")),
            Reading("job", job.get("id")),
            Reading("latency", answer.seconds, "s"),
        )

    async def _post(
        self, sources: Sources, body: bytes, *headers: tuple[str, str]
    ) -> Response:
        kind = ("Content-Type", "application/json")
        # Its own quota answers 429 too, which says nothing of the host's.
        return await fetch(
            sources,
            Request(
                self.url,
                "POST",
                (kind, *headers),
                self.ca,
                body=body,
                rationed=False,
            ),
        )


def _job(answer: Response) -> dict[str, str]:
    """The job as the API describes it, nothing if it made none."""
    if not 200 <= answer.status < 300:
        return {}
    try:
        job = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(job, dict):
        return {}
    return {key: str(job[key]) for key in ("id", "state") if key in job}
