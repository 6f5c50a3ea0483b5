"""What the handlers of one API process share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from runbooks.rehearsal.api.caching import Cache
from runbooks.rehearsal.metrics import Series
from runbooks.rehearsal.records import Records
from runbooks.rehearsal.storage import Database

_RELEASE = Path("/etc/rehearsal-release")
"""Of the image, where there is one."""
VERSION = _RELEASE.read_text().strip() if _RELEASE.exists() else "0.1.0"


@dataclass(slots=True)
class Service:
    """Settings as in the process's environment, and the clients made from them."""

    settings: Mapping[str, str]
    database: Database
    cache: Cache
    records: Records
    series: Series = field(default_factory=Series)

    @property
    def in_production(self) -> bool:
        """Whether ENVIRONMENT is exactly ``production``; case counts, as measured."""
        return self.settings["ENVIRONMENT"] == "production"

    def is_on(self, setting: str) -> bool:
        return self.settings[setting].lower() == "true"


SERVICE = web.AppKey("service", Service)


def service(request: web.Request) -> Service:
    return request.app[SERVICE]
