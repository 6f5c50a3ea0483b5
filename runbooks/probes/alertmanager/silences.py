"""Probe of silences."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from runbooks.probes.alertmanager.client import AlertmanagerProbe
from runbooks.probes.alertmanager.matchers import Matcher, all_hold
from runbooks.probes.base import Measurement, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_SILENCES = "/api/v2/silences"
_ALERTS = "/api/v2/alerts"
_SILENCED = {"silenced": "true", "active": "false", "inhibited": "false"}


class SilencesProbe(AlertmanagerProbe, frozen=True, kw_only=True):
    """Measures which silences keep alerts from being told.

    Source: ``GET /api/v2/silences`` and ``/api/v2/alerts?silenced=true``.

    Readings:
        active: silences that hold now.
        hiding: matchers of those that hide any alert with these labels.
        longest: how long the last of them will hold.
        silenced: alerts with these labels that fire now and are hidden.

    Attributes:
        labels: of the alerts that must be told.

    Raises:
        ProbeError: Alertmanager cannot be asked.
    """

    labels: dict[str, str]

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("active", "hiding", "silenced"), ""),
        "longest": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"hiding", "silenced"})

    async def measure(self, sources: Sources) -> Measurement:
        silences, alerts = await asyncio.gather(
            self.listed(sources, _SILENCES), self.listed(sources, _ALERTS, _SILENCED)
        )
        try:
            active = [
                (tuple(map(_matcher, each["matchers"])), _moment(each["endsAt"]))
                for each in silences
                if each["status"]["state"] == "active"
            ]
            hiding = [each for each in active if all_hold(each[0], self.labels)]
            hidden = [
                str(each["labels"]["alertname"])
                for each in alerts
                if each["labels"].items() >= self.labels.items()
            ]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self.unreadable(_SILENCES) from error
        left = max((end - time.time() for _, end in hiding), default=None)
        said = ["{" + ", ".join(map(str, matchers)) + "}" for matchers, _ in hiding]
        return measured(
            f"{len(active)} silences, {len(hiding)} of them hide every such alert, "
            f"{len(hidden)} such alerts are hidden now",
            Reading("active", len(active)),
            Reading("hiding", ", ".join(said) or None),
            Reading("longest", left, "s"),
            Reading("silenced", ", ".join(sorted(set(hidden))) or None),
        )


def _matcher(said: Mapping[str, Any]) -> Matcher:
    equal, pattern = said.get("isEqual", True), said["isRegex"]
    operator = {
        (True, False): "=",
        (False, False): "!=",
        (True, True): "=~",
        (False, True): "!~",
    }[bool(equal), bool(pattern)]
    return Matcher(str(said["name"]), operator, str(said["value"]))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
