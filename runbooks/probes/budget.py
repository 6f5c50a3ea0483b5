"""Rationed requests: a token bucket, and the word of a server that wants a rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic

from runbooks.errors import ProbeError

A_MINUTE = 40
"""Requests to a host: the application measured here refuses from the 101st a
minute on, for all clients behind one address together, its own health checks
included."""


class Budget:
    """At most so many requests a minute to one host, and as many in one pass.

    Args:
        rate: requests a minute; so many may come at once after a rest.
    """

    def __init__(
        self, rate: int = A_MINUTE, clock: Callable[[], float] = monotonic
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._tokens = float(rate)
        self._at = clock()
        self._closed_until = 0.0

    async def take(self, pause: Callable[[], AbstractContextManager[None]]) -> None:
        """Wait for the right to one request.

        Args:
            pause: entered while waiting.

        Raises:
            ProbeError: as `heed`.
        """
        self.heed()
        self._refill()
        self._tokens -= 1
        if self._tokens < 0:
            with pause():
                await asyncio.sleep(-self._tokens * 60 / self.rate)
            self.heed()  # others may have been told meanwhile

    def close(self, seconds: float) -> None:
        """Ask nothing for so long: the server said so."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def heed(self) -> None:
        """Ask only where no rest is wanted.

        Raises:
            ProbeError: the server has asked for a rest that is not over.
        """
        left = self._closed_until - self._clock()
        if left > 0:
            raise ProbeError(
                f"it answered 429, too many requests: ask again in {left:.0f} s",
                stage="budget",
            )

    def _refill(self) -> None:
        now = self._clock()
        gained = (now - self._at) * self.rate / 60
        self._tokens = min(float(self.rate), self._tokens + gained)
        self._at = now
