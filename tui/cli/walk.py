"""What `gonogo [RUNBOOK]` does: the screen, or the same as text where there is none.

Apart from the command that declares it, because most starts name just a file: they
do without click, which is a good part of what starting costs beyond Textual.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from runbooks.shipped import named


def walk(
    runbook: Path | None,
    *,
    new: bool = False,
    target: str | None = None,
    state_dir: Path | None = None,
    slow_link: bool = False,
) -> int:
    """Open *runbook*, or the choose screen, and return the exit code.

    Raises:
        click.UsageError: it is no file, but nearly the name of a command.
        GonogoError: it cannot be opened.
    """
    if runbook is not None:
        runbook = named(runbook)
    _guess(runbook)
    gc.disable()  # what is imported stays; on again once the screen is up (desk.py)
    if not has_terminal():
        return _print(runbook, target, state_dir)
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        from runbooks.errors import GonogoError

        raise GonogoError(
            "This terminal (TERM is dumb or not set) cannot show the screen; "
            "'gonogo show' prints a runbook, 'gonogo check' probes it, 'gonogo status' "
            "says where a run stands, and 'gonogo decide' answers its steps."
        )
    from tui.opening import open_runbook

    return open_runbook(
        runbook,
        new=new,
        target=target,
        state_dir=state_dir,
        slow_link=slow_link,
    )


def has_terminal() -> bool:
    """Whether somebody sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _guess(path: Path | None) -> None:
    """Catch a mistyped command, which looks like the name of a file.

    Raises:
        click.UsageError: it is near a command, and no such file is there.
    """
    if path is None or path.suffix or path.parent != Path() or path.exists():
        return
    from difflib import get_close_matches

    import click

    from tui.cli import COMMANDS

    if near := get_close_matches(path.name, COMMANDS, 1):
        raise click.UsageError(
            f"There is no file or command {path.name}; did you mean 'gonogo {near[0]}'?"
        )


def _print(path: Path | None, target: str | None, state_dir: Path | None) -> int:
    """Print the runbook with its progress, or the runs when none was named."""
    if path is None:
        from tui.cli.runs import print_runs

        return print_runs("text", state_dir)
    from runbooks.parsing import read
    from tui.cli.outline import complaint, outline, reading_mode, remarks
    from tui.cli.printing import complain, say
    from tui.cli.standing import last_progress

    runbook = read(path)
    for line in outline(runbook, last_progress(runbook, target, state_dir)):
        say(line)
    for line in (*reading_mode(runbook), *remarks(runbook)):
        say(line)
    if said := complaint(runbook):
        complain(said)
        return 2
    return 0
