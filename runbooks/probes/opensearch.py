"""Probes of an OpenSearch cluster: its health, and the documents of indices.

Source: the REST API, https://docs.opensearch.org/latest/api-reference/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.service import ServiceProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class OpenSearchProbe(ServiceProbe, frozen=True, kw_only=True):
    """Asks one cluster."""

    table: ClassVar[str] = "opensearch"
    server: ClassVar[str] = "OpenSearch"

    def unreadable(self, path: str, error: Exception) -> ProbeError:
        said = f"{path} answered something that no OpenSearch answers ({error!r:.80})"
        return ProbeError(said, source=self.source, stage="query")


class HealthProbe(OpenSearchProbe, frozen=True, kw_only=True):
    """Measures whether a cluster answers, and how it is.

    Source: ``GET /`` and ``GET /_cluster/health``.

    Readings:
        answers: yes.
        status: green, yellow or red.
        nodes: in the cluster.
        version: of the server.
        major: the first number of it.
        unassigned: shards that no node holds.
        condition: the status, ``yellow, one node`` where no replica can be placed.
        login: whether it was given a password or token.
        encrypted: whether that went by TLS.

    Raises:
        ProbeError: it cannot be asked, or the answers are those of something else.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            *("answers", "status", "condition", "nodes", "version", "major"),
            *("unassigned", "login", "encrypted"),
        ),
        "",
    )

    async def measure(self, sources: Sources) -> Measurement:
        about = await self.ask_json(sources, "/")
        health = await self.ask_json(sources, "/_cluster/health")
        try:
            version = str(about["version"]["number"])
            major = int(version.partition(".")[0])
            status, nodes = str(health["status"]), int(health["number_of_nodes"])
            unassigned = int(health["unassigned_shards"])
        except (KeyError, TypeError, ValueError) as error:
            raise self.unreadable("/", error) from error
        alone = status == "yellow" and nodes == 1
        return measured(
            f"version {version}: {status}, {nodes} nodes, {unassigned} shards on none",
            Reading("answers", True),
            Reading("status", status),
            Reading("nodes", nodes),
            Reading("version", version),
            Reading("major", major),
            Reading("unassigned", unassigned),
            Reading("condition", f"{status}, one node" if alone else status),
            Reading("login", bool(self.token or self.user)),
            Reading("encrypted", self.url.startswith("https:")),
        )


class IndicesProbe(OpenSearchProbe, frozen=True, kw_only=True):
    """Measures how many documents indices hold.

    Source: ``GET /INDEX/_count`` of each.

    Readings:
        missing: indices that are not there.
        empty: indices without a document.
        documents: in all of them.
        documents.INDEX: in one; absent where that is not there.

    Attributes:
        indices: their names.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    indices: tuple[str, ...]

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("missing", "empty", "documents"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "empty"})

    @classmethod
    def unit(cls, reading: str) -> str | None:
        named = reading.startswith("documents.")
        return "" if named else cls.readings.get(reading)

    @property
    def thing(self) -> str:
        return f"{self.source} {', '.join(self.indices)}"

    async def measure(self, sources: Sources) -> Measurement:
        counts = {index: await self._count(sources, index) for index in self.indices}
        missing = [index for index, count in counts.items() if count is None]
        empty = [index for index, count in counts.items() if count == 0]
        lines = [
            f"{index}: {'not there' if count is None else f'{count} documents'}"
            for index, count in counts.items()
        ]
        return measured(
            "\n".join(lines),
            Reading("missing", ", ".join(missing) or None),
            Reading("empty", ", ".join(empty) or None),
            Reading("documents", sum(count or 0 for count in counts.values())),
            *(Reading(f"documents.{index}", count) for index, count in counts.items()),
        )

    async def _count(self, sources: Sources, index: str) -> int | None:
        path = f"/{quote(index, safe='')}/_count"
        if (await self.ask(sources, path)).status == 404:
            return None
        answer: Any = await self.ask_json(sources, path)
        try:
            return int(answer["count"])
        except (KeyError, TypeError, ValueError) as error:
            raise self.unreadable(path, error) from error


PROBES = {"opensearch.health": HealthProbe, "opensearch.indices": IndicesProbe}
