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

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress

# Behind the standard library, before anything installed: the files beside this one.
sys.path.insert(3, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runbooks.clock import now
from runbooks.leavings import take_context, take_values, wants_terminal
from runbooks.output import Output
from runbooks.private import create, create_kept, remove, settle
from runbooks.processes import descendants, has_children, identity, signal_all
from runbooks.spawning import answer, spawn
from runbooks.warden import adopt, fork_supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a tenth of the start
    from typing import Any

    from runbooks.sifting import Sieve

_READ = 256 << 10
_DRAIN = 1.0
"""Seconds that output may still come after the shell has ended."""
_QUIET = 0.2
"""Seconds of silence that end this wait early."""
_LAST = 1.0
"""Seconds that killed processes get to disappear."""
_POLL = 0.05
_RECENT = 4096


class Supervision:
    """One command, from its plan to its ending."""

    def __init__(
        self, plan: dict[str, Any], warden: dict[str, int | str | None]
    ) -> None:
        self.plan = plan
        self.warden = warden
        self.path = os.path.join(plan["outputs"], plan["id"])
        self.patterns = [pattern.encode("latin-1") for pattern in plan["patterns"]]
        self.sieve: Sieve | None = None
        self.reason = "exit"
        self.code: int | None = None
        self.ended: float | None = None
        self.kill_at: float | None = None
        self.eof = self.lingering = False
        self.first = self.recent = b""

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
            self.exit_file = create_kept(f"{self.path}.exit.new")
            os.posix_fallocate(self.exit_file, 0, 8192)
            for path in filter(None, (plan["values"], plan["capture"])):
                os.close(create(path))
            self._record()
            self.begun = self.heard = time.monotonic()
            self.pid, self.reader = spawn(plan)
        except OSError:
            for end in (".out", ".exit.new", ".run", ".run.new"):
                remove(self.path + end)
            remove(plan["values"])
            remove(plan["capture"])
            raise
        os.chdir("/")

    def _record(self) -> None:
        """Write ``ID.run``: who supervises, so that a later screen finds it."""
        self.started = now()
        run = {**identity(os.getpid()), "started": self.started, "warden": self.warden}
        new = f"{self.path}.run.new"
        settle(create_kept(new), json.dumps(run).encode(), new, f"{self.path}.run")

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

    def conclude(self) -> None:
        """Write ``ID.exit``."""
        plan = self.plan
        if not self.eof:
            self._keep(self._sifted(b""))
        self.output.finish()
        cwd, problem = "", ""
        if plan["capture"]:
            stopped = self.reason != "exit"
            cwd, problem = take_context(plan["capture"], plan["context"], stopped)
        left = descendants(os.getpid()) if has_children() else []
        ending = {
            "code": self.code,
            "ending": self.reason,
            "seconds": round((self.ended or time.monotonic()) - self.begun, 6),
            "started": self.started,
            "finished": now(),
            "survivors": [f"{pid} {name}" for pid, name in left],
            "size": self.output.size,
            "kept": self.output.kept,
            "head": self.output.head,
            "gap": self.output.gap,
            "output_problem": self.output.problem,
            "values": take_values(plan["values"], self.patterns),
            "cwd": cwd or plan["cwd"],
            "context_problem": problem,
            "needs_terminal": wants_terminal(self.code, self.first + self.recent),
        }
        new = f"{self.path}.exit.new"
        settle(self.exit_file, json.dumps(ending).encode(), new, f"{self.path}.exit")

    def linger(self, wake: int) -> None:
        """Read on for what the command left running, until it ends or is stopped."""
        self.lingering = True
        if self.kill_at is None:
            self.watch(wake)

    def _over(self) -> bool:
        mono = time.monotonic()
        if self.kill_at is None:
            if self.lingering or self.ended is None:
                return self.lingering and self.eof
            quiet = mono >= max(self.ended, self.heard) + _QUIET
            return self.eof or quiet or mono >= self.ended + _DRAIN
        if self.ended is not None and not has_children():
            return self.eof or mono >= self.ended + _DRAIN
        return mono >= self.kill_at + _LAST

    def _patience(self) -> float | None:
        """Return for how long, in milliseconds, nothing needs to be looked at."""
        if self.kill_at is not None or (self.ended is not None and not self.lingering):
            return _POLL * 1000
        if deadlines := [at for at, _ in self._limits()]:
            return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1
        return None

    def _limits(self) -> list[tuple[float, str]]:
        limits = []
        if self.plan["wall"] is not None:
            limits.append((self.begun + self.plan["wall"], "wall limit"))
        if self.plan["silence"] is not None:
            limits.append((self.heard + self.plan["silence"], "silence limit"))
        return [] if self.ended is not None else limits

    def _enforce(self) -> None:
        mono = time.monotonic()
        if self.kill_at is not None and mono >= self.kill_at:
            self._signal(signal.SIGKILL)
        for at, reason in self._limits():
            if mono >= at:
                self._stop(reason)

    def _stop(self, reason: str) -> None:
        if self.kill_at is None:
            self.reason = reason
            self.kill_at = time.monotonic() + self.plan["grace"]
            self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        # Once the shell has ended, its number may belong to others.
        signal_all(number, self.pid if self.ended is None else None)

    def _read(self) -> bool:
        try:
            data = os.read(self.reader, _READ)
        except OSError:  # a pseudo-terminal whose other end has been closed
            data = b""
        self.eof = not data
        self.heard = time.monotonic() if data else self.heard
        self._keep(self._sifted(data))
        return bool(data)

    def _sifted(self, data: bytes) -> bytes:
        """Return what may be kept of *data*; of nothing, what was held back."""
        if self.sieve is None:
            # Not earlier: the command would start later.
            from runbooks.sifting import Sieve

            self.sieve = Sieve(self.patterns)
        return self.sieve.feed(data) if data else self.sieve.flush()

    def _keep(self, data: bytes) -> None:
        self.output.write(data)
        self.first += data[: _RECENT - len(self.first)]
        self.recent = (self.recent + data[-_RECENT:])[-_RECENT:]

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self.pid:
                    code = os.waitstatus_to_exitcode(found[1])
                    # As shells say it: 128 and the number of the signal.
                    self.code = code if code >= 0 else 128 - code
                    self.ended = time.monotonic()


def main() -> None:
    """Read the plan, start, answer, watch, conclude."""
    os.closerange(3, 1 << 20)  # whatever the starter let through
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    plan = json.load(sys.stdin.buffer)
    warden = fork_supervisor(plan)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, _wake)
    adopt()

    supervision = Supervision(plan, warden)
    try:
        supervision.start()
    except OSError as error:
        where = os.fsdecode(error.filename or "")
        answer({"problem": error.strerror or str(error), "path": where})
        sys.exit(1)
    answer({"pid": os.getpid()})
    supervision.watch(wake)
    supervision.conclude()
    supervision.linger(wake)


def _wake(number: int, frame: object) -> None:
    """Do nothing: the number comes through the wake-up pipe."""


if __name__ == "__main__":
    main()
