"""Prometheus, asked over HTTP.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/. Whatever speaks the
same API (Thanos, Mimir, VictoriaMetrics) can be asked for as much of it as it knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.fetching import Response
from runbooks.probes.service import ServiceProbe
from runbooks.probes.sources import Sources

QUERY = "/api/v1/query"
_LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an answer, at one moment.

    Attributes:
        value: not a number and infinities included.
    """

    labels: Mapping[str, str]
    value: float


class PrometheusProbe(ServiceProbe, frozen=True, kw_only=True):
    """Asks one Prometheus."""

    table: ClassVar[str] = "prometheus"
    server: ClassVar[str] = "Prometheus"

    async def data(
        self, sources: Sources, path: str, query: Mapping[str, str] | None = None
    ) -> Any:
        """Return the ``data`` of an answer.

        Raises:
            ProbeError: no answer, or the server says why it cannot tell.
        """
        return self.data_of(path, await self.ask(sources, path, query))

    def data_of(self, path: str, response: Response) -> Any:
        """Return what a response holds.

        Raises:
            ProbeError: it says why the server cannot tell, or is of something else.
        """
        try:
            answer = json.loads(response.body)
            said = answer["status"]
            if said == "success":
                return answer["data"]
            message = f"{answer['errorType']}: {answer['error']}"[:_LONGEST_MESSAGE]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            if response.status != 200:
                raise self.failing(f"{path} answered {response.status}") from error
            raise self.unreadable(path) from error
        raise self.failing(f"{path} answered {response.status}, {message}")

    async def samples(self, sources: Sources, query: str) -> list[Sample]:
        """Return what an instant query answers, a scalar as a series without labels.

        Raises:
            ProbeError: it cannot be asked, the query is none, or answers no numbers.
        """
        answer = await self.data(sources, QUERY, {"query": query})
        try:
            match answer["resultType"]:
                case "scalar":
                    return [Sample({}, float(answer["result"][1]))]
                case "vector":
                    return [
                        Sample(dict(each["metric"]), float(each["value"][1]))
                        for each in answer["result"]
                    ]
                case kind:
                    said = f"the query answers a {kind}, not one number for each series"
                    raise ProbeError(said, source=self.source, stage="configuration")
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self.unreadable(QUERY) from error

    def failing(self, said: str) -> ProbeError:
        return ProbeError(said, source=self.source, stage="query")

    def unreadable(self, path: str) -> ProbeError:
        return self.failing(f"{path} answered something that no Prometheus answers")


def told(labels: Mapping[str, str]) -> str:
    """Say which series that is, such as ``device=0, instance=gpu-1:9400``."""
    return ", ".join(f"{key}={labels[key]}" for key in sorted(labels))


def moment(text: str) -> float:
    """Return seconds since 1970 of a time in RFC 3339.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def asked_at(response: Response, otherwise: float) -> float:
    """Return when a server answered by its own clock, to the second."""
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return otherwise
