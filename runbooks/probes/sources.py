"""What the probes of one pass share: clients, answers, and how much was asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

from runbooks.errors import ProbeError
from runbooks.leash import hold
from runbooks.masking import Mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbooks.probes.budget import Budget

T = TypeVar("T")
STEP: ContextVar[str] = ContextVar("STEP", default="")
"""Id of the step for which is asked: servers are told who asks, and what for."""


class Sources:
    """The things looked at in one pass.

    What several probes need of one source is asked once, whoever comes first; a
    failure is shared like an answer. Use it as an async context manager: leaving
    it stops what is under way and closes every client.

    Args:
        budgets: by host (``api.example.com:443``), where requests are rationed.

    Attributes:
        requests: how often each source (``http api.example.com``) was asked.
    """

    def __init__(self, budgets: Mapping[str, Budget] | None = None) -> None:
        self.requests: Counter[str] = Counter()
        self._budgets = budgets or {}
        self._answers: dict[Hashable, asyncio.Task[Any]] = {}
        self._clients = AsyncExitStack()
        self._mask = Mask()
        self._waiting = 0
        self._paused = 0.0
        self._since = 0.0

    async def __aenter__(self) -> Sources:
        hold()  # what looking starts ends with us, however we end
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._answers.values():
            task.cancel()
        await asyncio.gather(*self._answers.values(), return_exceptions=True)
        await self._clients.aclose()

    async def once(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what *ask* answers, calling it only for the first with this key.

        Whoever waits may be cancelled: the others still get the answer.

        Raises:
            ProbeError: a new one with the same words for everyone who asked.
        """
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(ask())
        task = cast("asyncio.Task[T]", self._answers[key])
        try:
            return await asyncio.shield(task)
        except ProbeError as error:
            again = ProbeError(str(error), source=error.source, stage=error.stage)
            for note in getattr(error, "__notes__", ()):
                again.add_note(note)
            raise again from error

    async def client(
        self, key: Hashable, make: Callable[[], AbstractAsyncContextManager[T]]
    ) -> T:
        """Return the client of this key, opened by *make* when first asked for.

        It is closed when the pass ends.
        """

        async def enter() -> T:
            return await self._clients.enter_async_context(make())

        return await self.once(("client", key), enter)

    def asked(self, source: str) -> None:
        """Count one request to *source*."""
        self.requests[source] += 1

    def budget(self, host: str) -> Budget | None:
        """Return what rations requests to *host*, None where nothing does."""
        return self._budgets.get(host)

    def hide(self, *secrets: str) -> None:
        """Keep these values out of everything that this pass says from now on.

        In every encoding that `redaction.patterns` knows: what a server sends back
        of a header is often JSON.
        """
        self._mask.hide(*secrets)

    def hidden(self, text: str) -> str:
        """Return *text* without what is to be hidden, and what looks like a secret.

        Half characters, which JSON can bring, come out as escapes (``\\ud800``): they
        can be written nowhere.
        """
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return self._mask.text(text)

    @property
    def paused(self) -> float:
        """Seconds in which somebody waited for a budget; no probe's own time."""
        return self._paused + (monotonic() - self._since if self._waiting else 0.0)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let the clock of all budgets in time stand still meanwhile."""
        if not self._waiting:
            self._since = monotonic()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._paused += monotonic() - self._since

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what *work* answers, within so many seconds that are not paused.

        Raises:
            TimeoutError: it did not.
        """
        task = asyncio.ensure_future(work)
        end, paused = monotonic() + seconds, self.paused
        try:
            while (left := end + self.paused - paused - monotonic()) > 0:
                done, _ = await asyncio.wait({task}, timeout=left)
                if done:
                    return task.result()
            raise TimeoutError
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
