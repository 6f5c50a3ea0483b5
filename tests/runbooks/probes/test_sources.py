"""What the probes of one pass share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources


async def test_the_first_asks_and_all_get_the_answer() -> None:
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    async with Sources() as sources:
        answers = await asyncio.gather(*(sources.once("key", ask) for _ in range(5)))
    assert answers == [1] * 5


async def test_a_failure_is_shared_and_each_gets_its_own_error() -> None:
    async def ask() -> int:
        error = ProbeError("db refused", source="db", stage="tcp")
        error.add_note("start it")
        raise error

    async with Sources() as sources:
        got = await asyncio.gather(
            *(sources.once("db", ask) for _ in range(2)), return_exceptions=True
        )
    first, second = got
    assert isinstance(first, ProbeError) and isinstance(second, ProbeError)
    assert first is not second
    assert (str(second), second.source, second.stage) == ("db refused", "db", "tcp")
    assert second.__notes__ == ["start it"]


async def test_one_who_gives_up_takes_the_answer_from_nobody() -> None:
    go = asyncio.Event()

    async def ask() -> str:
        await go.wait()
        return "answer"

    async with Sources() as sources:
        impatient = asyncio.create_task(sources.once("key", ask))
        patient = asyncio.create_task(sources.once("key", ask))
        await asyncio.sleep(0)
        impatient.cancel()
        go.set()
        assert await patient == "answer"


async def test_clients_are_opened_once_and_closed_at_the_end() -> None:
    told: list[str] = []

    @asynccontextmanager
    async def client() -> AsyncIterator[str]:
        told.append("opened")
        yield "client"
        told.append("closed")

    async with Sources() as sources:
        assert await sources.client("db", client) == "client"
        assert await sources.client("db", client) == "client"
        assert told == ["opened"]
    assert told == ["opened", "closed"]


async def test_the_end_of_a_pass_stops_what_is_asked() -> None:
    stopped = asyncio.Event()

    async def ask() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async with Sources() as sources:
        with pytest.raises(TimeoutError):
            await sources.within(0.05, sources.once("key", ask))
    assert stopped.is_set()


async def test_waiting_for_a_budget_is_no_time_of_the_probe() -> None:
    async with Sources() as sources:

        async def look() -> str:
            with sources.pause():
                await asyncio.sleep(0.3)
            return "seen"

        assert await sources.within(0.1, look()) == "seen"
        with pytest.raises(TimeoutError):
            await sources.within(0.1, asyncio.sleep(5))


async def test_secrets_are_hidden_the_longest_first() -> None:
    async with Sources() as sources:
        sources.hide("hunter2", "hunter2-and-more", "no")
        said = sources.hidden("hunter2-and-more hunter2 no")
    assert said == "[redacted] [redacted] no"


async def test_what_is_hidden_stays_so_however_it_is_written() -> None:
    secret, later = 'pass"word\\7 ü', "another-one"
    sources = Sources()
    sources.hide(secret, "short")
    assert sources.hidden(f"a {secret}, short") == "a [redacted], short"
    sources.hide(later)
    for text in (json.dumps(secret)[1:-1], quote(secret), secret.encode().hex(), later):
        assert sources.hidden(f"x {text} y\ud800") == "x [redacted] y\\ud800"
