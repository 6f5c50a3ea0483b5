"""Blocking calls beside the loop, in threads that hold up no exit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

T = TypeVar("T")


async def in_thread(call: Callable[[], T], name: str) -> T:
    """Run *call* in a daemon thread: a dead mount or server must not delay the exit.

    A call whose caller is cancelled is left to end by itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("T", result))

    def run() -> None:
        result, problem = None, None
        try:
            result = call()
        except BaseException as error:
            problem = error
        with suppress(RuntimeError):  # the loop has ended, nobody waits any more
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
