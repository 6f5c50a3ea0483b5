"""A practice deployment: start it, use it, stop it.

The healthy shape of the target system on loopback, in one directory. Its parts are
processes of their own, under a keeper that ends with the process that started it;
where a Docker Engine answers, API and worker are containers (`containers`).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runbooks.errors import CommandError, RefusedError
from runbooks.orphans import unleashed
from runbooks.own_python import environment, python
from runbooks.rehearsal import layout as layouts
from runbooks.rehearsal.claims import RUNS, fresh_directory
from runbooks.rehearsal.layout import Layout
from runbooks.rehearsal.profile import profile_file
from runbooks.rehearsal.settings import env_file

_STOP_LIMIT = 20.0
"""Seconds that the keeper may take to stop everything."""


def start(
    directory: Path | None = None,
    *,
    keep: bool = False,
    monitored: bool = True,
    ready: Callable[[str], None] = lambda part: None,
) -> Deployment:
    """Start a deployment and return once every part is ready.

    Args:
        directory: an empty or new one, or one that an ended rehearsal left;
            None for a throwaway one.
        keep: leave the directory when it stops.
        monitored: with Prometheus and Alertmanager, where they are installed;
            without them it is ready in a third of the time.
        ready: called with each part (`programs.NAMES`) that is ready.

    Raises:
        RefusedError: the directory is in use or holds other files.
        CommandError: a part did not start; its last words are told.
    """
    directory = (directory or fresh_directory()).absolute()
    command = [*python("runbooks.rehearsal.keeper"), str(directory)]
    command += ["--keep"] if keep else []
    command += [] if monitored else ["--unmonitored"]
    keeper = subprocess.Popen(
        command,
        env=unleashed(environment()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deployment = Deployment(directory, keeper)
    try:
        deployment.await_answer(ready)
    except BaseException:
        deployment.stop()
        raise
    return deployment


class Deployment:
    """A running deployment; a context manager that stops it.

    Attributes:
        directory: all its files.
        profile: the target profile (TOML) that is wired to it.
        runs: state home of the runs against it.
        env_file: the application's settings.
        running: names of the parts that run.
        without: what a rehearsal can have and this one has not, with the reason.
    """

    def __init__(self, directory: Path, keeper: subprocess.Popen[str]) -> None:
        self.directory = directory
        self.running: frozenset[str] = frozenset()
        self.without: tuple[str, ...] = ()
        self._keeper = keeper

    @property
    def layout(self) -> Layout:
        """Where everything lies, and the secrets."""
        return layouts.read(self.directory)

    @property
    def ports(self) -> Mapping[str, int]:
        """By listener (`layout.LISTENERS`), all on 127.0.0.1."""
        return self.layout.ports

    def url(self, listener: str) -> str:
        """Return the base URL of what speaks HTTP, such as ``api``."""
        return self.layout.url(listener)

    @property
    def profile(self) -> Path:
        return profile_file(self.layout)

    @property
    def runs(self) -> Path:
        return self.directory / RUNS

    @property
    def env_file(self) -> Path:
        return env_file(self.layout)

    def stop_part(self, name: str) -> None:
        """Stop one part, such as ``postgres``; the others go on without it."""
        self._order(f"stop {name}")

    def start_part(self, name: str) -> None:
        """Start a part that does not run, on the same port; return once it is ready.

        API and worker take the settings that the env file has now.

        Raises:
            CommandError: it did not start.
        """
        self._order(f"start {name}")

    def stop(self) -> None:
        """Stop everything; a second time it does nothing."""
        assert self._keeper.stdin and self._keeper.stdout and self._keeper.stderr
        self._keeper.stdin.close()
        try:
            self._keeper.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        self._keeper.stdout.close()
        self._keeper.stderr.close()
        self.running = frozenset()

    def await_answer(self, ready: Callable[[str], None] = lambda part: None) -> None:
        """Take what the keeper says next.

        Args:
            ready: called with each part that it reports before.

        Raises:
            RefusedError: it has the directory refused.
            CommandError: it could not do what it was told.
        """
        assert self._keeper.stdout and self._keeper.stderr
        said: dict[str, Any] = {}
        while not said and (line := self._keeper.stdout.readline()):
            said = json.loads(line)
            if "ready" in said:
                ready(said.pop("ready"))
        if not said:
            last = self._keeper.stderr.read().strip().rpartition("\n")[2]
            said["error"] = f"The rehearsal ended by itself. {last}".strip()
        if "running" in said:
            self.running = frozenset(said["running"])
            self.without = tuple(said["without"])
        elif "refused" in said:
            raise RefusedError(said["refused"])
        else:
            raise CommandError(said["error"])

    def _order(self, order: str) -> None:
        assert self._keeper.stdin
        with suppress(BrokenPipeError):  # it ended: it has no answer either
            self._keeper.stdin.write(f"{order}\n")
            self._keeper.stdin.flush()
        self.await_answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
