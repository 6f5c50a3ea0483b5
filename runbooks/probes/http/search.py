"""Full text search: whether it finds, and how far up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class SearchProbe(EndpointProbe, frozen=True, kw_only=True):
    """Searches once as a stranger.

    The application that this was made for counts what is searched for, for its
    suggestions, so looking changes a number there.

    Readings:
        status: code of the response.
        hits: how many came.
        rank: place of the video among those found, from 1; absent when it is not.
        latency: of the request, in seconds.
        query_time: as the server has it, in seconds.

    Attributes:
        url: of the search, without a query.
        words: what is searched for.
        exact: as one phrase.
        video: id of the video that should be found.
        limit: hits to ask for.

    Raises:
        ProbeError: the answer is no list of hits.
    """

    words: str
    exact: bool = False
    video: str = ""
    limit: int = 5

    readings: ClassVar[Mapping[str, str]] = {
        "status": "",
        "hits": "",
        "rank": "",
        "latency": "s",
        "query_time": "s",
    }

    async def measure(self, sources: Sources) -> Measurement:
        query = {"q": self.words, "limit": str(self.limit)}
        if self.exact:
            query["match_mode"] = "exact_phrase"
        response = await self.get(sources, f"{self.url}?{urlencode(query)}")
        readings = [
            Reading("status", response.status),
            Reading("latency", response.seconds, "s"),
        ]
        first = f"GET {self.thing}?{urlencode(query)} → {response.status}"
        if response.status != 200:
            return measured(first, *readings)
        try:
            answer = json.loads(response.body)
            found = [str(hit["video_id"]) for hit in answer["hits"]]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ProbeError(f"{self.thing} gave no hits", stage="query") from error
        readings.append(Reading("hits", len(found)))
        took = answer.get("query_time_ms")
        if isinstance(took, int | float):
            readings.append(Reading("query_time", took / 1000, "s"))
        if self.video:
            videos = list(dict.fromkeys(found))
            rank = videos.index(self.video) + 1 if self.video in videos else None
            readings.append(Reading("rank", rank))
        said = f"{len(found)} hits in {len(set(found))} videos"
        note = "the application may count this search"
        return measured(f"{first}: {said}\n{note}", *readings)
