"""`gonogo [RUNBOOK]` with its options; see walk.py."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.paths import FILE, RUNBOOK
from tui.cli.walk import walk


@click.command()
@click.argument("runbook", required=False, type=RUNBOOK)
@click.option("--new", is_flag=True, help="Start a new run, even if one is open.")
@click.option("--target", metavar="NAME", help="The deployment to walk it against.")
@click.option(
    "--state-dir",
    type=FILE,
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
    return walk(
        runbook,
        new=new,
        target=target,
        state_dir=state_dir,
        slow_link=slow_link,
    )
