"""Commands of a document: started under a supervisor, followed, stopped, found again.

Everything that a screen knows of a command it reads from files that the
supervisor writes (see supervisor.py), so a screen that comes later knows as much.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbooks.errors import CommandError
from runbooks.orphans import end_leavings, unleashed
from runbooks.output import Tail
from runbooks.plan import Plan, message
from runbooks.processes import is_the_one

__all__ = ["Ending", "Plan", "Running", "Tail", "attach", "run_interactive", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ended.

    Attributes:
        code: exit code as shells say it (128 and the signal), None if unknown.
        ending: ``exit``, ``stopped``, ``wall limit``, ``silence limit``, or
            ``in doubt``: its supervisor died and nobody saw how it ended.
        seconds: from start to the end of the shell.
        started, finished: wall clock, ISO 8601 with offset.
        survivors: ``pid name`` of each process that it left running.
        size: bytes printed, after redaction.
        kept: bytes of these that `Running.output` holds.
        output_problem: why output could not be written, or "".
        values: what it wrote to ``$GONOGO_OUTPUT``, redacted.
        cwd: working directory at its end, for the next command.
        context_problem: why its variables were not taken over, or "".
        needs_terminal: it failed, and said that it wants a terminal.
    """

    code: int | None
    ending: str
    seconds: float
    started: str
    finished: str
    survivors: tuple[str, ...] = ()
    size: int = 0
    kept: int = 0
    output_problem: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    context_problem: str = ""
    needs_terminal: bool = False


class Running:
    """A command that was started, here or by a screen that has gone.

    Attributes:
        id: as in its plan.
        output: what it printed, redacted; follow it with `Tail`.
    """

    def __init__(self, outputs: Path, id: str) -> None:
        self.id = id
        self.output = outputs / f"{id}.out"
        self._exit = outputs / f"{id}.exit"
        self._run: dict[str, Any] = json.loads((outputs / f"{id}.run").read_bytes())
        self._ending: Ending | None = None
        self._looks = 0

    def alive(self) -> bool:
        """Whether its supervisor lives.

        It may outlive the ending, while a process that the command left behind
        still holds the output.
        """
        with suppress(ChildProcessError):  # not ours, or taken note of before
            os.waitpid(self._run["warden"]["pid"], os.WNOHANG)
        return is_the_one(self._run)

    def _watched(self) -> bool:
        """Whether its warden lives, who sees to what a dead supervisor leaves."""
        return is_the_one(self._run["warden"])

    def _swept(self) -> bool:
        """End what nobody owns any more; whether twice in turn nothing was left."""
        self._looks = 0 if end_leavings(self.id) else self._looks + 1
        return self._looks > 1

    def ending(self) -> Ending | None:
        """Return how it ended; None while it runs."""
        if self._ending is None:
            alive = self.alive()  # asked first: it writes its last file, then goes
            try:
                self._ending = _read_ending(self._exit)
            except FileNotFoundError:
                if not alive and not self._watched() and self._swept():
                    self._ending = self._in_doubt()
        return self._ending

    def stop(self) -> None:
        """Ask the supervisor to end the command and all that it started."""
        try:
            process = os.pidfd_open(self._run["pid"])
        except ProcessLookupError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(process, signal.SIGTERM)
        except ProcessLookupError:
            return
        finally:
            os.close(process)

    def _in_doubt(self) -> Ending:
        size = self.output.stat().st_size if self.output.exists() else 0
        started = self._run["started"]
        return Ending(
            code=None,
            ending="in doubt",
            seconds=0.0,
            started=started,
            finished="",
            size=size,
            kept=size,
        )


def start(plan: Plan) -> Running:
    """Start the command of *plan*; it goes on whatever becomes of the caller.

    Returns once its record is on disk and the shell has been started.

    Raises:
        CommandError: nothing was started.
    """
    data = json.dumps(message(plan)).encode()
    source, ours = os.pipe()
    theirs, sink = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, source, 0),
        (os.POSIX_SPAWN_DUP2, sink, 1),
        (os.POSIX_SPAWN_DUP2, sink, 2),
    ]
    supervisor = Path(__file__).with_name("supervisor.py")
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", str(supervisor)],
            unleashed(os.environ),
            file_actions=actions,
            setsid=True,
            setsigmask=[],
        )
    except OSError as error:
        raise CommandError(
            f"cannot start {sys.executable}: {error.strerror}"
        ) from error
    finally:
        os.close(source)
        os.close(sink)
    with suppress(BrokenPipeError), open(ours, "wb") as stdin:
        stdin.write(data)
    with open(theirs, "rb") as stdout:
        reply = stdout.readline()
        if not reply.startswith(b"{"):  # it failed: the last line says how
            said = (reply + stdout.read()).decode("utf-8", "replace").split("\n")
            reply = json.dumps({"problem": "".join(said[-2:]).strip()}).encode()
    answer = json.loads(reply)
    if "problem" in answer:
        os.waitpid(pid, 0)
        where = f"{answer['path']}: " if answer.get("path") else ""
        raise CommandError(f"the command was not started: {where}{answer['problem']}")
    return Running(plan.outputs.absolute(), plan.id)


def attach(outputs: Path, id: str) -> Running | None:
    """Return the command *id*, started earlier by whomever; None if it never was.

    What is left of one that had no supervisor, as an interactive one, is ended if the
    screen that had it is gone.
    """
    try:
        return Running(outputs.absolute(), id)
    except FileNotFoundError:
        end_leavings(id)
        return None


def run_interactive(plan: Plan) -> Ending:
    """Run *plan* on the terminal, which the caller has let go of; see interactive.py.

    Raises:
        CommandError: nothing was started.
    """
    from runbooks import interactive  # deferred: few sessions need it

    return interactive.run_interactive(plan)


def _read_ending(path: Path) -> Ending:
    fields = json.loads(path.read_bytes())
    known = {name: fields[name] for name in Ending.__slots__ if name in fields}
    return Ending(**{**known, "survivors": tuple(fields["survivors"])})
