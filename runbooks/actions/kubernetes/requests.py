"""Requests that change something, as they are shown and as they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from runbooks.changes import Call
from runbooks.probes.kubernetes.objects import Object

STRATEGIC = "application/strategic-merge-patch+json"
OPERATIONS = "application/json-patch+json"
JSON = "application/json"


class Request(msgspec.Struct, frozen=True):
    """One request to an API server.

    Attributes:
        body: what is sent along; it may hold secrets and is never shown.
        about: what is shown of it. The version is not: it changes with every status,
            and nobody agrees to one.
        version: the resourceVersion that a patch is for: it is refused (409, or 422
            of a JSON patch) where there is another one by then. A dry run has none,
            because it can write nothing over.
    """

    method: str
    path: str
    body: Any
    content_type: str = JSON
    about: str = ""
    version: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        if self.method == "DELETE":
            return {}
        # Who changed a field is kept under this name (metadata.managedFields). What
        # the API server does not know is refused, where it would be dropped else.
        return {"fieldManager": "gonogo", "fieldValidation": "Strict"}

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"

    @property
    def call(self) -> Call:
        return Call(f"{self} ({self.content_type})", self.about)

    def at(self, found: Object) -> Request:
        """Return the same request, for this state of the object and no other."""
        return replace(self, version=str(found["metadata"]["resourceVersion"]))

    @property
    def line(self) -> dict[str, Any]:
        """What a process is told that makes it."""
        body = self.body
        if self.version and self.content_type == STRATEGIC:
            body = {"metadata": {"resourceVersion": self.version}, **body}
        elif self.version:
            body = [put("/metadata/resourceVersion", self.version, "test"), *body]
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": body,
            "content_type": self.content_type,
        }


def merged(path: str, change: Mapping[str, Any], about: str) -> Request:
    """Return a strategic merge patch."""
    return Request("PATCH", path, change, STRATEGIC, about)


def operated(path: str, changes: list[dict[str, Any]], about: str) -> Request:
    """Return a JSON patch, which is the operations of RFC 6902."""
    return Request("PATCH", path, changes, OPERATIONS, about)


def put(path: str, value: Any, op: str = "add") -> dict[str, Any]:
    """Return an operation; ``add`` also replaces what is there, and needs nothing."""
    return {"op": op, "path": path, "value": value}
