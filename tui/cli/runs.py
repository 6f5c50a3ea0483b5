"""`gonogo runs`: the runs on this machine, the latest first."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.paths import FILE


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--state-dir", type=FILE, help="Where runs are.")
def command(form: str, state_dir: Path | None) -> int:
    """List runs: how far each is, who touched it last, and when."""
    return print_runs(form, state_dir)


def print_runs(form: str, state_dir: Path | None) -> int:
    """Print the runs under *state_dir*, or under the state home."""
    from state.locations import home_of_runs
    from state.runs import runs
    from tui.cli.json_text import VERSION, encode
    from tui.cli.printing import say

    found = runs(home_of_runs(state_dir))
    if form == "json":
        listed = [
            {
                "run": run.directory.name,
                "directory": str(run.directory),
                "runbook": str(run.runbook),
                "title": run.title,
                "target": run.target,
                "done": run.done,
                "total": run.total,
                "by": run.by,
                "at": run.at,
                "unfinished": run.unfinished,
                "problem": run.problem,
            }
            for run in found
        ]
        say(encode({"version": VERSION, "runs": listed}))
        return 0
    if not found:
        say("There are no runs yet. 'gonogo RUNBOOK' starts one.")
    for run in found:
        far = f"{run.done} of {run.total}"
        target = f"  on {run.target}" if run.target else ""
        say(f"{run.directory.name}  {far:>12}  {run.title}{target}")
        say(f"    {run.problem or f'{run.by}, {run.at}  {run.runbook}'}")
    return 0
