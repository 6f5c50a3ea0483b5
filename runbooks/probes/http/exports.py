"""Files that an application offers, in several formats."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.fetching import Response
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources

_FORMATS = {
    "srt": (r"text/plain|application/x-subrip", rb"\s*\d+\r?\n[\d:,]+ --> "),
    "vtt": (r"text/vtt", rb"(\xef\xbb\xbf)?WEBVTT"),
    "json": (r"application/json", rb"\s*[{\[]"),
    "pdf": (r"application/pdf", rb"%PDF-"),
    "csv": (r"text/csv", rb"[\w\"]+,"),
}


class ExportsProbe(EndpointProbe, frozen=True, kw_only=True):
    """Reads exports, and looks whether each is what it says.

    The application that this was made for notes each export among its events, so
    looking adds rows there.

    Readings:
        working: formats that came, with the right type and beginning.
        refused: formats that want a login (401, 403).
        broken: formats that did not come otherwise, with the answer.
        wrong: formats of another type or content than they say.

    Attributes:
        url: before the paths.
        paths: by format (srt, vtt, json, pdf, csv).
    """

    paths: dict[str, str]
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("working", "refused", "broken", "wrong"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        wrong = super().complaints(parameters)
        unknown = [name for name in parameters["paths"] if name not in _FORMATS]
        if unknown or not parameters["paths"]:
            said = f"{unknown[0]} is no known format" if unknown else "none is named"
            wrong.append(f"paths: {said}; write {', '.join(_FORMATS)}")
        return wrong

    @property
    def thing(self) -> str:
        return f"exports {', '.join(self.paths)}"

    async def measure(self, sources: Sources) -> Measurement:
        base = self.url.rstrip("/")
        answers = dict(
            zip(
                self.paths,
                await asyncio.gather(
                    *(self.get(sources, base + path) for path in self.paths.values())
                ),
                strict=True,
            )
        )
        came = {name: a for name, a in answers.items() if a.status == 200}
        refused = [name for name, a in answers.items() if a.status in (401, 403)]
        working = [name for name, answer in came.items() if _right(name, answer)]
        broken = (
            f"{name} {a.status}"
            for name, a in answers.items()
            if name not in came and name not in refused
        )
        lines = (
            f"{name}: {a.status}, {a.headers.get('content-type', 'no type')}, "
            f"{a.size} bytes"
            for name, a in answers.items()
        )
        return measured(
            "\n".join([*lines, "looking may be noted by the application"]),
            names("working", working),
            names("refused", refused),
            names("broken", broken),
            names("wrong", (name for name in came if name not in working)),
        )


def _right(name: str, answer: Response) -> bool:
    kind, beginning = _FORMATS[name]
    said = answer.headers.get("content-type", "")
    if not re.match(kind, said) or not re.match(beginning, answer.body):
        return False
    if name != "json":
        return True
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return True
