"""`gonogo rehearse`: a practice deployment, and the production runbook on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.checking import FORMAT
from tui.cli.paths import FILE

if TYPE_CHECKING:
    from runbooks.rehearsal import Deployment


@click.command()
@click.option(
    "--keep", type=FILE, metavar="DIR", help="Work in DIR, and leave it at the end."
)
@click.option("--check", "headless", is_flag=True, help="No screen: check it and stop.")
@FORMAT
@click.option(
    "--fault",
    "names",
    multiple=True,
    metavar="NAME",
    help="Break this at the start; 'random' breaks anything. May be repeated.",
)
@click.option("--list-faults", is_flag=True, help="List what can be broken.")
@click.option("--slow-link", is_flag=True, help="Fewer frames and colours.")
def command(
    keep: Path | None,
    headless: bool,
    form: str,
    names: tuple[str, ...],
    list_faults: bool,
    slow_link: bool,
) -> int:
    """Start a practice deployment and walk the production runbook on it.

    Everything is made up, on this machine, and gone when you leave. --check exits
    like 'gonogo check' does. Needs the extra gonogo[rehearsal].
    """
    from tui import rehearsing
    from tui.cli.faults import chosen, listing
    from tui.cli.printing import say
    from tui.cli.walk import has_terminal
    from tui.opening import prepare_screen

    if list_faults:
        for line in listing():
            say(line)
        return 0
    faults = chosen(names) if names else ()
    rehearsing.require()
    if headless:
        with rehearsing.started(keep, faults) as deployment:
            return _check(deployment, form)
    if not has_terminal():
        return _print()
    config = prepare_screen(slow_link=slow_link)
    with rehearsing.started(keep, faults) as deployment:
        return rehearsing.walk(deployment, config)


def _check(deployment: Deployment, form: str) -> int:
    from runbooks.parsing import read
    from runbooks.target import load
    from state.trust import TrustStore
    from tui.cli.checking import check, print_report
    from tui.cli.looking import Wanted
    from tui.rehearsing import RUNBOOK

    document = read(RUNBOOK)
    profile = load(str(deployment.profile), document)
    report = check(document, document.steps, profile, TrustStore(), Wanted())
    return print_report(report, form)


def _print() -> int:
    """Say what a rehearsal would do, where nobody can see its screen."""
    from runbooks.rehearsal.programs import left_out
    from tui.cli.printing import say
    from tui.rehearsing import ABOUT

    missing = ", ".join(left_out())
    for line in (
        ABOUT,
        *([f"Left out, since not installed here: {missing}."] if missing else []),
        "",
        "There is no terminal here, so nothing was started.",
        "On one, 'gonogo rehearse' opens the production runbook on it.",
        "Here, 'gonogo rehearse --check' starts it, checks it, prints, and stops it.",
    ):
        say(line)
    return 0
