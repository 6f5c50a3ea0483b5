"""The crontabs of this machine.

Source: cron(8) of Debian and of cronie: where they are, and in which of them a user
stands before the command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runbooks.probes.host.cron import Entry, entries
from runbooks.probes.regular_file import opened

ROOT = Path("/")
_SYSTEM = ("etc/crontab", "etc/cron.d")
_USERS = ("var/spool/cron/crontabs", "var/spool/cron")
_PARTS = {
    "etc/cron.hourly": "@hourly",
    "etc/cron.daily": "@daily",
    "etc/cron.weekly": "@weekly",
    "etc/cron.monthly": "@monthly",
}
_SCRIPT = re.compile(r"[A-Za-z0-9_-]+")
"""Names that run-parts(8) runs: none with a dot."""
_LARGEST = 256 * 1024
"""Bytes of a crontab or script."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An entry and the file that it stands in."""

    path: Path
    entry: Entry


@dataclass(slots=True)
class Crontabs:
    """What is read from them, and which of them may not be read."""

    closed: list[Path]

    def entries(self, own: Iterable[Path]) -> Iterator[Scheduled]:
        """Yield every entry.

        Args:
            own: further crontabs, without users.
        """
        for name in _SYSTEM:
            for path in self._files(ROOT / name):
                yield from self._entries(path, with_user=True)
        for name in _USERS:
            for path in self._files(ROOT / name):
                yield from self._entries(path, with_user=False)
        for path in own:
            yield from self._entries(path, with_user=False)
        for name, when in _PARTS.items():
            for path in self._files(ROOT / name):
                if _SCRIPT.fullmatch(path.name) and os.access(path, os.X_OK):
                    # What it does tells more than what it is called.
                    script = f"{path.name}\n{self._text(path)}"
                    yield Scheduled(path, Entry(when, script))

    def _entries(self, path: Path, *, with_user: bool) -> Iterator[Scheduled]:
        for entry in entries(self._text(path), with_user=with_user):
            yield Scheduled(path, entry)

    def _files(self, path: Path) -> list[Path]:
        """Return the files of a directory, or the file itself."""
        try:
            if not path.is_dir():
                return [path] if path.is_file() else []
            return [each for each in sorted(path.iterdir()) if each.is_file()]
        except OSError:
            self.closed.append(path)
            return []

    def _text(self, path: Path) -> str:
        try:
            with opened(path) as file:
                return file.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            self.closed.append(path)
            return ""
