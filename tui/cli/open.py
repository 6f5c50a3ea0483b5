"""`gonogo [RUNBOOK]`: the screen, or the same as text where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("runbook", required=False, type=click.Path(path_type=Path))
@click.option("--new", is_flag=True, help="Start a new run, even if one is open.")
@click.option("--target", metavar="NAME", help="The deployment to walk it against.")
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="Where runs are kept, for instance a directory shared by a team.",
)
@click.option("--slow-link", is_flag=True, help="Fewer frames and colours.")
def command(
    runbook: Path | None,
    new: bool,
    target: str | None,
    state_dir: Path | None,
    slow_link: bool,
) -> int:
    """Walk RUNBOOK, going on where its unfinished run was left."""
    _guess(runbook)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _print(runbook, target, state_dir)
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        from runbooks.errors import GonogoError

        raise GonogoError(
            "This terminal (TERM is dumb or not set) cannot show the screen; "
            "'gonogo show RUNBOOK' prints a runbook, 'gonogo check' probes it."
        )
    from tui.opening import open_runbook

    return open_runbook(
        runbook,
        new=new,
        target=target,
        state_dir=state_dir,
        slow_link=slow_link,
    )


def _guess(path: Path | None) -> None:
    """Catch a mistyped command, which looks like the name of a file.

    Raises:
        click.UsageError: it is near a command, and no such file is there.
    """
    if path is None or path.suffix or path.parent != Path() or path.exists():
        return
    from difflib import get_close_matches

    from tui.cli.group import COMMANDS

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
    from tui.cli.outline import outline
    from tui.cli.printing import complain, say
    from tui.cli.show import complaint
    from tui.cli.standing import last_progress

    runbook = read(path)
    for line in outline(runbook, last_progress(runbook, target, state_dir)):
        say(line)
    if said := complaint(runbook):
        complain(said)
        return 2
    return 0
