"""`gonogo show`: what a runbook holds, as text or JSON (docs/json.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import RUNBOOK
from tui.cli.printing import complain, say, write

if TYPE_CHECKING:
    from runbooks.model import Runbook


@click.command()
@click.argument("runbooks", nargs=-1, required=True, type=RUNBOOK)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    help="jsonl: one object a file, bad files too.",
)
def command(runbooks: tuple[Path, ...], form: str) -> int:
    """Print what RUNBOOKS hold: sections, steps, commands and counts.

    Goes on after a file that cannot be read, and exits 2 at the end.
    """
    from runbooks.errors import DocumentError
    from runbooks.parsing import read
    from tui.cli.outline import complaint

    code = 0
    for path in runbooks:
        try:
            runbook = read(path)
        except DocumentError as error:
            code = 2
            complain(str(error))
            if form != "text":
                from tui.cli.json_text import failure

                say(failure(path, str(error)))
            continue
        _show(runbook, form)
        if said := complaint(runbook):
            code = 2
            complain(said)
        del runbook
    return code


def _show(runbook: Runbook, form: str) -> None:
    if form == "text":
        from tui.cli.outline import outline, reading_mode, remarks

        for line in outline(runbook, {}):
            say(line)
        for line in (*reading_mode(runbook), *remarks(runbook)):
            say(line)
        return
    from tui.cli.json_text import chunks

    for chunk in chunks(runbook, pretty=form == "json"):
        write(chunk)
    write("\n")
