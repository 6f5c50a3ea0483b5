"""What the commands of a run have printed, as far as this screen has seen it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import MappingProxyType

from state.acted import Acted
from state.standing import Command
from tui.widgets.scrollback import Scrollback
from tui.widgets.wording import duration, ended

SILENT = 5
"""Seconds without output after which a running command is called silent."""


class Outputs:
    """Scrollbacks by command id, in the order in which they appeared.

    Attributes:
        shown: id of the command on view, or "" before any has printed.

    Args:
        commands: part id to its last run; the run's own, it changes under us.
        actions: by id; likewise.
    """

    KEPT = 20
    """Commands whose output is kept for the screen; the oldest goes first."""

    def __init__(
        self,
        commands: Mapping[str, Command],
        actions: Mapping[str, Acted] = MappingProxyType({}),
    ) -> None:
        self._commands = commands
        self._actions = actions
        self._scrollbacks: dict[str, Scrollback] = {}
        self._known: dict[str, Command] = {}
        self._heard: dict[str, float] = {}
        self.shown = ""

    @property
    def scrollback(self) -> Scrollback:
        """What is on view; an empty one before any command has printed."""
        return self._scrollbacks.get(self.shown) or Scrollback()

    def of(self, command_id: str) -> Scrollback:
        """Return the scrollback of a command, made when it is new."""
        known = self._scrollbacks.get(command_id)
        if known is None:
            known = self._scrollbacks[command_id] = Scrollback()
            for oldest in list(self._scrollbacks)[: -self.KEPT]:
                if oldest != self.shown:
                    del self._scrollbacks[oldest]
        return known

    def printed(self, command_id: str, data: bytes, skipped: int) -> None:
        """Take what a command printed just now."""
        self.of(command_id).feed(data, skipped)
        self._heard[command_id] = monotonic()

    def show(self, command_id: str, outputs: Path | None = None) -> None:
        """Put a command on view, read from *outputs* when an earlier screen ran it."""
        if outputs is not None and command_id not in self._scrollbacks:
            self.read(command_id, outputs)
        self.of(command_id)
        self.shown = command_id

    def read(self, command_id: str, outputs: Path) -> None:
        """Read the end of what a command printed, or showed on the terminal."""
        record = outputs / f"{command_id}.cast"
        if record.exists():
            from tui.widgets import cast

            self.of(command_id).feed(cast.printed(tail(record)[0]))
        else:
            data, skipped = tail(outputs / f"{command_id}.out")
            self.of(command_id).feed(data, skipped)

    def last(self) -> Command | None:
        """Return the command of the run that was started last."""
        commands = list(self._commands.values())
        return max(commands, key=lambda command: command.seq, default=None)

    def show_next(self) -> bool:
        """Put the next command on view, round and round; False with fewer than two."""
        order = list(self._scrollbacks)
        if len(order) < 2:
            return False
        # None may be on view yet, though several have printed.
        here = order.index(self.shown) if self.shown in order else -1
        self.shown = order[(here + 1) % len(order)]
        return True

    def command(self, command_id: str) -> Command | None:
        """Return what the run knows of a command, also of an earlier run of a part."""
        for command in self._commands.values():
            self._known[command.id] = command
        return self._known.get(command_id)

    def running(self) -> Command | None:
        """Return the command to stop: the one on view, else the latest at work."""
        on_view = self.command(self.shown)
        if on_view and not on_view.ending:
            return on_view
        at_work = [c for c in self._commands.values() if not c.ending]
        return max(at_work, key=lambda command: command.seq, default=None)

    def to_stop(self) -> tuple[str, str]:
        """Return id and name of what the key stops, or "" twice.

        It is what is on view, else the command or action at work that began last.
        """
        if (shown := self._actions.get(self.shown)) and not shown.ending:
            return shown.id, shown.title
        command = self.running()
        if command and command.id == self.shown:
            return command.id, command.text.strip().partition("\n")[0]
        if acting := self.acting():
            return acting.id, acting.title
        if command:
            return command.id, command.text.strip().partition("\n")[0]
        return "", ""

    def acting(self) -> Acted | None:
        """Return the action under way, None without one."""
        return next((a for a in self._actions.values() if not a.ending), None)

    def save(self, path: Path, outputs: Path) -> str:
        """Write all that the command on view printed to a new file; say where."""
        whole = outputs / f"{self.shown}.out"
        try:
            with path.open("xb") as copy:
                os.fchmod(copy.fileno(), 0o600)
                if whole.exists():
                    with whole.open("rb") as original:
                        shutil.copyfileobj(original, copy)
                else:
                    copy.write(self.scrollback.text().encode("utf-8", "replace"))
        except FileExistsError:
            return f"Left alone: {path.name} is there already; choose another name."
        except OSError as error:
            return f"Not saved: {error.strerror}: {path}"
        return f"Saved as {path.name} in {path.parent}"

    def place(self) -> str:
        """Return which of how many is on view: ``2 of 3``, or ""."""
        order = list(self._scrollbacks)
        if len(order) < 2 or self.shown not in order:
            return ""
        return f"{order.index(self.shown) + 1} of {len(order)}"

    def title(self) -> str:
        """Return the first line of the command on view, or what the action does."""
        if action := self._actions.get(self.shown):
            return action.title
        command = self.command(self.shown)
        return command.text.strip().partition("\n")[0] if command else ""

    @property
    def at_work(self) -> bool:
        """Whether the command or action on view is running."""
        if action := self._actions.get(self.shown):
            return not action.ending
        command = self.command(self.shown)
        return command is not None and not command.ending

    def _running(self, command: Command) -> str:
        spent = _since(command.at)
        text = f"running {duration(int(spent))}" if spent >= 1 else "running"
        heard = self._heard.get(command.id)
        silent = monotonic() - heard if heard is not None else spent
        return f"{text}, silent {duration(int(silent))}" if silent >= SILENT else text

    def ending(self) -> str:
        """Return how what is on view went: ``exit 0 after 2.1 s``, ``running``."""
        if action := self._actions.get(self.shown):
            if action.ending:
                return f"{action.ending} after {duration(action.seconds)}"
            return f"running {duration(int(_since(action.at)))}"
        command = self.command(self.shown)
        if command is None:
            return ""
        if not command.ending:
            return self._running(command)
        return f"{ended(command)} after {duration(command.seconds)}"


def _since(at: str) -> float:
    """Return the seconds since a time, ISO 8601."""
    return max(0, (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())


def tail(path: Path, limit: int = 1 << 20) -> tuple[bytes, int]:
    """Return the last *limit* bytes of a file and how many come before them.

    A file that cannot be read is told in its place.
    """
    try:
        with path.open("rb") as file:
            skipped = max(0, os.fstat(file.fileno()).st_size - limit)
            file.seek(skipped)
            return file.read(), skipped
    except OSError as error:
        return f"{path}: {error.strerror}\n".encode(), 0
