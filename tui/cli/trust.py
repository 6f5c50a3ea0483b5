"""`gonogo trust`: say that a runbook's commands, probes and hosts may be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import FILE
from tui.cli.printing import say
from tui.display import display_text

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from state.trust import TrustStore


@click.command()
@click.argument("runbook", required=False, type=FILE)
@click.option("--list", "listing", is_flag=True, help="List what is trusted.")
@click.option("--revoke", metavar="PATH", help="Trust a file, or a digest, no more.")
@click.option("--yes", is_flag=True, help="Trust without being asked.")
def command(runbook: Path | None, listing: bool, revoke: str | None, yes: bool) -> int:
    """Trust RUNBOOK, or a target profile, as it is now; a changed file asks again."""
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
    from state.trust import unsafe

    what, lines = _read(path)
    if reason := unsafe(path):
        raise RefusedError(reason)
    for line in lines:
        say(line)
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError(
                "Nothing was trusted: nobody can be asked here. When you have read "
                f"the list, write: gonogo trust --yes {path}"
            )
        if not click.confirm(f"Trust all of this in {display_text(str(path))}?"):
            say("Nothing was trusted.")
            return 1
    store.trust(what)
    say(f"Trusted: {path}")
    return 0


def _read(path: Path) -> tuple[Runbook | str, tuple[str, ...]]:
    """Return what is to be trusted, and what the operator is to read first.

    Raises:
        GonogoError: it cannot be read, or not be followed.
    """
    if path.suffix == ".toml":
        from runbooks.target import parse

        data = _bytes(path)
        parse(data, path)
        text = data.decode()
        return text, tuple(text.splitlines())
    from runbooks.inventory import inventory
    from runbooks.parsing import read

    runbook = read(path)
    return runbook, inventory(runbook) or ("It runs nothing and reaches no host.",)


def _bytes(path: Path) -> bytes:
    from runbooks.errors import DocumentError

    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error


def _list(store: TrustStore) -> int:
    for entry in store.entries():
        what = entry.path or entry.text.partition("\n")[0]
        say(f"{entry.at}  {entry.digest[:12]}  {what}")
    return 0


def _revoke(store: TrustStore, what: str) -> int:
    """Take back the trust in a path, or in a digest or the beginning of one."""
    from runbooks.errors import RefusedError

    digests = [
        entry.digest
        for entry in store.entries()
        if len(what) >= 8 and entry.digest.startswith(what)
    ]
    if not sum(store.revoke(each) for each in digests or [what]):
        raise RefusedError(
            f"{what} was not trusted; 'gonogo trust --list' says what is."
        )
    say(f"No longer trusted: {what}")
    return 0
