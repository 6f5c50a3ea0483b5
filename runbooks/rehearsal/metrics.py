"""Counters and gauges in the Prometheus text format 0.0.4.

Written by hand, because three short-lived processes need a handful of series each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of a histogram's buckets, in seconds."""

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Series:
    """The series of one process, by name and labels."""

    kinds: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[Labels, float]] = field(default_factory=dict)

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Count: raise a counter by *amount*."""
        self._raise(name, "counter", name, labels, amount)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self.kinds[name] = "gauge"
        self.values.setdefault(name, {})[_sorted(labels)] = value

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Put one duration into a histogram."""
        for bound in BUCKETS:
            self._raise(
                name,
                "histogram",
                f"{name}_bucket",
                {**labels, "le": f"{bound:g}"},
                seconds <= bound,
            )
        last = {**labels, "le": "+Inf"}
        self._raise(name, "histogram", f"{name}_bucket", last, 1)
        self._raise(name, "histogram", f"{name}_sum", labels, seconds)
        self._raise(name, "histogram", f"{name}_count", labels, 1)

    def exposition(self) -> str:
        """Return all series as text."""
        lines = []
        for family, kind in self.kinds.items():
            lines.append(f"# TYPE {family} {kind}")
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            for suffix in suffixes:
                for labels, value in self.values[family + suffix].items():
                    lines.append(f"{family}{suffix}{_braced(labels)} {value:.15g}")
        return "\n".join(lines) + "\n"

    def _raise(
        self,
        family: str,
        kind: str,
        name: str,
        labels: Mapping[str, str],
        amount: float,
    ) -> None:
        self.kinds[family] = kind
        series = self.values.setdefault(name, {})
        key = _sorted(labels)
        series[key] = series.get(key, 0) + amount


def _sorted(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _braced(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels)
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
