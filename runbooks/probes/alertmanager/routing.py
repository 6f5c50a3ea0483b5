"""Probe of whom an alert would reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.alertmanager.client import STATUS, AlertmanagerProbe
from runbooks.probes.alertmanager.routes import configuration
from runbooks.probes.base import Measurement, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading


class RoutingProbe(AlertmanagerProbe, frozen=True, kw_only=True):
    """Measures whom an alert with certain labels would reach; none is sent.

    Source: the configuration in ``GET /api/v2/status``, its routes followed as
    ``amtool config routes test`` does. Of receivers only names and kinds are told.

    Readings:
        receivers: names of those that it reaches.
        kinds: of their integrations, such as ``email, webhook``.
        reached: how many of them have an integration.
        empty: those that have none, and so tell nobody.
        own_route: whether a route takes it that is not the default.
        limited: names of the times in which such a route keeps quiet, or alone speaks.

    Attributes:
        labels: of the alert.

    Raises:
        ProbeError: Alertmanager cannot be asked, or its configuration not be read.
    """

    labels: dict[str, str]

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("receivers", "kinds", "reached", "empty", "own_route", "limited"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(
        {"receivers", "kinds", "empty", "limited"}
    )

    @property
    def thing(self) -> str:
        return f"{self.source} {', '.join(f'{k}={v}' for k, v in self.labels.items())}"

    async def measure(self, sources: Sources) -> Measurement:
        said = await self.status(sources)
        try:
            original = str(said["config"]["original"])
            known = await asyncio.to_thread(configuration, original)
            sources.hide(*known.secrets)
            taking = list(known.root.taking(self.labels))
        except (KeyError, TypeError) as error:
            raise self.unreadable(STATUS) from error
        except ValueError as error:
            # The text of a route may hold what nobody should read.
            raise ProbeError(
                "the routes of its configuration cannot be read",
                source=self.source,
                stage="query",
            ) from error
        receivers = list(dict.fromkeys(route.receiver for route in taking))
        kinds = {name: known.receivers.get(name, ()) for name in receivers}
        empty = [name for name in receivers if not kinds[name]]
        limits = [name for route in taking for name in route.intervals]
        lines = [f"{n}: {', '.join(kinds[n]) or 'tells nobody'}" for n in receivers]
        every = sorted({kind for each in kinds.values() for kind in each})
        return measured(
            "\n".join(lines),
            Reading("receivers", ", ".join(receivers) or None),
            Reading("kinds", ", ".join(every) or None),
            Reading("reached", len(receivers) - len(empty)),
            Reading("empty", ", ".join(empty) or None),
            Reading("own_route", any(not route.default for route in taking)),
            Reading("limited", ", ".join(dict.fromkeys(limits)) or None),
        )
