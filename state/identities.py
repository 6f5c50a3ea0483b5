"""Which systems a profile led to at first contact, for all runs of a state home.

A profile that leads elsewhere today than it did is what this is for, so it outlives
the run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from runbooks.changes import Identity
from runbooks.errors import StateError
from state.locations import cannot, open_file
from state.lock import Lock

FILE = "identities.json"


class Identities:
    """The file of what is known, under the state home *home*."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._lock = Lock(home / f"{FILE}.lock")

    def expected(self, target: str, table: str) -> Identity | None:
        """Return which system it was, None if nobody has looked yet.

        Raises:
            StateError: the file cannot be read.
        """
        found = self._read().get(target, {}).get(table)
        return msgspec.convert(found, Identity) if found else None

    def know(self, target: str, identity: Identity) -> None:
        """Remember it in place of what was known.

        Raises:
            StateError: the file cannot be written.
        """
        with self._lock:
            known = self._read()
            known.setdefault(target, {})[identity.table] = msgspec.to_builtins(identity)
            self._write(known)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise cannot("read", self._path, error) from error
        except ValueError as error:
            raise StateError(
                f"{self._path} is damaged: which systems are known cannot be read, so "
                "nothing is changed. Move it aside to begin anew."
            ) from error

    def _write(self, known: dict[str, dict[str, Any]]) -> None:
        new = self._path.with_name(f"{FILE}.new")
        try:
            handle = open_file(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(handle, "w") as file:
                json.dump(known, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._path)
        except OSError as error:
            raise cannot("write", self._path, error) from error
