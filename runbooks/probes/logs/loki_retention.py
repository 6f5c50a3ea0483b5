"""Probe of how long Loki keeps lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.durations import seconds
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.logs.loki import LokiProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_YEARS = re.compile(r"(\d+)y")
DAY = 86400


class LokiRetentionProbe(LokiProbe, frozen=True, kw_only=True):
    """Measures how long Loki keeps lines.

    Source: ``GET /config``: `compactor.retention_enabled`, without which all are kept
    for ever, and `limits_config.retention_period` and `.retention_stream`.

    Readings:
        enabled: whether lines are ever deleted.
        shortest, longest: how long lines are kept, in days, over the general period
            and those of streams; absent where they are kept for ever.

    Raises:
        ProbeError: Loki cannot be asked, or hides its configuration.
    """

    readings: ClassVar[Mapping[str, str]] = {
        "enabled": "",
        "shortest": "d",
        "longest": "d",
    }

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.ask(sources, "/config")
        if response.status != 200:
            raise ProbeError(
                f"/config answered {response.status}", source=self.source, stage="query"
            )
        days = self._days(response.text)
        kept = [each for each in days if each]
        endless = len(kept) < len(days) or not kept
        return measured(
            f"kept for {', '.join(f'{each:g} d' for each in sorted(kept)) or 'ever'}"
            + (", others for ever" if kept and endless else ""),
            Reading("enabled", bool(kept)),
            Reading("shortest", min(kept, default=None), "d"),
            Reading("longest", None if endless else max(kept), "d"),
        )

    def _days(self, text: str) -> list[float]:
        """Return the general period and those of streams, 0 for ever."""
        import yaml

        try:
            said: Any = yaml.safe_load(text)
            limits = said["limits_config"]
            if not said["compactor"].get("retention_enabled"):
                return []
            periods = [limits.get("retention_period", "0s")]
            periods += [each["period"] for each in limits.get("retention_stream") or []]
            return [_seconds(str(each)) / DAY for each in periods]
        except (yaml.YAMLError, RecursionError) as error:
            raise self.unreadable("/config") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self.unreadable("/config") from error


def _seconds(text: str) -> float:
    """Read a duration of Loki, which knows years; a bare 0 is none."""
    if text == "0":
        return 0
    return seconds(_YEARS.sub(lambda years: f"{int(years[1]) * 365}d", text))
