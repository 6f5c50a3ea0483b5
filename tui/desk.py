"""What is open on the screen: one run at a time, from its file to its engine."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from runbooks.errors import DocumentError, GonogoError
from runbooks.model import Runbook
from runbooks.shipped import DOCUMENTS
from state.acted import left_open
from state.parsed import kept, read
from tui.app import GonogoApp
from tui.cli.outline import complaint
from tui.cli.printing import complain
from tui.config import Config
from tui.engine import Engine
from tui.opening import (
    Options,
    make_engine,
    open_run,
    read_target,
    started_in,
)
from tui.screens.runbook import RunbookScreen
from tui.told import Told

if TYPE_CHECKING:
    from tui.screens.choose import ChooseScreen

SCREEN_BYTES = 5 * 2**20
"""Bytes up to which a document opens on the screen."""
SCREEN_STEPS = 20_000
"""Steps up to which a document opens on the screen."""
BESIDE_SCREEN = 500 * 1024
"""Bytes above which a document is read beside the screen, with a cancel."""


class Desk(GonogoApp):
    """Opens runbooks and keeps the engine of the one that is open.

    Attributes:
        rehearses: a rehearsal was chosen, which starts once the screen is left.
    """

    def __init__(self, options: Options, config: Config) -> None:
        super().__init__(self._first_screen, config)
        self.at_work = self._at_work
        self.left_open = self._left_open
        self.acted = self._acted
        self.hand_over = self._hand_over
        self.deployment = options.deployment
        self.rehearses = False
        self._options = options
        self._engine: Engine | None = None
        self._walk: RunbookScreen | None = None
        self._prepared: tuple[Engine, str] | None = None

    def prepare(self, path: Path) -> None:
        """Open *path* as far as no screen is needed.

        Raises:
            GonogoError: it cannot be opened; said before the screen comes up.
        """
        if _fits(path) or kept(path):
            self._prepared = self._make(read(path))
        else:
            self.call_later(self.open, path)

    def serve(self, path: Path | None) -> int:
        """Show the screen until it is left; return the exit code.

        Raises:
            GonogoError: *path* cannot be opened; nothing was shown yet.
        """
        if path:
            self.prepare(path)
        try:
            return self.run_on_terminal(self._flush_run)
        finally:
            self.leave_run()
            self._tell_unsaved()

    def leave_run(self) -> None:
        """Save and close the run that is open; its commands go on."""
        if self._engine:
            self._engine.close()

    def _tell_unsaved(self) -> None:
        """Print what could not be written to the last, so that it is not lost."""
        waiting = self._engine.run.waiting if self._engine else ()
        if waiting:
            complain("NOT SAVED, for the disk did not take it:", who="")
        for thing in waiting:
            complain(f"  {thing}", who="")

    def _first_screen(self) -> Screen[Any]:
        if self._prepared:
            return self._begin(*self._prepared)
        from tui.offers import offers
        from tui.screens.choose import ChooseScreen

        return ChooseScreen(offers(self._options.home, DOCUMENTS, started_in()))

    def on_ready(self) -> None:
        # Off since cli/walk.py: what was made until now stays, and is not gone
        # through again. Long documents make so many objects that the usual
        # thresholds would double the time it takes to read them.
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()

    def on_choose_screen_chosen(self, chosen: ChooseScreen.Chosen) -> None:
        """Open what was chosen: a runbook, or one run of it."""
        self._options = replace(self._options, directory=chosen.run)
        self.open(chosen.runbook)

    def on_choose_screen_rehearsal_chosen(self) -> None:
        self.rehearses = True
        self.exit()

    def open(self, path: Path) -> None:
        """Put *path* on the screen; what is wrong with it is told as a toast."""
        try:
            if _fits(path) or kept(path):
                self._show(read(path))
            else:
                self._load(path)
        except GonogoError as error:
            self.notify(str(error), severity="error", timeout=20)

    def _load(self, path: Path) -> None:
        from tui.screens.loading import LoadingScreen

        def loaded(outcome: Runbook | GonogoError | None) -> None:
            if isinstance(outcome, Runbook):
                self._show(outcome)
            elif outcome is not None:
                self.notify(str(outcome), severity="error", timeout=20)

        self.push_screen(LoadingScreen(path, read), loaded)

    def _show(self, runbook: Runbook) -> None:
        try:
            self.push_screen(self._begin(*self._make(runbook)))
        except GonogoError as error:
            self.notify(str(error), severity="error", timeout=20)

    def _make(self, runbook: Runbook) -> tuple[Engine, str]:
        """Find or begin the run, and make its engine; with what changed since.

        Raises:
            DocumentError: the document is too long for the screen.
            StateError: the run's files cannot be used.
        """
        if len(runbook.steps) > SCREEN_STEPS:
            raise DocumentError(
                runbook.path,
                f"it has {len(runbook.steps)} steps, more than the {SCREEN_STEPS} "
                "that the screen shows; 'gonogo show' lists them all",
            )
        target = read_target(runbook, self._options.target)
        run, notice = open_run(runbook, target, self._options)
        scratch = self.deployment.directory if self.deployment else None
        engine = make_engine(runbook, run, target, self._tell, scratch)
        return engine, " ".join(filter(None, (self._options.greeting, notice)))

    def _begin(self, engine: Engine, notice: str) -> Screen[Any]:
        self.leave_run()
        self._engine = engine
        resumes, told = _come_back(engine) if engine.run.baseline else (False, "")
        self._walk = RunbookScreen(engine, notice or told, self._config.roles)
        self._walk.resumes = resumes
        if wrong := complaint(engine.runbook):
            self.call_after_refresh(self.notify, wrong, severity="warning", timeout=20)
        engine.start()
        return self._walk

    def _tell(self, what: Told) -> None:
        if self._walk:
            self._walk.tell(what)

    def _at_work(self) -> tuple[str, ...]:
        return self._engine.running() if self._engine else ()

    def _left_open(self) -> tuple[str, ...]:
        return left_open(self._engine.run.actions) if self._engine else ()

    def _acted(self) -> bool:
        # A rehearsal ends with its screen: there is nobody to hand it over to.
        return bool(self._engine and self._engine.run.acted and not self.deployment)

    def _hand_over(self, note: str) -> str:
        return self._engine.hand_over(note) if self._engine else ""

    def _flush_run(self) -> None:
        if self._engine:
            self._engine.flush()


def _come_back(engine: Engine) -> tuple[bool, str]:
    """Whether what changed is to be shown at once, and what to say where it is not."""
    from state.comparing import Compared
    from state.resume import resumption
    from tui.widgets.wording import duration

    told = resumption(Compared.of_run(engine.run))
    away = duration(told.away.total_seconds())
    return told.worth, f"Back after {away}: nothing changed, {told.open} still open."


def _fits(path: Path) -> bool:
    """Whether *path* is read in no time; else it is read beside the screen.

    Raises:
        DocumentError: it is too large for the screen.
    """
    try:
        size = path.stat().st_size
    except OSError:
        return True  # reading it says what is wrong
    if size > SCREEN_BYTES:
        raise DocumentError(
            path,
            f"it is {size / 2**20:.1f} MiB, more than the {SCREEN_BYTES // 2**20} MiB "
            "that the screen opens; 'gonogo show' takes up to 10 MiB",
        )
    return size <= BESIDE_SCREEN
