"""Runs programs of this machine that only say how things are."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

_LARGEST = 4 * 2**20
"""Bytes of output that are kept."""


async def said(*argv: str) -> tuple[int, str, str]:
    """Run a program and return exit code, standard output and error.

    It is killed with what it started when the caller is cancelled.

    Raises:
        FileNotFoundError: there is no such program.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        env={**os.environ, "LC_ALL": "C", "PATH": search_path()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, error = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return process.returncode or 0, _text(output), _text(error)


def _text(output: bytes) -> str:
    return output[:_LARGEST].decode("utf-8", "replace")


def search_path() -> str:
    """Return where programs of administrators lie too, which sudo-less users lack."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
