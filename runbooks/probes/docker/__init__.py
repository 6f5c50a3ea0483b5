"""Probes of a Docker Engine and of the compose project that runs on it.

One aspect a file; `client` asks the Engine, `containers` finds the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {}
