"""The log: tracebacks of bugs go there, never to the screen."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from pathlib import Path

from runbooks.errors import StateError
from state.locations import private_directory, state_home
from tui.display import display_text

NAME = "gonogo.log"


class PrivateFile(logging.FileHandler):
    """A file of mode 0600, made with the first line; none if it cannot be made."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True, errors="backslashreplace")

    def format(self, record: logging.LogRecord) -> str:
        from runbooks.masking import of_this_process

        return of_this_process().text(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except (OSError, StateError):
            self.handleError(record)

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        private_directory(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        number = os.open(path, flags, 0o600)
        return os.fdopen(number, "a", encoding=self.encoding, errors=self.errors)


class Safe(logging.Formatter):
    """Makes lines that can be looked at on any terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return display_text(super().format(record), lines=True)


def keep_log() -> None:
    """Send what gonogo logs to its file, and only there.

    Tracebacks name frames and messages, never the values of local variables, and
    secrets in the messages are hidden.
    """
    logging.raiseExceptions = False  # a log that cannot be written stops nothing
    logger = logging.getLogger("gonogo")
    handler = PrivateFile(state_home() / NAME)
    handler.setFormatter(Safe("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger.handlers = [handler]
    logger.propagate = False
