"""`gonogo status`: where a run stands, in plain lines."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.paths import FILE


@click.command()
@click.argument("run", required=False)
@click.option("--open", "only_open", is_flag=True, help="Only what is not done yet.")
@click.option("--target", metavar="NAME", help="The deployment, where RUN is a file.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="docs/json.md says what json holds.",
)
def command(
    run: str | None,
    only_open: bool,
    target: str | None,
    state_dir: Path | None,
    form: str,
) -> int:
    """Say where RUN stands: its name, its directory, or the path of its runbook.

    Without RUN it is the run that was touched last. One sentence a line, with words for
    every standing: fit to be read aloud, and for a terminal that shows no screen.
    'gonogo decide' answers. Takes no part in the run, and records nothing.
    """
    from runbooks.errors import StateError
    from state.locations import home_of_runs
    from tui.cli.meaning import run_meant
    from tui.cli.printing import say
    from tui.cli.status_text import Status

    home = home_of_runs(state_dir)
    directory, document = run_meant(run, home, target)
    if directory is None:
        raise StateError(f"{document.path} has no run yet; 'gonogo decide' begins one.")
    status = Status(directory, document)
    for line in status.json() if form == "json" else status.text(only_open):
        say(line)
    return 0
