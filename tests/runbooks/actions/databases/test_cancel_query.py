"""Cancelling one query of a real PostgreSQL 16, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from runbooks.actions.performing import DONE, REFUSED
from runbooks.errors import ProbeError
from runbooks.target import Target
from tests.runbooks.actions.databases.carrying_out import Performing, performed, wished
from tests.runbooks.actions.databases.conftest import Sessions, with_roles
from tests.runbooks.probes.postgres_server import PostgresServer, postgres_server

SLOW = "select pg_sleep(60), 'hunter2-and-long' as note"


async def test_a_query_is_shown_and_cancelled_and_its_session_stays(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    target, api = profile(database), await sessions.open(database)
    query = await sessions.run(database, api, SLOW)
    pid = api.get_server_pid()
    wish = await wished(target, "postgres.cancel_query", pid=pid)
    said = dict(wish.facts())
    assert "PostgreSQL 127.0.0.1" in said["system"] and "(primary)" in said["system"]
    assert f"{pid} app, api from 127.0.0.1" in said["touches"]
    assert said["changes"].endswith("select pg_sleep(60), '…' as note → cancelled")
    assert "it has run for" in said["checked"]
    assert "cannot be taken back" in str(wish.description.undo)
    assert not wish.description.unmet
    performing = Performing(wish, target, tmp_path)
    ended = await performing.ended()
    assert ended.code == DONE, ended.says
    assert ended.after == {f"query of {pid}": "has ended"}
    with pytest.raises(asyncpg.QueryCanceledError):
        await query
    assert await api.fetchval("select 1") == 1
    assert "hunter2" not in performing.printed + performing.written
    assert "hunter2" not in str(wish.description)


async def test_the_next_query_of_a_session_is_left_alone(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    tmp_path: Path,
) -> None:
    target, api = profile(database), await sessions.open(database)
    query = await sessions.run(database, api, SLOW)
    pid = api.get_server_pid()
    wish = await wished(target, "postgres.cancel_query", pid=pid)
    database.psql(f"select pg_cancel_backend({pid})")
    await asyncio.gather(query, return_exceptions=True)
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "runs no query, it is idle" in ended.says
    other = await sessions.run(database, api, "select pg_sleep(61)")
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "runs another query now" in ended.says
    assert not other.done()


@pytest.mark.parametrize(
    ("started", "said"),
    [
        ({"session_started": "2020-01-01T00:00:00+00:00"}, "is another session now"),
        ({"query_started": "2020-01-01T00:00:00+00:00"}, "runs another query now"),
        ({"query_started": "yesterday"}, "is no time"),
    ],
)
async def test_a_pid_that_was_given_again_is_another_session(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    started: dict[str, str],
    said: str,
) -> None:
    api = await sessions.open(database)
    await sessions.run(database, api, SLOW)
    pid = api.get_server_pid()
    with pytest.raises(ProbeError, match=said):
        await wished(profile(database), "postgres.cancel_query", pid=pid, **started)


async def test_there_is_nothing_to_cancel(
    database: PostgresServer, profile: Callable[..., Target]
) -> None:
    target = profile(database)
    with pytest.raises(ProbeError, match=r"there is no session 1$"):
        await wished(target, "postgres.cancel_query", pid=1)
    own = database.psql(
        "select pid from pg_stat_activity where backend_type = 'checkpointer'"
    )
    with pytest.raises(ProbeError, match="the server's own checkpointer"):
        await wished(target, "postgres.cancel_query", pid=int(own))


@pytest.mark.parametrize(
    ("asks", "of", "may"),
    [
        ("app", "app", True),
        ("signaller", "app", True),
        ("watcher", "app", False),
        ("signaller", "postgres", False),
        ("postgres", "postgres", True),
    ],
)
async def test_rights_are_known_before(
    database: PostgresServer,
    profile: Callable[..., Target],
    sessions: Sessions,
    asks: str,
    of: str,
    may: bool,
) -> None:
    session = await sessions.open(database, user=of)
    await sessions.run(database, session, SLOW)
    pid = session.get_server_pid()
    wish = await wished(profile(database, asks), "postgres.cancel_query", pid=pid)
    assert bool(wish.description.unmet) is not may
    assert may or "GRANT pg_signal_backend TO" in wish.description.unmet[0]


async def test_who_may_not_see_a_query_cannot_cancel_it(
    database: PostgresServer, profile: Callable[..., Target], sessions: Sessions
) -> None:
    api = await sessions.open(database)
    await sessions.run(database, api, SLOW)
    pid = api.get_server_pid()
    target = profile(database, "stranger")
    with pytest.raises(ProbeError, match="stranger may not see") as caught:
        await wished(target, "postgres.cancel_query", pid=pid)
    assert caught.value.__notes__ == ["GRANT pg_read_all_stats TO stranger"]


async def test_a_server_that_does_not_say_which_one_it_is(
    sessions: Sessions, profile: Callable[..., Target]
) -> None:
    with postgres_server() as server:
        with_roles(server).psql(
            "revoke execute on function pg_control_system() from public"
        )
        api = await sessions.open(server)
        await sessions.run(server, api, SLOW)
        pid = api.get_server_pid()
        wish = await wished(profile(server), "postgres.cancel_query", pid=pid)
    assert "known by its address alone" in wish.description.identity.says


async def test_a_server_that_went_away_is_told(
    profile: Callable[..., Target], sessions: Sessions, tmp_path: Path
) -> None:
    with postgres_server() as server:
        target, api = profile(with_roles(server)), await sessions.open(server)
        await sessions.run(server, api, SLOW)
        pid = api.get_server_pid()
        wish = await wished(target, "postgres.cancel_query", pid=pid)
        server.stop()
        ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "Nothing was changed" in ended.says
    assert "refused the connection" in ended.says
