"""Probe that runs a command which only looks."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any, ClassVar, Literal

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.tables import CommandClass

KEPT = 64 * 1024
"""Bytes of output that patterns see; what follows is read and dropped."""
SHOWN = 4 * 1024
"""Bytes of output that evidence holds."""

DYING = 1.0
"""Seconds that a killed command gets to disappear."""

_NOT_STARTED = (126, 127)
"""Exit codes of bash: the program may not be executed, or is not there."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


class CommandProbe(Probe, frozen=True, kw_only=True):
    """Runs a command line in bash and reports how it ended.

    stdin is closed, and whatever the command started is killed with it. The text
    is never changed: values of the profile reach it through `env`.

    Readings:
        exit: exit code; 128 and the number of the signal that ended it.
        output: what it printed on stdout and stderr, for patterns.
        number: the first number that it printed, absent without one.
        seconds: how long it ran, in seconds.

    Attributes:
        command: a bash command line of class observe.
        class_: ``observe`` declares that it only looks; without, it is inferred,
            which suffices only where a person is watching.
        env: variables that are added to the environment.

    Raises:
        ProbeError: it does not only look, a program is missing, or it ran too long.
    """

    command: str
    class_: Literal["observe"] | None = msgspec.field(default=None, name="class")
    env: dict[str, str | int | float] = msgspec.field(default_factory=dict)
    timeout: Duration = Duration(10)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("exit", "output", "number"), ""),
        "seconds": "s",
    }
    verbatim: ClassVar[frozenset[str]] = frozenset({"command"})

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        refused = _refusal(parameters["command"], parameters.get("class") is not None)
        return [f"command: {refused}"] if refused else []

    @property
    def declared(self) -> bool:
        return self.class_ is not None

    @property
    def source(self) -> str:
        return "command"

    async def measure(self, sources: Sources) -> Measurement:
        started = perf_counter()
        code, output = await self._run()
        text = output.decode("utf-8", "replace")
        if code in _NOT_STARTED:
            said = text.strip().rpartition("\n")[2] or "the program cannot be started"
            raise ProbeError(said, stage="configuration")
        number = _NUMBER.search(text)
        seconds = perf_counter() - started
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… the rest is cut"
        return measured(
            f"$ {self.command}\n{shown.rstrip()}\nexit {code} after {seconds:.3g} s",
            Reading("exit", code),
            Reading("output", text),
            Reading("number", float(number[0]) if number else None),
            Reading("seconds", seconds, "s"),
        )

    async def _run(self) -> tuple[int, bytes]:
        """Return exit code and output; leave nothing of the command running."""
        # Our own pipe, because asyncio's cannot be closed while a daemon holds it.
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb")
        )
        try:
            try:
                process = await asyncio.create_subprocess_exec(
                    "bash",
                    "-c",
                    self.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=write_end,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                    env={**os.environ, **{n: str(v) for n, v in self.env.items()}},
                )
            except (OSError, ValueError) as error:
                raise ProbeError(f"bash cannot start: {error}") from error
            finally:
                os.close(write_end)
            reading = asyncio.create_task(_read(reader))
            try:
                code = await process.wait()
            finally:
                # What still runs in the background would hold the pipe open.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                # One that hangs in the kernel is left to die when it can.
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), DYING)
            output = await reading
        finally:
            pipe.close()
        return code if code >= 0 else 128 - code, output


async def _read(reader: asyncio.StreamReader) -> bytes:
    output = bytearray()
    while chunk := await reader.read(KEPT):
        output += chunk[: KEPT - len(output)]
    return bytes(output)


def _refusal(command: str, declared: bool) -> str:
    """Say why a command may not run as a probe, or ""."""
    from runbooks.classes import classify

    if not command.strip():
        return "there is nothing to run; write a command"
    said = classify(command, CommandClass.OBSERVE if declared else None)
    if said.command_class is CommandClass.OBSERVE:
        return ""
    return f"a probe only looks, and this is {said.command_class}: {said.reason}"


PROBES = {"command": CommandProbe}
