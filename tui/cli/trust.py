"""`gonogo trust`: say that a runbook's commands, probes and hosts may be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.printing import say

if TYPE_CHECKING:
    from state.trust import TrustStore


@click.command()
@click.argument("runbook", required=False, type=click.Path(path_type=Path))
@click.option("--list", "listing", is_flag=True, help="List what is trusted.")
@click.option("--revoke", metavar="PATH", help="Take back the trust in a file.")
@click.option("--yes", is_flag=True, help="Trust without being asked.")
def command(runbook: Path | None, listing: bool, revoke: str | None, yes: bool) -> int:
    """Trust RUNBOOK as it is now, for your user; a changed file is asked again."""
    from state.trust import TrustStore

    if sum((runbook is not None, listing, revoke is not None)) != 1:
        raise click.UsageError("Name a RUNBOOK, or give --list, or --revoke PATH.")
    store = TrustStore()
    if listing:
        return _list(store)
    if revoke is not None:
        return _revoke(store, revoke)
    assert runbook is not None
    return _trust(store, runbook, yes)


def _trust(store: TrustStore, path: Path, yes: bool) -> int:
    from runbooks.errors import RefusedError
    from runbooks.inventory import inventory
    from runbooks.parsing import read
    from state.trust import unsafe

    runbook = read(path)
    if reason := unsafe(path):
        raise RefusedError(reason)
    for line in inventory(runbook) or ("It runs nothing and reaches no host.",):
        say(line)
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError(
                f"Nothing was trusted: nobody can be asked here. When you have read "
                f"the list, write: gonogo trust --yes {path}"
            )
        if not click.confirm(f"Trust all of this in {path}?"):
            say("Nothing was trusted.")
            return 1
    store.trust(runbook)
    say(f"Trusted: {path}")
    return 0


def _list(store: TrustStore) -> int:
    for entry in store.entries():
        say(f"{entry.at}  {entry.digest[:12]}  {entry.path or entry.text}")
    return 0


def _revoke(store: TrustStore, path: str) -> int:
    from runbooks.errors import RefusedError

    if not store.revoke(path):
        raise RefusedError(
            f"{path} was not trusted; 'gonogo trust --list' says what is."
        )
    say(f"No longer trusted: {path}")
    return 0
