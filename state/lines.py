"""One event as one line of JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from runbooks.clock import steady
from runbooks.errors import NewerState
from runbooks.events import Event, Kind
from runbooks.unseen import escaped

VERSION = 1
"""Format of a line; a line of a later one is refused, not guessed at."""


class _Line(msgspec.Struct):
    """A line as it stands in the file."""

    v: int
    seq: int
    id: str
    at: str
    mono: float
    boot: str
    by: dict[str, Any]
    kind: str
    step: str | None
    data: dict[str, Any]
    prev: str


_decode = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode


def encoded(
    seq: int,
    by: Mapping[str, Any],
    kind: Kind,
    step: str | None,
    data: Mapping[str, Any],
    prev: str,
) -> bytes:
    """Return the line of an event that happens now, without a newline at its end.

    Lone surrogates become visible escapes: no UTF-8 can hold them.
    """
    line = {
        "v": VERSION,
        "seq": seq,
        "id": uuid4().hex,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "mono": round(steady(), 3),
        "boot": boot_id(),
        "by": by,
        "kind": kind.value,
        "step": step,
        "data": data,
        "prev": prev,
    }
    # Nobody needs to fear looking at a journal with `cat`.
    return escaped(as_json(line).decode()).encode()


def decoded(raw: bytes) -> Event | None:
    """Return the event of a line, or None where it is torn or damaged.

    Raises:
        NewerState: the line is of a later format.
    """
    try:
        line = _decode(raw)
        if line.v > VERSION:
            raise _newer(line.v)
        kind = Kind(line.kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        _refuse_newer(raw)
        return None
    return Event(
        line.seq,
        line.id,
        line.at,
        line.mono,
        line.boot,
        line.by,
        kind,
        line.step,
        line.data,
        line.prev,
    )


def _refuse_newer(raw: bytes) -> None:
    try:
        version = msgspec.json.decode(raw)["v"]
    except (msgspec.DecodeError, ValueError, LookupError, TypeError, RecursionError):
        return
    if isinstance(version, int) and version > VERSION:
        raise _newer(version)


def _newer(version: int) -> NewerState:
    return NewerState(
        f"it was written by a newer gonogo (format {version}, this one knows "
        f"{VERSION}); nothing was changed. Use the newer gonogo."
    )


def as_json(value: Any) -> bytes:
    """Return *value* as compact JSON; lone surrogates in it are visible escapes."""
    try:
        return bytes(_encode(value))
    except UnicodeEncodeError:
        return bytes(_encode(_without_surrogates(value)))


@cache
def boot_id() -> str:
    """Return the kernel's boot id, or "" where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _without_surrogates(value: Any) -> Any:
    """Return *value* with lone surrogates as visible escapes (``\\udc80``)."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {
            _without_surrogates(key): _without_surrogates(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
