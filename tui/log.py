"""The log: tracebacks of bugs go there, never to the screen.

So do those that nobody catches, of a thread, of a callback or while something is thrown
away: Python itself would print them, with whatever their messages hold.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from io import TextIOWrapper
from pathlib import Path

from runbooks.errors import StateError
from state.locations import private_directory, state_home
from tui.display import display_text

NAME = "gonogo.log"
_log = logging.getLogger("gonogo")


class PrivateFile(logging.FileHandler):
    """A file of mode 0600, made with the first line; none if it cannot be made."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True, errors="backslashreplace")

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info and record.exc_info[1]
        return without_secrets(super().format(record), bare(error) if error else "")

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
    """Send all that is logged to a file, ours and that of libraries, and only there.

    Tracebacks name frames and messages, never the values of local variables, and
    secrets in the messages are hidden.
    """
    logging.raiseExceptions = False  # a log that cannot be written stops nothing
    handler = PrivateFile(state_home() / NAME)
    handler.setFormatter(Safe("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(True)
    threading.excepthook = _in_a_thread
    sys.unraisablehook = _thrown_away


def without_secrets(report: str, instead: str = "") -> str:
    """Return what is to be said without the secrets in it.

    What hides secrets may be what broke: then only that is told, and *instead*, which
    has none.
    """
    try:
        from runbooks.masking import of_this_process

        return of_this_process().text(report)
    except Exception as error:
        place = error.__traceback__
        said = f"{type(error).__name__} while hiding secrets"
        return f"{instead}{said}, line {place.tb_lineno if place else 0}\n"


def bare(error: BaseException) -> str:
    """Return where an error came from and what it is called, and nothing it says."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}\n"


def _in_a_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "that has gone"
    error = args.exc_value or args.exc_type()
    if not isinstance(error, SystemExit):
        _log.error("a bug in the thread %s", name, exc_info=error)


def _thrown_away(args: sys.UnraisableHookArgs) -> None:
    said = args.err_msg or "Exception ignored"
    _log.error("%s in %s", said, type(args.object).__name__, exc_info=args.exc_value)
