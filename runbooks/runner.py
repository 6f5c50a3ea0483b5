"""Runs the probes of steps: bounded, each measurement once a pass, never raising."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import aclosing
from urllib.parse import urlsplit

from runbooks.findings import unknown
from runbooks.model import Step
from runbooks.passes import Pass
from runbooks.probes.budget import A_MINUTE, Budget
from runbooks.probes.sources import Sources
from runbooks.results import Finding
from runbooks.target import Target

_log = logging.getLogger("gonogo.runner")
CONCURRENCY = 32
"""Measurements at one time: nearly all of them wait for somebody else."""


class Runner:
    """Runs probes against one target, for the screen and for headless checks.

    Args:
        target: what references in the runbook are resolved with.
        concurrency: measurements at one time.
        declared_only: refuse commands whose class is inferred, as a check without
            a person must.
        rate: requests a minute, and a pass, that the application's host gets.

    Attributes:
        requests: how often each source was asked in the last pass that ended.
    """

    def __init__(
        self,
        target: Target,
        concurrency: int = CONCURRENCY,
        declared_only: bool = False,
        rate: int = A_MINUTE,
    ) -> None:
        self._target = target
        self._declared_only = declared_only
        self._free = asyncio.Semaphore(concurrency)
        self._budgets = _budgets(target, rate)
        self.requests: Mapping[str, int] = {}

    async def probe(self, step: Step, intrusive: bool = False) -> Finding:
        """Return what the step's probes say; unknown where nobody could look.

        Args:
            intrusive: a person agreed to what looking does beyond reading.
        """
        agreed = frozenset((step.id,)) if intrusive else frozenset()
        async with aclosing(self.probe_all([step], agreed)) as findings:
            return await anext(finding async for _, finding in findings)

    async def probe_all(
        self, steps: Iterable[Step], intrusive: Collection[str] = ()
    ) -> AsyncGenerator[tuple[str, Finding], None]:
        """Yield step id and finding as they come.

        Closing the iterator early stops what still runs.

        Args:
            intrusive: ids of steps for which a person agreed to what looking does
                beyond reading.
        """
        done: asyncio.Queue[tuple[str, Finding]] = asyncio.Queue()
        async with Sources(self._budgets) as sources:
            one = Pass(self._target, sources, self._free, self._declared_only)

            async def find(step: Step) -> None:
                try:
                    found = await one.find(step, step.id in intrusive)
                except Exception:
                    # Whoever waits for this step would wait for ever.
                    _log.exception("looking for %s failed", step.id)
                    found = unknown("a bug in looking: see the log", "gonogo")
                done.put_nowait((step.id, found))

            wanted = list(steps)
            one.begin(wanted)
            tasks = [asyncio.create_task(find(step)) for step in wanted]
            try:
                for _ in tasks:
                    yield await done.get()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self.requests = dict(sources.requests)


def _budgets(target: Target, rate: int) -> dict[str, Budget]:
    """Ration what the application itself answers; it counts our requests too."""
    budget = Budget(rate)
    url = target.tables.get("api", {}).get("url")
    return {urlsplit(url).netloc: budget} if isinstance(url, str) else {}
