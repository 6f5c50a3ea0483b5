"""Which rehearsal owns a directory, and clearing away what a killed one left.

A directory is ours when it holds the record that `claim` wrote. The lock on it is
the kernel's and ends with its holder, whatever kills that; the record names every
process by id, start time and boot, so that no other process is ever taken for one.
What it has on a Docker Engine is in a record of its own (`project`).

Commands that people started from the rehearsal's runs end with it: elsewhere they
outlive the screen, but here what they act on and write to is going.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbooks.commands import attach
from runbooks.errors import RefusedError
from runbooks.processes import boot_id, identity, start_time

PREFIX = "gonogo-rehearsal-"
"""Of the throwaway directories that `fresh_directory` makes."""
CONTAINERS = "containers.json"
"""Record of what it has on a Docker Engine, as long as it has anything there."""
RUNS = "state"
"""Directory of the runs against a rehearsal. Where it is kept, the next rehearsal
starts with everything new but this."""
_RECORD = "rehearsal.json"
_PLAIN = re.compile(r"[A-Za-z0-9._/+-]+")
_PATIENCE = 5.0
"""Seconds that a left process may take to end before it is killed, and that a new
rehearsal may take to claim its directory."""


@dataclass(slots=True)
class Claim:
    """A directory that this process holds until it releases it or ends."""

    directory: Path
    _lock: int
    _processes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def record(self, name: str, pid: int, stop_signal: int) -> None:
        """Write down that the process *pid*, a child of ours, belongs here."""
        self._processes[name] = {**identity(pid), "signal": int(stop_signal)}
        new = self.directory / f"{_RECORD}.new"
        new.write_text(json.dumps(self._processes))
        new.rename(self.directory / _RECORD)

    def release(self, *, keep: bool) -> None:
        """Give the directory up; remove it unless it is to be kept.

        One that has still something on an Engine stays, because nothing else tells.
        """
        _end_commands(self.directory)
        if not keep and not (self.directory / CONTAINERS).exists():
            _remove(self.directory)
        os.close(self._lock)


def claim(directory: Path) -> Claim:
    """Hold *directory*, made or emptied of what an ended rehearsal left in it.

    Raises:
        RefusedError: another rehearsal runs there, it holds other files, its name
            would need quoting in the parts' configurations, or an Engine that has
            containers of it does not answer.
    """
    if not _PLAIN.fullmatch(str(directory)):
        raise RefusedError(
            f"{directory} has signs in its name that configurations would have to "
            "quote. Name a directory of letters, digits and ._/+- alone."
        )
    directory.mkdir(0o700, parents=True, exist_ok=True)
    found = set(os.listdir(directory))
    if found and _RECORD not in found:
        raise RefusedError(
            f"{directory} holds files that no rehearsal made. Name an empty directory."
        )
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise RefusedError(
            f"A rehearsal already runs in {directory}. Stop it, or name another one."
        ) from None
    try:
        _clear(directory)
    except RefusedError:
        os.close(lock)
        raise
    claimed = Claim(directory.absolute(), lock)
    (directory / _RECORD).write_text("{}")
    return claimed


def fresh_directory() -> Path:
    """Make a throwaway directory, after removing those of ended rehearsals."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        # What runs refuses, and what another start is just removing is gone.
        with suppress(RefusedError, FileNotFoundError):
            if _is_left(left):
                claim(left).release(keep=False)
    return Path(tempfile.mkdtemp(prefix=PREFIX))


def _is_left(directory: Path) -> bool:
    """Return whether we made *directory* and its rehearsal may have ended.

    One without a record is young while its rehearsal has yet to claim it.
    """
    found = directory.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    is_old = found.st_mtime < time.time() - _PATIENCE
    return is_ours and (is_old or (directory / _RECORD).exists())


def _clear(directory: Path) -> None:
    record = directory / _RECORD
    if not record.exists():
        return
    _end_commands(directory)
    if (directory / CONTAINERS).exists():
        from runbooks.rehearsal.project import clear

        clear(directory)
    left = [p for p in json.loads(record.read_text()).values() if _is_running(p)]
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process["pid"], process["signal"])
    deadline = time.monotonic() + _PATIENCE
    while any(map(_is_running, left)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in filter(_is_running, left):
        with suppress(ProcessLookupError):
            os.kill(process["pid"], 9)
    for entry in directory.iterdir():
        if entry.name in (RUNS, _RECORD):
            continue
        if entry.is_dir() and not entry.is_symlink():
            _remove(entry)
        else:
            entry.unlink()


def _remove(directory: Path) -> None:
    """Remove all of *directory*, in which something that is ending may still write.

    Children of what was killed end by themselves, and no record names them.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return shutil.rmtree(directory)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _end_commands(directory: Path) -> None:
    """Stop what was started from runs against this rehearsal, and await its end."""
    records = directory.glob(f"{RUNS}/runs/*/outputs/*.run")
    found = [attach(record.parent, record.stem) for record in records]
    left = [command for command in found if command and command.alive()]
    for command in left:
        command.stop()
    while any(command.alive() for command in left):
        time.sleep(0.02)


def _is_running(process: dict[str, Any]) -> bool:
    return bool(
        process["boot"] == boot_id() and start_time(process["pid"]) == process["start"]
    )
