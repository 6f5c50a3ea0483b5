"""A thread on which a run is kept: calls one after the other, saves, other screens.

A terminal that nobody reads stops Textual's loop within seconds; what this thread does
goes on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from runbooks.errors import GonogoError, StateError
from tui.told import NotSaved, Refused, Saved, Told

if TYPE_CHECKING:
    from state.run import Run

LOG = logging.getLogger("gonogo.engine")
BUG = "A bug in gonogo stopped this; the log has the details."
SAVE_EVERY = 1.0
"""Seconds after which a decision is in progress.toml at the latest, twice over."""
LOOK_EVERY = 0.3
"""Seconds between looks at what other screens of this run wrote."""


class EngineThread(ABC):
    """Keeps one run on a thread of its own.

    Every public method may be called from any thread.

    Args:
        tell: called on the thread with everything that happened.
    """

    def __init__(self, run: Run, tell: Callable[[Told], None]) -> None:
        self.run = run
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._live, name="gonogo-engine", daemon=True
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaved = False

    @abstractmethod
    def _look_at_others(self) -> None:
        """Take up what other screens of this run wrote; called again and again."""

    # ------------------------------------------------------------------- life

    def close(self) -> None:
        """Save, note the end of this screen, and stop; commands go on. Blocks."""
        if not self._thread.is_alive():
            return

        def last() -> None:
            try:
                self.run.close()
            finally:
                self._loop.stop()

        self._loop.call_soon_threadsafe(lambda: self._guarded(last))
        self._thread.join(timeout=5)

    def flush(self) -> None:
        """Write progress.toml now, from whatever thread a signal arrived on."""
        done = threading.Event()

        def save() -> None:
            self._save(last=True)
            done.set()

        self._loop.call_soon_threadsafe(save)
        done.wait(timeout=2)

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._spawn(self._keep_saved())
        self._spawn(self._watch_others())
        try:
            self._loop.run_forever()
        finally:
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(
                asyncio.gather(*self._tasks, return_exceptions=True)
            )
            self._loop.close()

    async def _keep_saved(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self.run.dirty or self.run.waiting or self._unsaved:
                self._save()

    def _save(self, last: bool = False) -> None:
        try:
            self.run.save(last)
        except StateError as error:
            self._unsaved = True
            self._tell(NotSaved(str(error)))
        else:
            self._unsaved = False
            self._tell(Saved(self.run.seq))

    async def _watch_others(self) -> None:
        told = ""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self._look_at_others()
                told = ""
            except Exception as error:
                if str(error) != told:  # it may last: said once
                    self._explain(error)
                told = str(error)

    # ------------------------------------------------------------------- work

    def _submit(self, call: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._guarded(call))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:
            self._explain(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                self._explain(error)

        def over(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            work.close()  # where it ended before it had begun

        task = self._loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(over)

    def _explain(self, error: Exception) -> None:
        """A refusal is told in plain words; a bug is told as one, and logged."""
        match error:
            case StateError():
                self._unsaved = True
                self._tell(NotSaved(str(error)))
            case GonogoError():
                self._tell(Refused(str(error)))
            case _:
                LOG.error("a bug in the engine", exc_info=error)
                self._tell(Refused(BUG))
