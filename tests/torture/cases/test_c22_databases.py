"""C22: whatever Redis, PostgreSQL or PgBouncer answer is a reading, or a sentence.

Their protocols are not HTTP: types, lengths and kinds of messages can be wrong.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks import probes
from runbooks.model import Step
from runbooks.target import Target
from tests.runbooks.probes.pgbouncer_console import console
from tests.runbooks.probes.practice_database import JOB, practice_database
from tests.runbooks.probes.test_pgbouncer import newer
from tests.torture.falsifying_proxy import falsifying
from tests.torture.looks import Tried, steps
from tests.torture.redis_answers import redis_answering
from tests.torture.results import counted, result, rng, size

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("quick"),
    # A connection of asyncpg that never came to be complains when it is thrown away.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ABREAST = 20
"""Looks at a time, each with a connection of its own: one wrong message ends it."""
HANGS = 20
"""Seconds after which a look with a second's budget hangs, however busy we are."""

BRIEFLY = {
    "redis": {"timeout": "500ms"},
    "postgres": {"timeout": "1s"},
    "pgbouncer": {"timeout": "1s", "every": "10ms"},
}
"""What is kept back is not waited for long."""


def briefly(family: str) -> list[Step]:
    """Return the steps of *family*."""
    return [
        replace(
            step,
            options=replace(
                step.options,
                probes=tuple(
                    replace(spec, parameters={**spec.parameters, **BRIEFLY[family]})
                    for spec in step.probes
                ),
            ),
        )
        for step in steps(family)
    ]


async def each_alone(tried: Tried, target: Target, wanted: Sequence[Step]) -> None:
    free = asyncio.Semaphore(ABREAST)

    async def look(step: Step) -> None:
        async with free, asyncio.timeout(HANGS):
            await tried.look(target, [step])

    await asyncio.gather(*map(look, wanted))


async def look_at_redis(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, wanted = Tried(), briefly("redis")
    with redis_answering() as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        target = Target("x", tables={"redis": {"url": url}})
        for number in range(rounds):
            server.dice = random.Random(dice.random()) if number else None
            await each_alone(tried, target, wanted)
            known = len(wanted) - tried.results["unknown"]
            assert number or known > len(wanted) / 2, tried.said
    return tried


async def look_at_postgres(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, wanted = Tried(), briefly("postgres")
    with practice_database() as (server, copy), falsifying(server.port) as proxy:
        dsn = copy().replace(f":{server.port}/", f":{proxy.port}/")
        (place / "env").write_text("ADMIN_EMAILS=ada@rehearsal.example\n")
        tables = {
            "postgres": {"dsn": f"{dsn}?sslmode=disable", "volume_gib": 10},
            "smoke": {"job": JOB},
            "settings": {"env_file": str(place / "env")},
        }
        target = Target("x", facts={"platform": "processes"}, tables=tables)
        for number in range(rounds):
            proxy.dice = random.Random(dice.random()) if number else None
            await each_alone(tried, target, wanted)
            known = len(wanted) - tried.results["unknown"]
            assert number or known > len(wanted) / 2, tried.said
    return tried


async def look_at_pgbouncer(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, wanted = Tried(), briefly("pgbouncer")
    with console(newer(100)) as port, falsifying(port) as proxy:
        dsn = f"postgresql://x:y@127.0.0.1:{proxy.port}/pgbouncer?sslmode=disable"
        target = Target("x", tables={"pgbouncer": {"dsn": dsn}})
        for number in range(rounds):
            proxy.dice = random.Random(dice.random()) if number else None
            await each_alone(tried, target, wanted * 12)
            assert number or tried.results["unknown"] == 0, tried.said
    return tried


LOOKS = {
    "redis": (look_at_redis, 100, 8),
    "postgres": (look_at_postgres, 60, 2),
    "pgbouncer": (look_at_pgbouncer, 30, 2),
}
"""How to look, and how often: in full, and as a sample."""


@pytest.mark.parametrize("name", LOOKS)
async def test_false_answers(name: str, tmp_path: Path) -> None:
    look, full, sample = LOOKS[name]
    tried = await look(size(full, sample), rng(f"c22 {name}"), tmp_path)
    counted(f"probes_of_{name}", len(tried.used))
    print("\n".join(tried.bugs[:20]), tried.said)
    result(
        "–",
        "C22",
        f"answers of {name} falsified at random places, each probe that asks it",
        "a reading or a sentence, no other exception",
        f"{len(tried.bugs)} others in {sum(tried.results.values())} looks of "
        f"{len(tried.used)} probes",
        not tried.bugs,
    )


def test_every_probe_of_them_is_among_them() -> None:
    used = {step.id.partition(" ")[0] for step in steps(*LOOKS)}
    known = {name for name in probes.names() if name.partition(".")[0] in LOOKS}
    assert known - used == set()
