"""`gonogo trust`: say that a runbook's commands, probes and hosts may be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import RUNBOOK
from tui.cli.printing import Painted, agreed, say

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.target import Target
    from state.trust import TrustStore

SHORTEST = 12
"""Characters of a digest by which a file is told from others."""


@click.command()
@click.argument("runbook", required=False, type=RUNBOOK)
@click.option("--list", "listing", is_flag=True, help="List what is trusted.")
@click.option("--revoke", metavar="PATH", help="Trust a file, or a digest, no more.")
@click.option("--yes", is_flag=True, help="Trust without being asked.")
@click.option(
    "--digest", metavar="SHA256", help="Trust without being asked, if it is that."
)
def command(
    runbook: Path | None,
    listing: bool,
    revoke: str | None,
    yes: bool,
    digest: str | None,
) -> int:
    """Trust RUNBOOK, or a target profile, as it is now; a changed file asks again."""
    from state.trust import TrustStore

    if sum((runbook is not None, listing, revoke is not None)) != 1:
        raise click.UsageError("Name a RUNBOOK, or give --list, or --revoke PATH.")
    if digest is not None and len(digest) < SHORTEST:
        raise click.UsageError(f"Give {SHORTEST} characters of the digest or more.")
    store = TrustStore()
    if listing:
        return _list(store)
    if revoke is not None:
        return _revoke(store, revoke)
    assert runbook is not None
    return _trust(store, runbook, yes, digest)


def _trust(store: TrustStore, path: Path, yes: bool, wanted: str | None) -> int:
    from runbooks.errors import RefusedError
    from state.trust_changes import changes, only_prose

    what, lines = _read(path, store)
    if reason := _changeable(what, path):
        raise RefusedError(reason)
    before = store.known(path)
    changed = changes(before, what) if before else ()
    for line in changed:
        say(Painted(line, {"+": "green", "-": "red"}.get(line[:1], "")))
    prose = bool(before and changed and only_prose(before, what))
    if prose:
        say("Only prose changed: it runs and reaches what you trusted before.")
    else:
        for line in lines:
            say(line)
    digest = _digest(what)
    if wanted is not None and not digest.startswith(wanted.lower()):
        raise RefusedError(
            f"Nothing was trusted: {path} is another one; its sha256 is {digest}."
        )
    if not yes and wanted is None:
        if not sys.stdin.isatty():
            raise RefusedError(
                "Nothing was trusted: nobody can be asked here. When you have read "
                f"the list, write: gonogo trust --digest {digest[:SHORTEST]} {path}"
            )
        if not _agreed(path, prose):
            say("Nothing was trusted.")
            return 1
    store.trust(what, path)
    say(f"Trusted: {path}")
    return 0


def _agreed(path: Path, prose: bool) -> bool:
    """Ask; where only prose changed, the one key y is enough."""
    if not prose:
        return agreed(f"Trust all of this in {path}?")
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)  # drops what was typed before the question stood there
        say(f"Trust {path} as it is now? Press y to renew.")
        return os.read(terminal, 1) in (b"y", b"Y")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _digest(what: Runbook | str) -> str:
    from state.trust import command_digest

    return command_digest(what) if isinstance(what, str) else what.digest


def _changeable(what: Runbook | str, path: Path) -> str:
    from state.ownership import unsafe
    from state.trust import changeable

    return unsafe(path) if isinstance(what, str) else changeable(what)


def _read(path: Path, store: TrustStore) -> tuple[Runbook | str, tuple[str, ...]]:
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
    listed = inventory(runbook, _target(runbook, store))
    return runbook, listed or ("It runs nothing and reaches no host.",)


def _target(runbook: Runbook, store: TrustStore) -> Target:
    """The profile that it would be used with, as far as that may be read."""
    from runbooks.errors import DocumentError
    from runbooks.target import NOWHERE, load

    try:
        return load(None, runbook, store.covers_profile)
    except DocumentError:
        return NOWHERE  # whoever walks the runbook is told what is wrong with it


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
