"""The application's log format: one JSON object a line on standard error."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Records:
    """Writes log lines of one service, from *level* on."""

    def __init__(self, service: str, level: str) -> None:
        self._service = service
        self._least = _LEVELS.index(level)

    def write(self, level: str, logger: str, message: str, **fields: Any) -> None:
        if _LEVELS.index(level) < self._least:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {
            "timestamp": now.replace("+00:00", "Z"),
            "level": level,
            "service": self._service,
            "logger": logger,
            "message": message,
            **fields,
        }
        print(json.dumps(record, default=str), file=sys.stderr, flush=True)
