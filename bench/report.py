"""How a bench says what it found: ``name value unit limit ok|MISSED``."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles


def say(name: str, value: float, unit: str, limit: float | None = None) -> None:
    """Print one line; without a limit it is only reported."""
    if limit is None:
        print(f"{name} {value:.4g} {unit} - ok", flush=True)
    else:
        word = "ok" if value <= limit else "MISSED"
        print(f"{name} {value:.4g} {unit} {limit:g} {word}", flush=True)


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile of *values*."""
    return quantiles(values, n=20)[-1]


__all__ = ["median", "p95", "say"]
