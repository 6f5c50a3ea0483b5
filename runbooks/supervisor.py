"""Runs one command apart from the screen, and outlives it.

Started by path with ``python -I`` in a session of its own; the plan comes on
stdin as JSON, one line of JSON on stdout says that the command runs or why not.
From then on it has no tie to the starter: it writes the redacted output to
``ID.out`` as it comes and how the command ended to ``ID.exit``. SIGTERM stops
the command. What the command leaves running when its shell ends goes on; the
supervisor reads on as long as one of them holds the output.

Nothing is imported that is slow or comes from the current directory.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from itertools import takewhile
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runbooks.output import Output
from runbooks.processes import boot_id, descendants, start_time
from runbooks.redaction import Redactor, redact

_READ = 256 << 10
_DRAIN = 1.0
"""Seconds that output may still come after the shell has ended."""
_QUIET = 0.2
"""Seconds of silence that end this wait early."""
_LAST = 1.0
"""Seconds that killed processes get to disappear."""
_POLL = 0.05
_SET_CHILD_SUBREAPER = 36
_RESET = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
}
_WANTS_TERMINAL = (
    b"not a tty",
    b"not a terminal",
    b"a terminal is required",
    b"no tty present",
    b"must be run from a terminal",
    b"pseudo-terminal will not be allocated",
    b"/dev/tty: no such device",
    b"cannot open /dev/tty",
    b"can't open /dev/tty",
    b"error opening terminal",
    b"terminal is not fully functional",
    b"host key verification failed",
    b"no controlling terminal",
)


class Supervision:
    """One command, from its plan to its ending."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.path = os.path.join(plan["outputs"], plan["id"])
        self.patterns = [pattern.encode("latin-1") for pattern in plan["patterns"]]
        self.redactor = Redactor(self.patterns)
        self.reason = "exit"
        self.code: int | None = None
        self.ended: float | None = None
        self.eof = False
        self.kill_at: float | None = None
        self.lingering = False
        self.recent = b""
        self.cwd = plan["cwd"]

    def start(self) -> None:
        """Start the command, its record on disk first.

        Raises:
            OSError: it could not be started, and nothing of it remains.
        """
        plan = self.plan
        os.chdir(plan["cwd"])
        self.output = Output(f"{self.path}.out", plan["limit"])
        try:
            # Its room is taken now, so that a full disk loses no exit code.
            self.exit_file = _create(f"{self.path}.exit.new")
            os.posix_fallocate(self.exit_file, 0, 8192)
            os.close(_create(plan["values"]))
            if plan["capture"]:
                os.close(_create(plan["capture"]))
            self.started = _now()
            self._record(None)
            self._spawn()
        except OSError:
            for end in (".out", ".exit.new", ".run", ".run.new"):
                _remove(self.path + end)
            _remove(plan["values"])
            _remove(plan["capture"])
            raise
        self._record(self.pid)
        os.chdir("/")

    def _spawn(self) -> None:
        plan = self.plan
        if plan["tty"]:
            self.reader, writer = _open_pty()
        else:
            self.reader, writer = os.pipe()
            with suppress(OSError):  # the system's limit for pipes may be lower
                fcntl.fcntl(self.reader, fcntl.F_SETPIPE_SZ, 1 << 20)
        nothing = os.open(os.devnull, os.O_RDONLY)
        prelude, text = (
            _memory(plan[key].encode("latin-1")) for key in ("prelude", "text")
        )
        actions = [
            (os.POSIX_SPAWN_DUP2, source, target)
            for source, target in (
                (nothing, 0),
                (writer, 1),
                (writer, 2),
                (prelude, 8),
                (text, 9),
            )
        ]
        self.begun = self.heard = time.monotonic()
        self.pid = os.posix_spawn(
            plan["program"],
            plan["argv"],
            {os.fsencode(k): os.fsencode(v) for k, v in plan["env"].items()},
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=_RESET,
        )
        for fd in (writer, nothing, prelude, text):
            os.close(fd)

    def _record(self, command: int | None) -> None:
        """Write ``ID.run``: who supervises, so that a later screen finds it."""
        run = {
            "pid": os.getpid(),
            "start": start_time(os.getpid()),
            "boot": boot_id(),
            "command": command,
            "started": self.started,
        }
        file = _create(f"{self.path}.run.new")
        os.write(file, json.dumps(run).encode())
        if command is None:
            os.fsync(file)
        os.close(file)
        os.rename(f"{self.path}.run.new", f"{self.path}.run")
        if command is None:
            _sync_directory(self.plan["outputs"])

    def watch(self, wake: int) -> None:
        """Keep the output until the command has ended, by itself or stopped."""
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        if not self.eof:
            poll.register(self.reader, select.POLLIN)
        while not self._over():
            for fd, _ in poll.poll(self._patience()):
                if fd == wake:
                    if signal.SIGTERM in os.read(wake, 4096):
                        self._stop("stopped")
                elif not self._read():
                    poll.unregister(self.reader)
            self._reap()
            self._enforce()

    def _over(self) -> bool:
        now = time.monotonic()
        if self.kill_at is None:
            if self.lingering:
                return self.eof
            if self.ended is None:
                return False
            quiet = now >= max(self.ended, self.heard) + _QUIET
            return self.eof or quiet or now >= self.ended + _DRAIN
        if self.ended is not None and not _has_children():
            return self.eof or now >= self.ended + _DRAIN
        return now >= self.kill_at + _LAST

    def _patience(self) -> float | None:
        """Return for how long, in milliseconds, nothing needs to be looked at."""
        if self.kill_at is not None or (self.ended is not None and not self.lingering):
            return _POLL * 1000
        deadlines = [at for at, _ in self._limits()]
        if not deadlines:
            return None
        return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1

    def _limits(self) -> list[tuple[float, str]]:
        if self.ended is not None:
            return []
        limits = []
        if self.plan["wall"] is not None:
            limits.append((self.begun + self.plan["wall"], "wall limit"))
        if self.plan["silence"] is not None:
            limits.append((self.heard + self.plan["silence"], "silence limit"))
        return limits

    def _enforce(self) -> None:
        now = time.monotonic()
        if self.kill_at is None:
            for at, reason in self._limits():
                if now >= at:
                    self._stop(reason)
                    return
        elif now >= self.kill_at:
            self._signal(signal.SIGKILL)

    def _read(self) -> bool:
        try:
            data = os.read(self.reader, _READ)
        except OSError:  # a pty whose other end has been closed
            data = b""
        self.eof = not data
        if data:
            self.heard = time.monotonic()
        self._keep(self.redactor.feed(data) if data else self.redactor.flush())
        return bool(data)

    def _keep(self, data: bytes) -> None:
        self.output.write(data)
        self.recent = (self.recent + data[-4096:])[-4096:]

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self.pid:
                    code = os.waitstatus_to_exitcode(found[1])
                    # As shells say it: 128 and the number of the signal.
                    self.code = code if code >= 0 else 128 - code
                    self.ended = time.monotonic()

    def _stop(self, reason: str) -> None:
        if self.kill_at is None:
            self.reason = reason
            self.kill_at = time.monotonic() + self.plan["grace"]
            self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        """Signal the command's group, and whatever left it, one by one."""
        group = None
        if self.ended is None:  # else the number may belong to others by now
            group = self.pid
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        for pid, _ in descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != group:
                    os.kill(pid, number)

    def conclude(self) -> None:
        """Write ``ID.exit``."""
        if not self.eof:
            self._keep(self.redactor.flush())
        self.output.finish()
        left = descendants(os.getpid()) if _has_children() else []
        seconds = (self.ended or time.monotonic()) - self.begun
        ending = {
            "code": self.code,
            "ending": self.reason,
            "seconds": round(seconds, 6),
            "started": self.started,
            "finished": _now(),
            "survivors": [f"{pid} {name}" for pid, name in left],
            "size": self.output.size,
            "kept": self.output.kept,
            "head": self.output.head,
            "gap": self.output.gap,
            "output_problem": self.output.problem,
            "values": self._values(),
            "context_problem": self._settle_context(),
            "cwd": self.cwd,
            "needs_terminal": self._needs_terminal(),
        }
        data = json.dumps(ending).encode()
        os.ftruncate(self.exit_file, len(data))
        os.pwrite(self.exit_file, data, 0)
        os.fsync(self.exit_file)
        os.rename(f"{self.path}.exit.new", f"{self.path}.exit")
        _sync_directory(self.plan["outputs"])

    def linger(self, wake: int) -> None:
        """Read on for what the command left running, until it ends or is stopped."""
        if self.eof or self.kill_at is not None:
            return
        self.lingering = True
        self.watch(wake)

    def _needs_terminal(self) -> bool:
        said = self.recent.lower()
        return bool(self.code) and any(hint in said for hint in _WANTS_TERMINAL)

    def _settle_context(self) -> str:
        """Take over what the shell left behind; say why not, or return ""."""
        capture = self.plan["capture"]
        if not capture:
            return ""
        try:
            if self.reason != "exit":
                return "the command was stopped; variables are as before it"
            with open(capture, "rb") as file:
                left = file.read()
            if not left.endswith(b"# complete\n"):
                return (
                    "the shell ended without leaving its variables (exec, kill or"
                    " a full disk); they are as before the command"
                )
            os.rename(capture, self.plan["context"])
            where = left[len(b"# cwd ") : left.index(b"\n")]
            where = where.replace(b"%0A", b"\n").replace(b"%25", b"%")
            self.cwd = os.fsdecode(where)
        except OSError as error:
            return f"variables are as before the command: {error.strerror}"
        finally:
            _remove(capture)
        return ""

    def _values(self) -> dict[str, str]:
        """Return what the command wrote to ``$GONOGO_OUTPUT``."""
        try:
            with open(self.plan["values"], "rb") as file:
                data = file.read(1 << 20)
        except OSError:
            return {}
        finally:
            _remove(self.plan["values"])
        lines = iter(redact(data, self.patterns).decode("utf-8", "replace").split("\n"))
        values = {}
        for line in lines:
            name, sign, value = line.partition("=")
            if not sign and "<<" in line:
                name, _, end = line.partition("<<")
                value = "\n".join(takewhile(end.__ne__, lines))
            elif not sign:
                continue
            values[name.strip()] = value
        return values


def main() -> None:
    """Read the plan, start, answer, watch, conclude."""
    os.closerange(3, 1 << 20)  # whatever the starter let through
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    plan = json.load(sys.stdin.buffer)
    supervision = Supervision(plan)
    try:
        supervision.start()
    except OSError as error:
        _answer({"problem": error.strerror, "path": os.fsdecode(error.filename or "")})
        sys.exit(1)
    _answer({"pid": os.getpid()})
    supervision.watch(wake)
    supervision.conclude()
    supervision.linger(wake)


def _answer(reply: dict[str, Any]) -> None:
    """Tell the starter, and let go of it and of its terminal."""
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(reply).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def _open_pty() -> tuple[int, int]:
    import termios

    reader, writer = os.openpty()
    modes = termios.tcgetattr(writer)
    modes[1] &= ~termios.OPOST  # line ends as the command writes them
    termios.tcsetattr(writer, termios.TCSANOW, modes)
    termios.tcsetwinsize(writer, (24, 80))
    return reader, writer


def _memory(data: bytes) -> int:
    """Return a descriptor from which *data* is read."""
    fd = os.memfd_create("gonogo")
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _create(path: str) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _now() -> str:
    """Return the wall clock, ISO 8601 with offset."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return f"{text[:-2]}:{text[-2:]}"


if __name__ == "__main__":
    main()
