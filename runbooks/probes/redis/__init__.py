"""Probes of a Redis server: its own report, and keys with their lifetime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.redis.info import InfoProbe
from runbooks.probes.redis.keys import KeysProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {"redis.info": InfoProbe, "redis.keys": KeysProbe}
