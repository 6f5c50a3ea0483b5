"""How long looking takes: the whole runbook, slow sources, and memory over an hour.

Prints ``name value unit limit ok|MISSED``. The deployment is a rehearsal on this
machine: real servers, on loopback.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import say

from runbooks.model import Step
from runbooks.parsing import read
from runbooks.rehearsal import start
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import Target, parse

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "runbooks" / "documents" / "production-deployment.md"
SLOW = 40
SLOWEST = 8
"""Steps that are timed alone; asking for all of them would not be polite."""
PASSES = 30
"""Of an hour: one every two minutes."""


def unrationed(target: Target) -> Runner:
    """A runner whose passes follow each other as if a minute lay between."""
    return Runner(target, rate=10**6)


async def whole(target: Target) -> None:
    """One pass over everything against the slowest of its steps alone."""
    steps = [step for step in read(DOCUMENT).steps if step.probes]
    runner = Runner(target)
    for _ in range(2):  # the first one imports the client libraries
        runner = unrationed(target)
        started = perf_counter()
        found = {id: finding async for id, finding in runner.probe_all(steps)}
        took = perf_counter() - started
    slowest = sorted(found, key=lambda id: -found[id].seconds)[:SLOWEST]
    alone = []
    for step in [step for step in steps if step.id in slowest]:
        started = perf_counter()
        await unrationed(target).probe(step)
        alone.append(perf_counter() - started)
    say("check.pass", took, "s", 1.5 * max(alone) + 0.5)
    say("check.slowest-alone", max(alone), "s")
    say("check.steps", len(found), "n")
    for source, times in sorted(runner.requests.items()):
        say(f"check.requests:{source.replace(' ', '_')}", times, "n")


async def slow() -> None:
    """Forty sources that each take a second."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(SLOW)]
    steps = []
    for number, server in enumerate(servers):
        port = server.sockets[0].getsockname()[1]
        spec = ProbeSpec("http", {"status": 200}, {"url": f"http://127.0.0.1:{port}/"})
        steps.append(
            Step(f"s{number}", "slow", "", 1, False, 0, "", StepOptions(probe=spec))
        )
    started = perf_counter()
    results = [f.result.value async for _, f in Runner(Target("")).probe_all(steps)]
    took = perf_counter() - started
    assert results == ["pass"] * SLOW, results
    say("check.40-slow-sources", took, "s", 3.0)
    for server in servers:
        server.close()
        await server.wait_closed()


async def watching(target: Target) -> None:
    """Memory after an hour of passes against that after the first few."""
    steps = [step for step in read(DOCUMENT).steps if step.probes]
    runner, me = unrationed(target), psutil.Process()
    sizes = []
    for _ in range(PASSES):
        async for _ in runner.probe_all(steps):
            pass
        sizes.append(me.memory_info().rss)
    settled = max(sizes[: PASSES // 3])
    say("check.memory-of-an-hour", sizes[-1] / settled, "x", 1.05)


def main() -> int:
    asyncio.run(slow())
    with tempfile.TemporaryDirectory() as scratch, start(Path(scratch) / "d") as there:
        target = parse(there.profile.read_bytes(), there.profile)
        asyncio.run(whole(target))
        asyncio.run(watching(target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
