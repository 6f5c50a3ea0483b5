"""What is asked of the person, one question at a time, and the reply that comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from runbooks.errors import RefusedError
from tui.told import Asks, Told

if TYPE_CHECKING:
    from runbooks.asking import Question, Reply
    from runbooks.gate import Door


class Ask(Protocol):
    """Puts a question where it is needed."""

    def __call__(self, question: Question) -> Awaitable[Reply | None]: ...


class Questions:
    """The question that is open; used on the engine's loop alone."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._open: dict[str, asyncio.Future[Reply | None]] = {}

    async def ask(self, question: Question) -> Reply | None:
        """Return the reply, None where the person cancelled.

        Raises:
            RefusedError: another question is open, or the reply to one about a change
                came too late.
        """
        from runbooks.asking import EXPIRED, STANDS, Reply

        if not question.needed:
            return Reply()
        if self._open:
            raise RefusedError("Answer what is asked first.")
        future: asyncio.Future[Reply | None]
        future = asyncio.get_running_loop().create_future()
        self._open[question.id] = future
        asked = monotonic()
        self._tell(Asks(question))
        try:
            reply = await future
        finally:
            self._open.pop(question.id, None)
        if reply and question.confirm and monotonic() - asked > STANDS:
            raise RefusedError(EXPIRED)
        return reply

    def answer(self, question_id: str, reply: Reply | None) -> None:
        """Hand on a reply; a second one means nothing."""
        future = self._open.pop(question_id, None)
        if future is not None:
            future.set_result(reply)


async def trusted_first(door: Door, ask: Ask, digest: str = "") -> bool:
    """Whether a system may be asked: the document, or the command, is trusted.

    Which system a change would reach is asked before the change is shown. That is a
    look at it, too, and takes the secrets of the profile.

    Raises:
        RefusedError: it was not trusted now.
    """
    question = door.look_at_trust(digest)
    reply = await ask(question)
    if reply is None:
        return False
    door.admit_trust(question, reply)
    return True
