"""Runbooks that were read before: parsing is the slowest thing that opening does.

What parsing made of a document is kept under the cache home, for a document that
comes with gonogo beside it in ``__pycache__`` as Python keeps its own. The name is
a digest of document, sidecar and parser, so what is stale is never found; what
others could have written is not read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

import runbooks
from runbooks.errors import StateError
from runbooks.model import Runbook
from state.locations import cache_home, private_directory

_CODE = Path(runbooks.__file__).parent
_SHIPPED = _CODE / "documents"
_LARGEST = 10 * 2**20
"""Bytes; longer documents are refused anyway."""
_KEPT = 24
"""Documents kept under the cache home; the oldest go first."""


def kept(path: Path) -> Runbook | None:
    """Return the runbook in the file *path* if it was read before, as it is now."""
    content = _content(path)
    return _load(path, _places(path, content)) if content else None


def read(path: Path, progress: Callable[[float], bool] | None = None) -> Runbook:
    """Return the runbook in the file *path*, parsed now or before.

    Args:
        progress: see `runbooks.parsing.parse`.

    Raises:
        DocumentError: see `runbooks.parsing.read`.
    """
    content = _content(path)
    places = _places(path, content) if content else []
    if found := _load(path, places):
        return found
    from runbooks import parsing

    runbook = parsing.read(path, progress)
    # Complaints name the path, so a document that has some is read anew.
    if runbook.problems or not content:
        return runbook
    # Nor is one kept that was written anew between the two looks at it.
    if runbook.digest == parsing.digest_of(*content):
        _store(places, runbook)
    return runbook


def _content(path: Path) -> tuple[bytes, bytes | None] | None:
    """The document and its sidecar; None where reading has to say what is wrong."""
    beside = path.parent / f"{path.stem}.gonogo.toml"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return None
        return path.read_bytes(), beside.read_bytes() if beside.exists() else None
    except OSError:
        return None


def _places(path: Path, content: tuple[bytes, bytes | None]) -> list[Path]:
    """Where this document may be kept, the best place first."""
    document, sidecar = content
    parts = [_code(), path.name.encode("utf-8", "surrogateescape"), document]
    if sidecar is not None:
        parts.append(sidecar)
    key = sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()
    folders = [cache_home() / "parsed"]
    if path.resolve().parent == _SHIPPED:
        folders.insert(0, _SHIPPED / "__pycache__")
    return [folder / f"{path.stem}-{key}.parsed" for folder in folders]


def _code() -> bytes:
    """A mark of the parser: it changes when any of its files does."""
    with os.scandir(_CODE) as entries:
        marks = [
            (entry.name, status.st_size, status.st_mtime_ns)
            for entry in entries
            if entry.name.endswith(".py") and (status := entry.stat())
        ]
    return repr(sorted(marks)).encode()


def _load(path: Path, places: Sequence[Path]) -> Runbook | None:
    for place in places:
        try:
            with place.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
                    continue
                found = msgspec.msgpack.decode(
                    file.read(), type=Runbook, dec_hook=_path
                )
        except (OSError, msgspec.DecodeError):
            continue
        return replace(found, path=path)
    return None


def _store(places: Sequence[Path], runbook: Runbook) -> None:
    """Keep *runbook* in the first of *places* that can be written.

    Where none can, opening costs time, nothing else.
    """
    for place in places:
        shipped = place.is_relative_to(_SHIPPED)
        try:
            if shipped:
                place.parent.mkdir(exist_ok=True)
                for stale in place.parent.glob(f"{runbook.path.stem}-*.parsed"):
                    stale.unlink(missing_ok=True)
            else:
                _make_room(private_directory(place.parent))
            new = place.with_suffix(f".{os.getpid()}")
            new.write_bytes(msgspec.msgpack.encode(runbook, enc_hook=str))
            new.chmod(0o644 if shipped else 0o600)
            os.replace(new, place)
        except (OSError, StateError):
            continue
        return


def _make_room(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in kept[: -_KEPT + 1]:
        file.unlink(missing_ok=True)


def _path(kind: type, value: Any) -> Any:
    return kind(value)
