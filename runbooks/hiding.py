"""The secrets of one pass: fetched once, and kept out of all that the pass says.

A probe may come upon a secret that it never asked for, such as a password in a log
line. So a pass fetches those it may need when it begins, and no finding is made
before they are known.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.known import credentials
from runbooks.model import Step
from runbooks.probes.sources import Sources
from runbooks.redaction import secret_values
from runbooks.references import references
from runbooks.secrets import COMMAND_LIMIT, within
from runbooks.target import Target


class Hiding:
    """Fetches the profile's secrets, and hides each from then on."""

    def __init__(self, target: Target, sources: Sources) -> None:
        self._target = target
        self._sources = sources
        self._fetching: list[asyncio.Task[None]] = []

    def begin(self, steps: Iterable[Step]) -> None:
        """Fetch what these steps log in with, and whatever costs nothing to fetch.

        A command, which may take long or wake a keyring, runs only where a probe
        needs what it prints.
        """
        self._sources.hide(*secret_values(os.environ))
        self._fetching.append(asyncio.create_task(self._hide_credentials()))
        needed = self._needed(steps)
        for name, secret in self._target.secrets.items():
            if secret.kind != "command" or name in needed:
                self._fetching.append(asyncio.create_task(self._hide(name)))

    async def fetch(self, name: str) -> str:
        """Return the secret of this dotted name.

        Raises:
            ProbeError: it is not there.
        """

        async def value() -> str:
            return await asyncio.to_thread(self._target.secrets[name].value)

        secret = await self._sources.once(("secret", name), value)
        self._sources.hide(*within(secret))
        return secret

    async def known(self) -> None:
        """Return once everything that is fetched is hidden, or takes too long."""
        if self._fetching:
            await asyncio.wait(self._fetching, timeout=COMMAND_LIMIT)

    async def _hide_credentials(self) -> None:
        """Hide what the kubeconfig logs in with, whoever may say it."""
        self._sources.hide(*await asyncio.to_thread(credentials, self._target))

    async def _hide(self, name: str) -> None:
        with suppress(ProbeError):  # what nobody can read cannot leak
            await self.fetch(name)

    def _needed(self, steps: Iterable[Step]) -> set[str]:
        specs = [spec for step in steps for spec in step.probes]
        needed = {n for spec in specs for n in references(dict(spec.parameters))}
        tables = set()
        for spec in specs:
            with suppress(LookupError):  # the look itself says so
                tables.add(probes.probe_class(spec.use).table)
        return needed | {
            name for name in self._target.secrets if name.partition(".")[0] in tables
        }
