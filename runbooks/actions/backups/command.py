"""A command that an action runs to its end, its output told line by line."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress

from runbooks.errors import ActionError

LONGEST = 2000
"""Characters of a line; what follows becomes the next one."""
_CHUNK = 64 * 1024
_GRACE = 5.0
"""Seconds for a command that is stopped to end by itself."""
_LEFT = 1.0
"""Seconds for the output of what the command left running, once it has ended."""
_LINE_ENDS = re.compile(rb"[\r\n]+")


async def run(
    command: str, environment: Mapping[str, str], say: Callable[[str], None]
) -> int:
    """Run a bash command line; return its exit code, 128 and more for a signal.

    It stays in the group of this process, so that whoever stops one stops both.

    Args:
        environment: variables that are added.
        say: called with each line that it prints.

    Raises:
        ActionError: it could not be started.
    """
    # Our own pipe, because asyncio's cannot be closed while a daemon holds it.
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb")
    )
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *("bash", "-c", command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **environment},
            )
        except (OSError, ValueError) as error:
            raise ActionError(f"bash cannot start: {error}", changed=False) from error
        finally:
            os.close(write_end)
        telling = asyncio.create_task(_tell(reader, say))
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(process)
            raise
        finally:
            await asyncio.wait({telling}, timeout=_LEFT)
            telling.cancel()
    finally:
        pipe.close()
    return code if code >= 0 else 128 - code


async def _tell(reader: asyncio.StreamReader, say: Callable[[str], None]) -> None:
    rest = b""
    while chunk := await reader.read(_CHUNK):
        *lines, rest = _LINE_ENDS.split(rest + chunk)
        for line in lines:
            _say(line, say)
        if len(rest) > LONGEST:
            _say(rest, say)
            rest = b""
    _say(rest, say)


def _say(line: bytes, say: Callable[[str], None]) -> None:
    text = line.decode("utf-8", "replace").rstrip()
    for at in range(0, len(text), LONGEST):
        say(text[at : at + LONGEST])


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()
