"""The shipped script of a role: enough for every probe, too little for any action."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from msgspec.structs import replace

from runbooks.actions.describing import describe
from runbooks.actions.postgres import ACTIONS
from runbooks.model import Step
from runbooks.probes.postgres import PROBES
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ActionSpec, ProbeSpec, StepOptions
from runbooks.target import Target, parse
from tests.runbooks.probes.postgres_server import PASSWORD, PostgresServer
from tests.runbooks.probes.practice_database import JOB, Copy, practice_database
from tests.runbooks.production_steps import SHIPPED

SCRIPT = Path(__file__).parents[3] / "docs/rights/postgres.sql"
REHEARSAL = Path(__file__).parents[3] / "runbooks/rehearsal/schema.sql"
SOME = {
    "postgres.accounts": {"setting": "ADMIN_EMAILS"},
    "postgres.query": {"statement": "select count(*) as n from videos"},
    "postgres.settings": {"names": ["work_mem"]},
}
Made = tuple[PostgresServer, str]
"""A server, and the address of the role that the script made."""


@pytest.fixture(scope="module")
def practice() -> Iterator[tuple[PostgresServer, Copy]]:
    with practice_database(
        "shared_preload_libraries = pg_stat_statements", debian=True
    ) as practice:
        yield practice


@pytest.fixture(scope="module")
def made(practice: tuple[PostgresServer, Copy]) -> Made:
    server, copy = practice
    dsn = copy("create extension pg_stat_statements", "drop owned by gonogo")
    server.psql("drop owned by gonogo")
    template = ["-d", "practice", "-c", "drop owned by gonogo"]
    for words in (template, ["-d", "practice", "-c", "drop role gonogo"]):
        psql(server, *words)
    psql(server, "-d", dsn.rpartition("/")[2], "-f", str(SCRIPT))
    return server, dsn


def psql(server: PostgresServer, *words: str) -> None:
    known = {"PGPASSWORD": PASSWORD, "GONOGO_PASSWORD": PASSWORD}
    at = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres")
    subprocess.run(
        [server.programs / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", *at, *words],
        env={**os.environ, **known},
        check=True,
        timeout=30,
    )


def target(dsn: str, directory: Path) -> Target:
    (directory / "dsn").write_text(dsn)
    (directory / "app.env").write_text("ADMIN_EMAILS=ada@rehearsal.example\n")
    text = (
        f'[postgres]\ndsn = {{ file = "{directory}/dsn" }}\napplication = "transcript"'
        f'\nprocesses = 2\nvolume_gib = 10\n[smoke]\njob = "{JOB}"\n'
        f'[settings]\nenv_file = "{directory}/app.env"\n[facts]\ndiarization = true\n'
        'vocabulary = true\nsearch = "postgres"\nplatform = "processes"\n'
        "pooler = false\n"
    )
    return parse(text.encode(), directory / "p.toml")


async def shipped(target: Target) -> dict[str, Finding]:
    """Return what the probes of PostgreSQL find in all shipped steps."""
    steps = []
    for step in SHIPPED.steps:
        own = tuple(p for p in step.probes if p.use.startswith("postgres."))
        if own:
            options = replace(step.options, probe=None, probes=own)
            steps.append(replace(step, options=options))
    return {id: each async for id, each in Runner(target).probe_all(steps)}


async def test_every_shipped_step_works(made: Made, tmp_path: Path) -> None:
    found = await shipped(target(made[1], tmp_path))
    assert len(found) >= 25
    blind = {
        id: each.reason
        for id, each in found.items()
        if each.result == "unknown" or "denied" in str(each)
    }
    # Here no statement takes long, and the settings, which one compares, are not read.
    assert set(blind) <= {"post1w.performance", "env.database-url"}, blind
    assert "denied" not in str(blind)
    assert found["database.user-permissions"].result == "pass"


@pytest.mark.parametrize("use", PROBES)
async def test_every_probe_works(made: Made, tmp_path: Path, use: str) -> None:
    options = StepOptions(probe=ProbeSpec(use, {}, SOME.get(use, {})))
    step = Step("s", "s", "", 1, False, 0, "", options)
    found = await Runner(target(made[1], tmp_path)).probe(step)
    assert "asked as gonogo, no superuser, reads all statistics" in found.evidence


async def test_tokens_and_texts_stay_unread(made: Made) -> None:
    connection = await asyncpg.connect(made[1].replace("+psycopg", ""))
    try:
        for what in (
            "token from sessions",
            "key_hash from api_keys",
            "oauth_subject from users",
            "full_text from transcripts",
            "text from segments",
            "* from youtube_segments",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select {what}")
    finally:
        await connection.close(timeout=5)


@pytest.fixture
async def busy(made: Made) -> AsyncIterator[int]:
    """The pid of somebody's session that works; another one is idle meanwhile."""
    dsn = made[1].replace("+psycopg", "").replace("//gonogo:", "//postgres:")
    idle, works = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    await idle.execute("select 1")
    task = asyncio.create_task(works.execute("select pg_sleep(100)"))
    pid = works.get_server_pid()
    asked = f"select state from pg_stat_activity where pid = {pid}"
    while await asyncio.to_thread(made[0].psql, asked) != "active":
        await asyncio.sleep(0.02)
    yield pid
    assert await idle.fetchval("select 1") == 1
    assert not task.done()
    await idle.execute(f"select pg_terminate_backend({pid})")
    await asyncio.gather(task, return_exceptions=True)
    for each in (idle, works):
        await each.close(timeout=5)


@pytest.mark.parametrize("use", ACTIONS)
async def test_no_action_may_be_done(
    made: Made, tmp_path: Path, busy: int, use: str
) -> None:
    loaded = made[0].psql("select pg_conf_load_time()")
    asked = {
        "postgres.terminate_idle": {"idle_for": "1ms"},
        "postgres.cancel_query": {"pid": busy},
    }.get(use, {})
    said = await describe(ActionSpec(use, asked), target(made[1], tmp_path))
    assert any(
        each.holds is False and re.search("gonogo (may not|has no)", each.says)
        for each in said.preconditions
    ), said.preconditions
    assert made[0].psql("select pg_conf_load_time()") == loaded


def test_the_rehearsal_grants_the_same() -> None:
    """What is tried in a rehearsal is what people are told to grant."""

    def grants(path: Path) -> list[str]:
        found = re.findall(r"(?m)^grant [^;]* to gonogo;", path.read_text())
        return [each for each in found if "pg_monitor" not in each]

    assert grants(SCRIPT) == grants(REHEARSAL) and len(grants(SCRIPT)) >= 10
