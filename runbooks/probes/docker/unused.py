"""Probe of what lies on an Engine and serves nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.docker.project import EngineProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading


class UnusedProbe(EngineProbe, frozen=True, kw_only=True):
    """Measures which images and volumes of an Engine no container uses.

    Source: ``GET /images/json`` and ``GET /volumes``, both with ``dangling=true``:
    images without a tag, volumes without a container. ``GET /system/df`` would say
    how large volumes are, but walks every file of them.

    Readings:
        images: how many images nobody uses.
        volumes: how many volumes nobody uses; those of a stopped stack count only
            once its containers are removed.
        size: of the images, in bytes.
        old: those made longer ago than `age`, by name.

    Attributes:
        age: for how long something may lie there unused.

    Raises:
        ProbeError: the Engine cannot be asked.
    """

    age: Duration = Duration(seconds("30d"))

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("images", "volumes", "old"), ""),
        "size": "B",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"old"})

    async def measure(self, sources: Sources) -> Measurement:
        unused = {"dangling": True}
        images: list[dict[str, Any]] = await self.engine.ask(
            sources, "unused images", lambda c: c.images(filters=unused)
        )
        answer = await self.engine.ask(
            sources, "unused volumes", lambda c: c.volumes(filters=unused)
        )
        volumes: list[dict[str, Any]] = answer.get("Volumes") or []
        now = datetime.now(UTC)
        ages = {each["Id"][7:19]: now.timestamp() - each["Created"] for each in images}
        ages |= {each["Name"]: _age(each, now) for each in volumes}
        size = sum(each["Size"] for each in images)
        lines = [
            f"{len(images)} images without a tag, "
            f"{shown(Reading('size', size, 'B'))}, "
            f"{len(volumes)} volumes without a container"
        ]
        lines += [
            f"{name} made {shown(Reading('age', age, 's'))} ago"
            for name, age in sorted(ages.items(), key=lambda item: -item[1])
        ]
        old = [name for name, age in ages.items() if age > self.age]
        return measured(
            "\n".join(lines),
            Reading("images", len(images)),
            Reading("volumes", len(volumes)),
            Reading("size", size, "B"),
            Reading("old", ", ".join(old) or None),
        )


def _age(volume: Mapping[str, Any], now: datetime) -> float:
    """Return the seconds since a volume was made; 0 where its driver says nothing."""
    made = volume.get("CreatedAt")
    return (now - datetime.fromisoformat(made)).total_seconds() if made else 0.0
