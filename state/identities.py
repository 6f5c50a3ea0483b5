"""Which systems a profile led to at first contact, for all runs of a state home.

A profile that leads elsewhere today than it did is what this is for, so it outlives
the run.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from runbooks.changes import Identity
from runbooks.errors import StateError
from state.locations import cannot, replace_file, sweep
from state.lock import Lock

FILE = "identities.json"
Known = dict[str, dict[str, Identity]]
"""Name of a target to table to the system."""


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
        return self._read().get(target, {}).get(table)

    def know(self, target: str, identity: Identity) -> None:
        """Remember it in place of what was known.

        Raises:
            StateError: the file cannot be written.
        """
        with self._lock:
            known = self._read()
            known.setdefault(target, {})[identity.table] = identity
            sweep(self._path)
            replace_file(self._path, msgspec.json.format(msgspec.json.encode(known)))

    def _read(self) -> Known:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Known)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise cannot("read", self._path, error) from error
        except (ValueError, RecursionError) as error:
            raise StateError(
                f"{self._path} is damaged: which systems are known cannot be read, so "
                "nothing is changed. Move it aside to begin anew."
            ) from error
