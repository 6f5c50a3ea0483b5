"""C22: Redis, PostgreSQL and PgBouncer that give no end, too much, or nothing."""

from __future__ import annotations

from time import monotonic

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from tests.torture.cases.test_c22_rude_servers import BUDGET, LATE, MEMORY, peak
from tests.torture.results import SAMPLE, counted, result, rng
from tests.torture.rude_databases import POSTGRES, REDIS, Say, answering

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("quick"),
    # A connection of asyncpg that never came to be complains when it is thrown away.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CLIENTS: dict[str, tuple[str, dict[str, str], dict[str, Say]]] = {
    "Redis": ("redis.info", {"url": "redis://127.0.0.1:{port}/0"}, REDIS),
    "PostgreSQL": (
        "postgres.version",
        {"dsn": "postgresql://a:b@127.0.0.1:{port}/c?sslmode=disable"},
        POSTGRES,
    ),
    "PgBouncer": (
        "pgbouncer",
        {"dsn": "postgresql://a:b@127.0.0.1:{port}/pgbouncer?sslmode=disable"},
        POSTGRES,
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_servers_without_manners(client: str) -> None:
    name, written, ways = CLIENTS[client]
    counted("ways_of_databases", len(ways))
    chosen = rng(f"c22 {client}").sample(list(ways), 2) if SAMPLE else list(ways)
    worst, most, wrong = 0.0, 0, []
    for way in chosen:
        started = monotonic()
        with answering(ways[way]) as port, peak() as memory:
            filled = {key: value.format(port=port) for key, value in written.items()}
            settings = {**filled, "timeout": f"{BUDGET}s"}
            probe = probes.build(probes.probe_class(name), settings)
            try:
                async with Sources() as sources:
                    await probe.look(sources)
                wrong.append(f"{way}: it answered")
            except ProbeError as error:
                assert str(error) and error.source, way
            except Exception as error:
                wrong.append(f"{way}: {error!r}")
        took = monotonic() - started
        print(way, f"{took:.1f} s", memory, flush=True)
        worst, most = max(worst, took), max(most, *memory)
    print("\n".join(wrong))
    result(
        "–",
        "C22",
        f"{len(chosen)} servers that answer {client} without end, a byte a second, too "
        "much, or nothing",
        f"in {BUDGET + LATE} s, below {MEMORY} MB, a sentence",
        f"{worst:.1f} s, {most} MB, {len(wrong)} other exceptions",
        worst < BUDGET + LATE and most < MEMORY and not wrong,
    )
