"""A part of the deployment: one process, how it starts, when it is ready, its end.

Every part is started through setpriv(1), so that it ends with the keeper even when
that is killed, and so that a server that refuses root runs as nobody. Such a server
may still have to pass directories that only root may enter: it keeps the capability
to search them, and no other.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runbooks.errors import CommandError
from runbooks.rehearsal.layout import HOST, Layout

UNPRIVILEGED = "nobody"
_READY_LIMIT = 20.0
"""Seconds for one part to become ready."""
_STOP_LIMIT = 5.0
"""Seconds for one part to end when it is asked to."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one process is run.

    Attributes:
        listener: the port that tells that it is ready.
        needs: parts that have to be ready before it starts.
        refuses_root: whether it must run as somebody else when we are root.
        ready: a command that ends with 0 once it is ready, where accepting a
            connection says too little.
    """

    name: str
    argv: tuple[str, ...]
    listener: str
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    refuses_root: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    ready: tuple[str, ...] = ()


def as_nobody(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return *argv* so that it does not run as root."""
    if os.getuid():
        return argv
    other = pwd.getpwnam(UNPRIVILEGED)
    search = "-all,+dac_read_search"
    return (
        *("setpriv", "--securebits=+no_setuid_fixup"),
        *(f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"),
        *(f"--inh-caps={search}", f"--ambient-caps={search}", *argv),
    )


def give_to_nobody(path: Path) -> Path:
    """Make the directory *path* for a part that does not run as root."""
    path.mkdir(0o700, exist_ok=True)
    if not os.getuid():
        other = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, other.pw_uid, other.pw_gid)
    return path


async def start(part: Part, layout: Layout) -> asyncio.subprocess.Process:
    """Start *part* and return once it is ready.

    Raises:
        CommandError: it ended or did not become ready; its last words are told.
    """
    log = layout.path("logs", f"{part.name}.log")
    argv = _dying(part.argv, part.stop_signal, part.refuses_root)
    with log.open("ab") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=layout.directory,
                env={**os.environ, **part.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise CommandError(f"{error.filename} is missing; install it.") from error
    try:
        async with asyncio.timeout(_READY_LIMIT):
            while not await _is_ready(part, layout):
                if process.returncode is not None:
                    raise CommandError(f"{part.name} ended: {_last_words(log)}")
                await asyncio.sleep(0.02)
    except TimeoutError:
        await stop(part, process)
        raise CommandError(f"{part.name} is not ready: {_last_words(log)}") from None
    except BaseException:
        await stop(part, process)
        raise
    return process


async def stop(part: Part, process: asyncio.subprocess.Process) -> None:
    """End *part* and everything in its process group."""
    with suppress(ProcessLookupError):
        process.send_signal(part.stop_signal)
    try:
        async with asyncio.timeout(_STOP_LIMIT):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def run(*argv: str, **environment: str) -> bytes:
    """Run a command to its end and return what it printed.

    Raises:
        CommandError: it failed; what it said is told.
    """
    return await _run(argv, False, environment)


async def run_as_nobody(*argv: str) -> bytes:
    """Run a command that refuses root, like `run`."""
    return await _run(argv, True, {})


async def _run(
    argv: tuple[str, ...], refuses_root: bool, environment: Mapping[str, str]
) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *_dying(argv, signal.SIGKILL, refuses_root),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, said = await process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        name = os.path.basename(argv[0])
        raise CommandError(f"{name} failed: {said.decode(errors='replace').strip()}")
    return output


def _dying(
    argv: tuple[str, ...], number: signal.Signals, refuses_root: bool
) -> tuple[str, ...]:
    """Return *argv* so that it gets the signal when we end.

    Changing the user comes first: it would make the kernel forget the signal.
    """
    dying = ("setpriv", f"--pdeathsig={number.name[3:]}", *argv)
    return as_nobody(dying) if refuses_root else dying


async def _is_ready(part: Part, layout: Layout) -> bool:
    if part.ready:
        asking = await asyncio.create_subprocess_exec(
            *part.ready, stdout=asyncio.subprocess.DEVNULL
        )
        return await asking.wait() == 0
    return await is_open(layout.ports[part.listener])


async def is_open(port: int) -> bool:
    """Return whether somebody accepts connections on *port*."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return " / ".join(lines[-3:]) or "it said nothing"
