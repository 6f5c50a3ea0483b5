"""What the operator trusts to run: documents and single commands, by content.

One private file per Unix user, never shared: trusting is a person's own act. The
trusted text is kept, so that a change can be shown as a difference.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from runbooks.errors import StateError
from runbooks.model import Runbook
from runbooks.shipped import is_shipped
from state.locations import (
    cannot,
    config_home,
    private_directory,
    replace_file,
    sweep,
)
from state.lock import Lock
from state.ownership import unsafe


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is trusted.

    Attributes:
        digest: sha256 hex, of a runbook (`Runbook.digest`), a profile or a command.
        path: real path of the runbook or profile, or "" for a command.
        at: when it was trusted, ISO 8601.
        text: what was trusted.
        sidecar: what stood beside it and was trusted with it, "" where nothing did.
    """

    digest: str
    path: str
    at: str
    text: str
    sidecar: str = ""


class TrustStore:
    """The operator's trust, in ``trust.json`` under the configuration home."""

    def __init__(self, home: Path | None = None) -> None:
        self._path = (home or config_home()) / "trust.json"
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[tuple[str, str], Entry] = {}

    def is_trusted(self, digest: str, path: Path | None = None) -> bool:
        """Whether what has this sha256 is trusted at *path*, or as a command.

        Neither a copy elsewhere nor a command with the words of a file counts.

        Raises:
            StateError: the trust file cannot be read.
        """
        return (digest, _place(path)) in self._load()

    def covers(self, runbook: Runbook) -> bool:
        """Whether *runbook*, as it was read, may run: it came with gonogo, or it was
        trusted where it lies and nobody else could change it there.

        Raises:
            StateError: the trust file cannot be read.
        """
        if is_shipped(runbook):
            return True
        return self.is_trusted(runbook.digest, runbook.path) and not changeable(runbook)

    def covers_profile(self, digest: str, path: Path) -> bool:
        """The same of a target profile that lies beside a runbook.

        Raises:
            StateError: the trust file cannot be read.
        """
        return self.is_trusted(digest, path) and not unsafe(path)

    def within(self, runbook: Runbook) -> Callable[[str], bool]:
        """Return what says of a digest whether it is trusted on a walk of *runbook*:
        that of the runbook itself, or of a single command."""

        def trusted(digest: str) -> bool:
            if digest == runbook.digest:
                return self.covers(runbook)
            return self.is_trusted(digest)

        return trusted

    def entries(self) -> tuple[Entry, ...]:
        """Return everything that is trusted, oldest first.

        Raises:
            StateError: the trust file cannot be read.
        """
        return tuple(self._load().values())

    def known(self, path: Path) -> Entry | None:
        """Return what was last trusted at *path*, to show what changed since."""
        wanted = _place(path)
        same = [entry for entry in self.entries() if entry.path == wanted]
        return same[-1] if same else None

    def trust(self, what: Runbook | str, path: Path | None = None) -> Entry:
        """Trust a runbook as it was read, or the text of a command or profile.

        Args:
            path: where the profile is.

        Raises:
            StateError: the trust file cannot be written.
        """
        at = datetime.now(UTC).isoformat(timespec="seconds")
        if isinstance(what, Runbook):
            texts = _text(what.data), _text(what.sidecar or b"")
            entry = Entry(what.digest, _place(what.path), at, *texts)
        else:
            entry = Entry(command_digest(what), _place(path), at, what)
        key = entry.digest, entry.path
        with self._locked():
            others = {k: e for k, e in self._load().items() if k != key}
            self._save({**others, key: entry})
        return entry

    def revoke(self, what: Path | str) -> int:
        """Trust a path (every version of it) or a digest no more.

        Returns:
            How many entries went.

        Raises:
            StateError: the trust file cannot be written.
        """
        path = str(Path(what).resolve())
        with self._locked():
            entries = self._load()
            kept = {
                key: entry
                for key, entry in entries.items()
                if entry.digest != str(what) and entry.path != path
            }
            if len(kept) != len(entries):
                self._save(kept)
        return len(entries) - len(kept)

    def _locked(self) -> Lock:
        private_directory(self._path.parent)
        return Lock(self._path.with_suffix(".lock"))

    def _load(self) -> dict[tuple[str, str], Entry]:
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            self._seen, self._entries = None, {}
            return self._entries
        except OSError as error:
            raise cannot("read", self._path, error) from error
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            if wrong := unsafe(self._path):
                raise StateError(f"{wrong} Nothing in it is trusted until then.")
            self._entries, self._seen = self._read(), seen
        return self._entries

    def _read(self) -> dict[tuple[str, str], Entry]:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[Entry])
        except OSError as error:
            raise cannot("read", self._path, error) from error
        except (ValueError, RecursionError) as error:
            raise StateError(
                f"{self._path} is damaged ({error}); move it away and trust anew."
            ) from error
        return {(entry.digest, entry.path): entry for entry in found}

    def _save(self, entries: dict[tuple[str, str], Entry]) -> None:
        sweep(self._path)
        data: list[dict[str, Any]] = [asdict(entry) for entry in entries.values()]
        replace_file(self._path, msgspec.json.format(msgspec.json.encode(data)))


def command_digest(text: str) -> str:
    """Return the digest by which a single command is trusted."""
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def changeable(runbook: Runbook) -> str:
    """Return who else could change *runbook* or its sidecar, as a sentence, or ""."""
    places = [runbook.path]
    if runbook.sidecar is not None:
        from runbooks.parsing import beside

        places.append(beside(runbook.path))
    return next(filter(None, map(unsafe, places)), "")


def _place(path: Path | None) -> str:
    return str(path.resolve()) if path else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
