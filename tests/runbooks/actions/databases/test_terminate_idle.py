"""Ending idle sessions of a real PostgreSQL 16: those that were shown, no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from runbooks.actions.performing import DONE, REFUSED, UNKNOWN
from runbooks.actions.wish import ActionWish
from runbooks.errors import ProbeError
from runbooks.target import Target
from tests.runbooks.actions.databases.breaking import breaking
from tests.runbooks.actions.databases.carrying_out import Performing, performed, wished
from tests.runbooks.actions.databases.conftest import Sessions
from tests.runbooks.probes.postgres_server import PostgresServer

USE = "postgres.terminate_idle"


async def lives(connection: Any) -> bool:
    try:
        await connection.fetchval("select 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


async def shown(target: Target, **more: Any) -> ActionWish:
    return await wished(target, USE, **{"idle_for": "1ms", **more})


def names(wish: ActionWish) -> list[str]:
    return [thing.name for thing in wish.description.things]


async def test_idle_sessions_are_listed_and_ended_and_all_others_stay(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    idle = [await sessions.open(database), await sessions.open(database, "")]
    busy = await sessions.open(database)
    await sessions.run(database, busy, "select pg_sleep(60)")
    within = await sessions.open(database)
    await within.execute("begin")
    worker = await sessions.open(database, "Transcript-Worker-1")
    report = await sessions.open(database, "metabase 1")
    mighty = await sessions.open(database, user="postgres")
    target = profile(database)
    wish = await shown(target, exclude=["metabase*"])
    said = wish.description
    assert names(wish) == [
        f"{idle[0].get_server_pid()} app, api from 127.0.0.1",
        f"{idle[1].get_server_pid()} app, without a name from 127.0.0.1",
    ]
    assert (said.count, said.unmet) == (2, ())
    stays = "\n".join(said.stays)
    assert f"excluded: {worker.get_server_pid()} app, Transcript-Worker-1" in stays
    assert "metabase 1" in stays
    assert f"idle in a transaction: {within.get_server_pid()}" in stays
    assert f"may not signal: {mighty.get_server_pid()} postgres" in stays
    # One that came later is idle too, and was not shown.
    late = await sessions.open(database)
    performing = Performing(wish, target, tmp_path)
    ended = await performing.ended()
    assert ended.code == DONE, ended.says
    assert ended.after == {"still idle of 2": "none"}
    assert f"session {names(wish)[0]}: ended" in performing.printed
    assert [await lives(each) for each in idle] == [False, False]
    for each in (within, worker, report, mighty, late):
        assert await lives(each)
    assert not busy.is_closed()


async def test_a_session_that_woke_up_is_left_alone_and_that_is_said(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    one, two = await sessions.open(database), await sessions.open(database)
    target = profile(database)
    wish = await shown(target)
    assert len(names(wish)) == 2
    await two.execute("begin")
    performing = Performing(wish, target, tmp_path)
    ended = await performing.ended()
    assert ended.code == DONE, ended.says
    woken = f"session {names(wish)[1]}: left alone, it woke up or had gone"
    assert woken in performing.printed
    assert "ended 1 of 2" in performing.printed
    assert (await lives(one), await lives(two)) == (False, True)


async def test_all_of_them_woke_up(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    one, target = await sessions.open(database), profile(database)
    wish = await shown(target)
    await one.execute("begin")
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED
    assert "none of those shown is idle any more" in ended.says
    assert await lives(one)


async def test_the_same_pid_with_another_start_is_another_session(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    one, target = await sessions.open(database), profile(database)
    (known,) = (await shown(target)).description.settles["sessions"]
    older = {**known, "started": "2020-01-01T00:00:00+00:00"}
    wish = await shown(target, sessions=[older])
    assert wish.description.unmet == ("none of those shown is idle any more",)
    assert (await performed(wish, target, tmp_path)).code == REFUSED
    assert await lives(one)


async def test_what_a_session_calls_itself_is_never_filled_in(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    one = await sessions.open(database, "${postgres.dsn} ${")
    target = profile(database)
    performing = Performing(await shown(target), target, tmp_path)
    assert (await performing.ended()).code == DONE
    assert not await lives(one)
    assert "${postgres.dsn} ${" in performing.printed
    assert "made-up-and-long" not in performing.printed + performing.written


async def test_nothing_has_been_idle_for_so_long(
    database: PostgresServer, profile: Callable[..., Target], sessions: Sessions
) -> None:
    await sessions.open(database)
    with pytest.raises(ProbeError, match="has been idle for 10 min"):
        await wished(profile(database), USE)


async def test_who_may_end_none_of_them_is_refused_before(
    database: PostgresServer, profile: Callable[..., Target], sessions: Sessions
) -> None:
    await sessions.open(database)
    description = (await shown(profile(database, "watcher"))).description
    assert "watcher may not end them: GRANT pg_signal" in description.unmet[0]
    assert not description.things


async def test_who_does_not_see_what_they_do_ends_none(
    database: PostgresServer, profile: Callable[..., Target], sessions: Sessions
) -> None:
    await sessions.open(database)
    with pytest.raises(ProbeError, match=r"no session of .* has been idle"):
        await shown(profile(database, "stranger"))


async def test_the_role_that_acts_may_be_another_one(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    one = await sessions.open(database)
    (tmp_path / "admin").write_text(database.dsn("signaller"))
    more = f'admin_dsn = {{ file = "{tmp_path}/admin" }}'
    target = profile(database, "watcher", more)
    ended = await performed(await shown(target), target, tmp_path)
    assert ended.code == DONE, ended.says
    assert not await lives(one)


async def test_a_connection_that_breaks_off_in_the_middle_leaves_doubt(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    opened = [await sessions.open(database) for _ in range(3)]
    # The client names each statement twice: when it is parsed and when it is run.
    async with breaking(database.port, b"pg_terminate_backend", 3) as port:
        target = profile(dataclasses.replace(database, port=port))
        wish = await shown(target)
        performing = Performing(wish, target, tmp_path)
        ended = await performing.ended()
    pid = opened[1].get_server_pid()
    assert ended.code == UNKNOWN, ended.says
    assert f"whether session {pid} was ended nobody knows" in ended.says
    assert "1 of 3 sessions were ended" in ended.says
    assert await lives(opened[2])


async def test_a_right_that_is_taken_away_half_way(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    await sessions.open(database)
    target = profile(database)
    wish = await shown(target)
    database.psql("revoke pg_signal_backend from signaller")
    try:
        ended = await performed(wish, target, tmp_path)
    finally:
        database.psql("grant pg_signal_backend to signaller")
    assert ended.code == REFUSED and "may not end them" in ended.says
