"""Refusals in the API's one JSON shape."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web


class Refusal(Exception):
    """An answer other than success.

    Attributes:
        code: the machine-readable ``error`` of the body.
    """

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def response(self) -> web.Response:
        body: dict[str, Any] = {"error": self.code, "message": str(self)}
        if self.details:
            body["details"] = self.details
        return answer(body, status=self.status)


def answer(body: Any, status: int = 200) -> web.Response:
    """Return *body* as JSON; times become ISO 8601."""
    return web.json_response(text=json.dumps(body, default=_plain), status=status)


def unauthenticated() -> Refusal:
    return Refusal(401, "authentication_required", "Authentication required")


def invalid(message: str) -> Refusal:
    return Refusal(422, "validation_error", message)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
