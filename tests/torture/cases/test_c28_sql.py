"""C28: a statement of a document changes nothing, whichever role it is asked as.

The 27 statements of experiment E17 and its like, on a real server: those that end the
transaction, write, lock, end sessions, or reach beyond the database. One table is kept
in a mode that every lock but ACCESS SHARE has to wait for, and the server logs who
waits; what was changed is seen by a session of its own.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes import build, probe_class
from runbooks.probes.postgres.query import QueryProbe
from runbooks.probes.sources import Sources
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import parse
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)
from tests.torture.results import counted, result

pytestmark = pytest.mark.timeout(300)
STATEMENTS = {
    "rollback, then write": "ROLLBACK; BEGIN READ WRITE; DELETE FROM {table}; COMMIT",
    "other characteristics": "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; "
    "COMMIT; DELETE FROM {table}",
    "other default": "SET default_transaction_read_only = off; COMMIT; "
    "DELETE FROM {table}",
    "no timeout": "SET statement_timeout = 0; SELECT pg_sleep(2.5)",
    "select, then write": "SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM {table}; "
    "COMMIT",
    "delete": "DELETE FROM {table}",
    "delete within": "WITH gone AS (DELETE FROM {table} RETURNING n) "
    "SELECT count(*) AS n FROM gone",
    "truncate": "TRUNCATE {table}",
    "select into": "SELECT n INTO copied FROM {table}",
    "temporary table": "CREATE TEMP TABLE copied AS SELECT n FROM {table}",
    "next value": "SELECT nextval('numbers') AS n",
    "set value": "SELECT setval('numbers', 1000) AS n",
    "large object": "SELECT lo_create(0)::bigint AS n",
    "explain analyze": "EXPLAIN ANALYZE DELETE FROM {table}",
    "do": "DO $$ BEGIN DELETE FROM {table}; END $$",
    "query in a text": "SELECT query_to_xml('DELETE FROM {table} RETURNING n', true, "
    "false, '')::text AS n",
    "lock table": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "lock rows": "SELECT n FROM {table} FOR UPDATE",
    "advisory lock": "SELECT pg_advisory_lock(28)::text AS n",
    "terminate": "SELECT pg_terminate_backend({pid}) AS n",
    "cancel": "SELECT pg_cancel_backend({pid}) AS n",
    "listen": "LISTEN c28",
    "notify": "SELECT pg_notify('c28', 'said')::text AS n",
    "to a program": "COPY (SELECT 1) TO PROGRAM 'touch {mark}'",
    "to a file": "COPY (SELECT 1) TO '{mark}'",
    "read a file": "SELECT pg_read_file('postgresql.conf') AS n",
    "reload": "SELECT pg_reload_conf() AS n",
}
ROLES = ("owner", "postgres", "reader")
TABLES = ("victims", "held")
_ROLES = """
create role owner login password '{p}';
create role reader login password '{p}' in role pg_read_all_data;
grant create on schema public to owner;
set role owner;
create sequence numbers;
create table victims as select generate_series(1, 100) as n;
create table held as select generate_series(1, 100) as n
"""
_STATE = """
select (select array[count(*), coalesce(sum(n), 0)] from victims)::text as rows,
  (select array[count(*), coalesce(sum(n), 0)] from held)::text as held,
  (select array[last_value, is_called::int] from numbers)::text as sequence,
  (select count(*) from pg_largeobject_metadata) as objects,
  (select count(*) from pg_class where relname = 'copied') as tables,
  (select count(*) from pg_locks where locktype = 'advisory') as advisory,
  pg_conf_load_time() as loaded
"""
_WAITS = re.compile(r"still waiting for (?!AccessShareLock)\w+ on relation")
Ask = Callable[[str, str], Awaitable[object]]
"""Sends the statement as a role, and returns what came of it."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server("log_lock_waits = on", "deadlock_timeout = 10ms") as server:
        server.psql(*_ROLES.format(p=PASSWORD).split(";"))
        yield server


def plain(server: PostgresServer, user: str) -> str:
    return server.dsn(user).replace("+psycopg", "")


class Victim:
    """A session at work, with one short statement after the other."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.pid = connection.get_server_pid()
        self._rounds = 0
        self._work = asyncio.create_task(self._works())

    async def _works(self) -> None:
        while True:
            await self.connection.execute("select pg_sleep(0.1)")
            self._rounds += 1

    async def is_hit(self) -> bool:
        """Whether somebody ended it or its statement, by now: a signal takes time."""
        last = self._rounds + 2  # the next but one began after what was asked
        while self._rounds < last and not self._work.done():
            await asyncio.sleep(0.01)
        return self._work.done()

    @property
    def ended(self) -> bool:
        return self._work.done()

    async def end(self) -> None:
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        with suppress(asyncpg.InterfaceError, OSError):
            await self.connection.close(timeout=5)


class Watch:
    """Sees what a statement did that it should not have done."""

    def __init__(self, server: PostgresServer, root: Any, holder: Any) -> None:
        self.server = server
        self.mark = server.directory / "data" / "mark"
        self.found: Counter[str] = Counter()
        self.escaped: set[str] = set()
        self._root = root
        self._holder = holder
        self._heard: list[str] = []
        self._victims: dict[str, Victim] = {}
        self._log = server.directory / "log"

    def hear(self, *said: object) -> None:
        self._heard.append(str(said[-1]))

    async def prepare(self) -> None:
        """Have the one table locked in a mode that lets others only read."""
        await self._root.add_listener("c28", self.hear)
        await self._holder.execute("begin; lock table held in exclusive mode")

    async def held_against(self, name: str, role: str, table: str, ask: Ask) -> object:
        """Ask one statement as *role* and count what came of it."""
        victim = await self._victim(role)
        before, seen = dict(await self._root.fetchrow(_STATE)), self._log.stat().st_size
        self._heard.clear()
        self.mark.unlink(missing_ok=True)
        words = {"table": table, "pid": victim.pid, "mark": self.mark}
        found = await ask(STATEMENTS[name].format(**words), role)
        after = dict(await self._root.fetchrow(_STATE))
        with self._log.open("rb") as log:
            log.seek(seen)
            said = log.read().decode(errors="replace")
        for kind, happened in {
            "changes": after != before,
            "commands and files": self.mark.exists(),
            "sessions": "{pid}" in STATEMENTS[name] and await victim.is_hit(),
            "locks": bool(_WAITS.search(said)),
            "notices": bool(self._heard),
        }.items():
            self.found[kind] += happened
            if happened:
                self.escaped.add(name)
        return found

    async def _victim(self, role: str) -> Victim:
        """Return a session of the role at work, another one if it was ended."""
        if role in self._victims and self._victims[role].ended:
            await self._victims.pop(role).end()
        if role not in self._victims:
            connection = await asyncpg.connect(plain(self.server, role))
            self._victims[role] = Victim(connection)
        return self._victims[role]

    async def end(self) -> None:
        for victim in self._victims.values():
            await victim.end()
        await self._holder.close(timeout=5)
        await self.refill()
        await self._root.close(timeout=5)

    async def refill(self) -> None:
        await self._root.execute("truncate victims")
        await self._root.execute("insert into victims select generate_series(1, 100)")


@pytest.fixture
async def watch(server: PostgresServer) -> AsyncIterator[Watch]:
    root = await asyncpg.connect(plain(server, "postgres"))
    holder = await asyncpg.connect(plain(server, "postgres"))
    watch = Watch(server, root, holder)
    await watch.prepare()
    yield watch
    await watch.end()


def told(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in found.items())


def stepped(server: PostgresServer, directory: Path) -> Ask:
    """Ask as a step of a runbook does."""

    async def ask(statement: str, role: str) -> object:
        (directory / "dsn").write_text(server.dsn(role))
        text = f'[postgres]\ndsn = {{ file = "{directory}/dsn" }}\n'
        spec = ProbeSpec("postgres.query", {"n": ">= 0"}, {"statement": statement})
        step = Step("s", "s", "", 1, False, 0, "", StepOptions(probe=spec))
        target = parse(text.encode(), directory / "p.toml")
        return (await Runner(target).probe(step)).result

    return ask


async def test_no_statement_escapes(watch: Watch, tmp_path: Path) -> None:
    counted("sql_statements", len(STATEMENTS))
    counted("sql_roles", len(ROLES))
    ask = stepped(watch.server, tmp_path)
    looked = "select count(*) as n from held"
    assert await ask(looked, "reader") is Result.PASS
    assert await ask(looked, "owner") is Result.PASS
    assert await ask(looked, "postgres") is Result.UNKNOWN
    passed = []
    for role in ROLES:
        for name in STATEMENTS:
            for table in TABLES:
                if await watch.held_against(name, role, table, ask) is Result.PASS:
                    passed.append((role, name))
    result(
        "G24",
        "C28",
        f"{len(STATEMENTS)} statements in a step, as owner, superuser and reader of "
        "all, each on a free table and a locked one",
        "none passes, and nothing comes of one",
        f"{len(passed)} passed; {told(watch.found)}",
        not passed and not watch.escaped,
    )


async def test_the_transaction_alone_keeps_rows_and_shell(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a look at the words, as a role that is not too strong."""
    monkeypatch.setattr(QueryProbe, "complaints", classmethod(lambda *_: []))

    async def ask(statement: str, role: str) -> object:
        said = {"dsn": watch.server.dsn(role), "statement": statement}
        async with Sources() as sources:
            with suppress(ProbeError):
                return await build(probe_class("postgres.query"), said).look(sources)
        return None

    for role in ("owner", "reader"):
        for name in STATEMENTS:
            await watch.held_against(name, role, "victims", ask)
    await watch.held_against("lock table", "owner", "held", ask)
    result(
        "G24",
        "C28",
        "the same when their words are not looked at, as owner and reader of all",
        "sessions of the same role and locks at most: why words count",
        f"{', '.join(sorted(watch.escaped))}",
        watch.escaped | {"cancel"} == {"terminate", "cancel", "lock table"}
        and not watch.found["changes"] + watch.found["commands and files"],
    )


async def test_text_on_a_read_only_connection_escapes(watch: Watch) -> None:
    """The naive way: the whole text at once, in a transaction that only reads."""

    async def ask(statement: str, role: str) -> object:
        limits = {"default_transaction_read_only": "on", "statement_timeout": "1000"}
        connection = await asyncpg.connect(
            plain(watch.server, role), server_settings=limits
        )
        try:
            await connection.execute("begin read only")
            with suppress(asyncpg.PostgresError):
                return await connection.execute(statement)
        finally:
            with suppress(asyncpg.PostgresError):
                await connection.execute("rollback")
            await connection.close(timeout=5)
        return None

    await watch.held_against("lock table", "postgres", "held", ask)
    for name in STATEMENTS:
        await watch.held_against(name, "postgres", "victims", ask)
        await watch.refill()
    assert watch.escaped >= {
        *("rollback, then write", "other characteristics", "other default"),
        *("lock table", "terminate", "to a program"),
    }
    assert all(watch.found[each] for each in ("changes", "sessions", "locks"))


@asynccontextmanager
async def killed(server: PostgresServer, words: list[str]) -> AsyncIterator[float]:
    """Run a program until the server shows its query; kill it; yield the moment."""
    asking = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        while not await running(server):
            assert asking.poll() is None
            await asyncio.sleep(0.02)
        asking.send_signal(signal.SIGKILL)
        asking.wait()
        yield time.monotonic()
    finally:
        asking.kill()
        asking.wait()


async def running(server: PostgresServer) -> str:
    """Return as what the server shows a query that sleeps, "" where there is none."""
    asked = """select 'as ' || application_name from pg_stat_activity
      where state = 'active' and query like '%pg_sleep(%' and usename = 'gonogo'"""
    return await asyncio.to_thread(server.psql, asked)


async def gone(server: PostgresServer, since: float, most: float) -> float:
    """Return seconds until the query is gone, at most so many."""
    while (passed := time.monotonic() - since) < most and await running(server):
        await asyncio.sleep(0.05)
    return passed


async def test_the_server_ends_what_nobody_waits_for(
    server: PostgresServer, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text(server.dsn())
    code = (
        "import asyncio; from tests.runbooks.probes.looking import look; "
        "asyncio.run(look('postgres.query', timeout='20s', "
        f"dsn={server.dsn()!r}, statement='select pg_sleep(4.8)::text as n'))"
    )
    async with killed(server, [sys.executable, "-c", code]) as moment:
        took = await gone(server, moment, 4.5)
    result(
        "G24",
        "C28",
        "SIGKILL while the server works on a statement of 4.8 s",
        "gone within 3 s",
        f"{took:.1f} s",
        took < 3,
    )


async def test_without_the_limit_it_goes_on(server: PostgresServer) -> None:
    code = (
        "import asyncio, asyncpg\n"
        "async def ask():\n"
        f"    connection = await asyncpg.connect({plain(server, 'gonogo')!r})\n"
        "    await connection.fetch('select pg_sleep(4.8)')\n"
        "asyncio.run(ask())"
    )
    async with killed(server, [sys.executable, "-c", code]) as moment:
        assert await gone(server, moment, 3.2) > 3
