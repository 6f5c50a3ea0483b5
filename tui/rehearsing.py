"""A rehearsal from its start to its end: what is missing, what is told, the walk.

The screen is left to the production runbook; here everything is plain text.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.errors import CommandError
from runbooks.rehearsal import Deployment, programs, start
from runbooks.shipped import PRODUCTION
from tui.cli.printing import complain
from tui.opening import Options

if TYPE_CHECKING:
    from runbooks.rehearsal.faults import Fault
    from tui.config import Config

RUNBOOK = PRODUCTION
ABOUT = (
    "A practice deployment on this machine alone: PostgreSQL, Redis, an API over "
    "HTTPS, a worker, a frontend, backups, all with made-up data, on 127.0.0.1 and "
    "free ports, in a throwaway directory."
)


def require() -> None:
    """Refuse to go on without the extra.

    Raises:
        CommandError: it is not installed; says what to type.
    """
    if programs.missing():
        raise CommandError(
            "A rehearsal needs the extra gonogo[rehearsal], which is not installed; "
            f"type: {_installing()}"
        )


@contextmanager
def started(
    keep: Path | None = None, faults: Sequence[Fault] = ()
) -> Iterator[Deployment]:
    """Start a deployment, in *keep* if it is to be kept, and stop it at the end.

    How far it is is told on a terminal, what is left out in any case. What is broken
    is told at the end only: finding it is the practice.

    Raises:
        CommandError: the extra is not installed, a part did not start, or a fault
            could not be injected.
        RefusedError: a rehearsal runs in *keep*, it holds other files, or these
            faults do not go together here.
    """
    require()
    began = time.monotonic()

    def tell(said: str) -> None:
        if sys.stderr.isatty():
            after = f"{time.monotonic() - began:5.1f} s"
            complain(f"{after}  {said}", who="")

    tell("starting a practice deployment; Ctrl-C gives up")
    with start(
        keep,
        keep=keep is not None,
        ready=lambda part: tell(f"ready: {programs.NAMES.get(part, part)}"),
    ) as deployment:
        if deployment.without:
            complain(without(deployment))
        for number, fault in enumerate(faults, 1):
            tell(f"injecting fault {number} of {len(faults)}")
            fault.inject(deployment)
        yield deployment
    for fault in faults:
        complain(f"{fault.name}: {fault.says}")
    tell(f"stopped; what it made is in {keep}" if keep else "stopped, nothing is left")


def walk(deployment: Deployment, config: Config) -> int:
    """Walk the production runbook against *deployment*; return the exit code."""
    gc.disable()  # on again once the screen is up (desk.py)
    from tui.desk import Desk

    options = Options(
        deployment.runs,
        target=str(deployment.profile),
        name=config.name,
        deployment=deployment,
        greeting=f"A rehearsal: nothing here is real. {without(deployment)}".rstrip(),
    )
    return Desk(options, config).serve(RUNBOOK)


def without(deployment: Deployment) -> str:
    """Return what *deployment* had to do without, as a sentence, or ""."""
    reasons = "; ".join(deployment.without)
    return f"Left out: {reasons}." if reasons else ""


def _installing() -> str:
    """Return the line that installs the extra where this gonogo is installed."""
    checkout = Path(__file__).parents[1]
    if (checkout / "Makefile").is_file():
        return f"make -C {checkout} run"
    what = "'gonogo[rehearsal]'"
    if find_spec("pip") is None:
        return f"uv pip install --python {sys.executable} {what}"
    return f"{sys.executable} -m pip install {what}"
