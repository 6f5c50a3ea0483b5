"""`gonogo verify`: whether the journal of a run is as it was written."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.paths import FILE


@click.command()
@click.argument("run")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="SEQ:HASH",
    help="An event as an earlier verify printed it, kept outside this machine.",
)
@click.option("--state-dir", type=FILE, help="Where runs are.")
def command(run: str, anchors: tuple[str, ...], state_dir: Path | None) -> int:
    """Go through the journal of RUN, an id of 'gonogo runs' or a directory.

    It is held against progress.toml beside it and against every --anchor; signatures
    are computed again from what it held then. Exits 1 when something was changed, and
    names the first line that is wrong.
    """
    from state.locations import home_of_runs
    from state.record import PROGRESS
    from state.replaying import JOURNAL
    from state.signatures import signatures
    from state.verifying import anchor_in, read_anchor, verify
    from tui.cli.printing import complain, say
    from tui.cli.standing import find_run

    directory = find_run(run, home_of_runs(state_dir))
    known = [read_anchor(text) for text in anchors]
    found = verify(directory / JOURNAL, [*anchor_in(directory / PROGRESS), *known])
    if found.problem:
        place = f"{directory / JOURNAL}:{found.line}" if found.line else directory
        complain(f"{place}: {found.problem}.")
        return 1
    signed = list(signatures(directory))
    for each in signed:
        what = f"{each.step}, signed by {each.by} at {each.at}"
        if each.holds:
            say(f"{what}: {each.signed}")
        else:
            complain(f"{what}: {each.signed} is not what the journal held then.")
    if not all(each.holds for each in signed):
        return 1
    seq, head = found.last
    say(f"The journal is whole: {seq} events. Keep this elsewhere to prove it later:")
    say(f"{seq}:{head}")
    return 0
