"""What the operator trusts to run: documents and single commands, by content.

One private file per Unix user, never shared: trusting is a person's own act. The
trusted text is kept, so that a change can be shown as a difference.
"""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from runbooks.errors import StateError
from runbooks.model import Runbook
from state.locations import (
    cannot,
    config_home,
    private_directory,
    replace_file,
    sweep,
)
from state.lock import Lock


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is trusted.

    Attributes:
        digest: sha256 hex, of a runbook (`Runbook.digest`) or a command's text.
        path: where the runbook or profile was, or "" for a command.
        at: when it was trusted, ISO 8601.
        text: what was trusted.
    """

    digest: str
    path: str
    at: str
    text: str


class TrustStore:
    """The operator's trust, in ``trust.json`` under the configuration home."""

    def __init__(self, home: Path | None = None) -> None:
        self._path = (home or config_home()) / "trust.json"
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[str, Entry] = {}

    def is_trusted(self, digest: str) -> bool:
        """Whether the text with this sha256 is trusted.

        Raises:
            StateError: the trust file cannot be read.
        """
        return digest in self._load()

    def entries(self) -> tuple[Entry, ...]:
        """Return everything that is trusted, oldest first.

        Raises:
            StateError: the trust file cannot be read.
        """
        return tuple(self._load().values())

    def known(self, path: Path) -> Entry | None:
        """Return what was last trusted at *path*, to show what changed since."""
        wanted = str(path.resolve())
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
            text = what.data.decode("utf-8", "backslashreplace")
            entry = Entry(what.digest, str(what.path.resolve()), at, text)
        else:
            where = str(path.resolve()) if path else ""
            entry = Entry(command_digest(what), where, at, what)
        with self._locked():
            others = {k: e for k, e in self._load().items() if k != entry.digest}
            self._save({**others, entry.digest: entry})
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
                digest: entry
                for digest, entry in entries.items()
                if digest != str(what) and entry.path != path
            }
            if len(kept) != len(entries):
                self._save(kept)
        return len(entries) - len(kept)

    def _locked(self) -> Lock:
        private_directory(self._path.parent)
        return Lock(self._path.with_suffix(".lock"))

    def _load(self) -> dict[str, Entry]:
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

    def _read(self) -> dict[str, Entry]:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[Entry])
        except OSError as error:
            raise cannot("read", self._path, error) from error
        except (ValueError, RecursionError) as error:
            raise StateError(
                f"{self._path} is damaged ({error}); move it away and trust anew."
            ) from error
        return {entry.digest: entry for entry in found}

    def _save(self, entries: dict[str, Entry]) -> None:
        sweep(self._path)
        data: list[dict[str, Any]] = [asdict(entry) for entry in entries.values()]
        replace_file(self._path, msgspec.json.format(msgspec.json.encode(data)))


def command_digest(text: str) -> str:
    """Return the digest by which a single command is trusted."""
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def shipped(runbook: Runbook) -> bool:
    """Whether *runbook* is, byte for byte, one that came with gonogo."""
    import runbooks

    documents = Path(runbooks.__file__).resolve().parent / "documents"
    path = runbook.path.resolve()
    if not path.is_relative_to(documents):
        return False
    try:
        return path.read_bytes() == runbook.data
    except OSError:
        return False


def unsafe(path: Path) -> str:
    """Return who else could change *path*, as a sentence, or "".

    The file and every directory above it must belong to you or root and must not
    be writable for others; in a sticky directory such as /tmp others cannot
    replace what is yours.
    """
    try:
        real = path.resolve(strict=True)
        for place in (real, *real.parents):
            if wrong := _unsafe_here(place):
                return wrong
    except OSError as error:
        return str(cannot("look at", path, error))
    return ""


def _unsafe_here(place: Path) -> str:
    status = place.stat()
    if status.st_uid not in (0, os.geteuid()):
        return f"{place} belongs to another user (uid {status.st_uid}); copy it."
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if sticky:
        return ""
    if status.st_mode & stat.S_IWOTH:
        return f"{place} is writable for everyone; run: chmod o-w {place}"
    if status.st_mode & stat.S_IWGRP and not _own_group(status.st_gid):
        return f"{place} is writable for its group; run: chmod g-w {place}"
    return ""


def _own_group(gid: int) -> bool:
    """Whether nobody but you is in the group: user-private groups are common."""
    import grp
    import pwd

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_name == name and set(group.gr_mem) <= {name}
