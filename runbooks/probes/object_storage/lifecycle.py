"""Probe of when a bucket deletes what lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from xml.etree.ElementTree import Element

from runbooks.probes.base import Measurement, measured
from runbooks.probes.object_storage.asking import setting, texts
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_DAY = 86_400.0


class LifecycleProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures how long objects below a prefix live.

    Source: ``GetBucketLifecycleConfiguration`` of S3. Rules that hold only for some
    tag or size count as if they held for every object.

    Readings:
        expires: the shortest time after which an enabled rule deletes, in seconds;
            absent where none does.
        rules: names of the rules that delete; absent where none does.

    Attributes:
        prefix: of the objects that are to be kept.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    prefix: str = "backups/postgres/"

    readings: ClassVar[Mapping[str, str]] = {"expires": "s", "rules": ""}
    naming: ClassVar[frozenset[str]] = frozenset({"rules"})

    async def measure(self, sources: Sources) -> Measurement:
        root = await setting(self, sources, "lifecycle")
        rules = [] if root is None else root.findall("{*}Rule")
        deleting = {
            "".join(texts(rule, "ID")) or "without a name": seconds
            for rule in rules
            if self._covered(rule) and (seconds := _expires(rule)) is not None
        }
        lines = [
            f"{name}: deletes after {seconds / _DAY:g} days"
            for name, seconds in deleting.items()
        ]
        return measured(
            "\n".join(lines) or f"no rule deletes anything below {self.prefix or '/'}",
            Reading("expires", min(deleting.values(), default=None), "s"),
            Reading("rules", ", ".join(deleting) or None),
        )

    def _covered(self, rule: Element) -> bool:
        if texts(rule, "Status") != ["Enabled"]:
            return False
        paths = ("Prefix", "Filter/Prefix", "Filter/And/Prefix")
        named = next(filter(None, (texts(rule, path) for path in paths)), [""])[0]
        return named.startswith(self.prefix) or self.prefix.startswith(named)


def _expires(rule: Element) -> float | None:
    """Return after how many seconds a rule deletes, None where it does not."""
    for days in texts(rule, "Expiration/Days"):
        return float(days) * _DAY
    for date in texts(rule, "Expiration/Date"):
        when = datetime.fromisoformat(date)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    return None
