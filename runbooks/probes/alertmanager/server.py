"""Probe of Alertmanager itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.alertmanager.client import STATUS, AlertmanagerProbe
from runbooks.probes.base import Measurement, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class ServerProbe(AlertmanagerProbe, frozen=True, kw_only=True):
    """Measures whether Alertmanager answers, and with how many others.

    Source: ``GET /api/v2/status``.

    Readings:
        answers: yes.
        version: of the server.
        cluster: ``ready``, ``settling``, or ``disabled`` where it is alone.
        peers: of its cluster, itself included.

    Raises:
        ProbeError: it cannot be asked, or the answer is that of something else.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", "version", "cluster", "peers"), ""
    )

    async def measure(self, sources: Sources) -> Measurement:
        said = await self.status(sources)
        try:
            version = str(said["versionInfo"]["version"])
            cluster = str(said["cluster"]["status"])
            peers = len(said["cluster"].get("peers") or [])
        except (AttributeError, KeyError, TypeError) as error:
            raise self.unreadable(STATUS) from error
        return measured(
            f"version {version}, cluster {cluster}, {peers} peers",
            Reading("answers", True),
            Reading("version", version),
            Reading("cluster", cluster),
            Reading("peers", peers),
        )
