"""`gonogo lint`: everything that is wrong with a runbook, all at once."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.paths import RUNBOOK


@click.command()
@click.argument("runbooks", nargs=-1, required=True, type=RUNBOOK)
def command(runbooks: tuple[Path, ...]) -> int:
    """Say what is wrong with RUNBOOKS: path:line:column, what, and what to write.

    Exits 2 when there are errors; warnings alone exit 0.
    """
    from runbooks.errors import DocumentError
    from runbooks.linting import lint
    from runbooks.parsing import read
    from tui.cli.printing import Painted, complain, say

    errors = warnings = 0
    for path in runbooks:
        try:
            problems = lint(read(path))
        except DocumentError as error:
            errors += 1
            complain(str(error))
            continue
        for problem in problems:
            if problem.warning:
                warnings += 1
                say(Painted("warning", "yellow"), f" {problem}")
            else:
                errors += 1
                say(Painted("error", "red"), f" {problem}")
    if not errors and not warnings:
        say("Nothing is wrong.")
    return 2 if errors else 0
