"""Screens on which something is confirmed that changes a system."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic

from textual import events
from textual.screen import Screen, ScreenResultType
from textual.timer import Timer

from tui import hands
from tui.hands import Hands

TOO_QUICK = "Too quick for a hand: nothing of it counts. Wait a moment, then type it."


class Deliberate(Screen[ScreenResultType]):
    """Takes only keys that hands press once they can have read what is shown.

    `GonogoApp.on_event` asks `takes` before a key goes anywhere. Name it after
    ModalScreen among the bases: Textual takes styles from the first one only.
    """

    _hands: Hands | None = None
    _answer: Callable[[], object] | None = None
    _waking: Timer | None = None

    @property
    def is_deliberate(self) -> bool:
        """Whether keys are held against the clock now."""
        return self._hands is not None

    def be_deliberate(self) -> None:
        """Hold keys against the clock from now on."""
        self._hands = Hands()
        self._answer = None
        self.call_after_refresh(self._painted)

    def be_quick(self) -> None:
        """Take all keys again."""
        self._hands = self._answer = None

    def repainted(self) -> None:
        """What is asked is painted anew, perhaps elsewhere: it has to be read again."""
        if self._hands is not None:
            self._answer = None
            self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        if self._hands is not None:
            self._hands.painted(monotonic())
            self._sleep()

    def _sleep(self) -> None:
        """Wait until keys count again."""
        assert self._hands is not None
        self.asleep()
        # Before it is painted nobody knows how long.
        if self._waking is None and self._hands.awake_at < inf:
            self._wait()

    def _wait(self) -> None:
        assert self._hands is not None
        left = self._hands.awake_at - monotonic()
        self._waking = self.set_timer(max(0.001, left), self._wake)

    def _wake(self) -> None:
        self._waking = None
        if self._hands is None:
            return
        if self._hands.awake_at > monotonic():
            self._wait()  # keys came meanwhile
        else:
            self.woken()

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Whether *event* may go on; what may not is dropped."""
        if self._hands is None:
            return True
        waiting, self._answer = self._answer, None
        counts = self._hands.takes(event.time)
        if isinstance(event, events.Key) and event.key == "escape":
            return True  # whoever wants out is let out at once
        if counts:
            return isinstance(event, events.Key) or self.takes_pasted()
        if self._hands.too_quick or waiting:
            self.hurried()
        self._sleep()
        return False

    def confirm(self, answer: Callable[[], object]) -> None:
        """Do *answer* if no other key follows the one that is being handled."""
        if self._hands is None:
            answer()
            return
        self._hands.answered()
        self._answer = answer
        # By way of the app, behind the keys that have been read by then. A timer may
        # come a little early.
        rested = partial(self.app.call_later, self._rested, answer)
        self.set_timer(hands.REST + 0.005, rested)

    def _rested(self, answer: Callable[[], object]) -> None:
        if self._answer is not answer or self._hands is None:
            return
        self._answer = None
        if self._hands.confirms(monotonic()):
            answer()

    # ------------------------------------------------- what a screen makes of it

    def asleep(self) -> None:
        """No key counts for a while."""

    def woken(self) -> None:
        """Keys count from now on."""

    def hurried(self) -> None:
        """Keys came too quickly; what they did so far is to be undone."""

    def takes_pasted(self) -> bool:
        """Whether text that is pasted may go where the cursor is."""
        return False
