"""`gonogo plan`: what would become of each step, command and action."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.paths import FILE, RUNBOOK
from tui.cli.printing import Line, Painted, say

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.planned import Planned
    from runbooks.target import Target


@click.command()
@click.argument("runbook", required=False, type=RUNBOOK)
@click.option("--target", metavar="NAME", help="The deployment that it would be for.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="docs/json.md says what json holds.",
)
def command(
    runbook: Path | None, target: str | None, state_dir: Path | None, form: str
) -> int:
    """Say what would run of RUNBOOK (else the shipped one), and change nothing.

    Probes look, and commands that are declared to observe are run, as far as they
    need no person. Placeholders are filled from the unfinished run of the runbook, if
    there is one, and from the profile. Exits 0 when all of it could be walked, 2 when
    the file is broken or not trusted. Records nothing.
    """
    from runbooks.parsing import read
    from runbooks.target import load
    from state.trust import TrustStore
    from tui.cli.admitting import admit, document_of

    document = read(runbook or document_of(None))
    store = TrustStore()
    admit(document, store)
    profile = load(target, document, store.covers_profile)
    planned = _planned(document, profile, state_dir)
    if form == "json":
        say(_json(document, planned))
        return 0
    for line in _text(document, planned):
        say(*line)
    return 0


def _planned(
    document: Runbook, profile: Target, state_dir: Path | None
) -> list[Planned]:
    from state.identities import Identities
    from state.locations import context_file, home_of_runs
    from state.progress import Progress
    from state.runs import latest
    from tui.cli.progress_bar import progress_bar
    from tui.cli.standing import progress_of
    from tui.observing import NothingKept
    from tui.planning import make_plan

    home = home_of_runs(state_dir)
    directory = latest(home, document, profile.name)
    known = Identities(home)
    ledger = NothingKept(
        # Whoever is not trusted has been refused already.
        lambda digest: True,
        lambda table: known.expected(profile.name, table),
    )
    with progress_bar(sum(bool(step.probes) for step in document.steps)) as advance:
        planning = make_plan(
            document,
            profile,
            ledger,
            progress_of(directory) if directory else Progress(),
            context_file(directory.name) if directory else None,
            advance,
        )
        return asyncio.run(planning)


def _text(document: Runbook, planned: Sequence[Planned]) -> Iterator[Line]:
    from runbooks.planned import Coverage
    from tui.plan_text import COLOURS, LABELS, lines_of

    width = max(map(len, LABELS.values()))
    for section, group in groupby(planned, key=lambda each: each.section):
        yield (document.section_by_id[section].title,)
        for each in group:
            for number, (label, text) in enumerate(lines_of(each)):
                colour = "" if number else COLOURS.get(each.says, "")
                yield "  ", Painted(f"{label:{width}}", colour), f"  {text}"
    yield (str(Coverage.of(planned)),)


def _json(document: Runbook, planned: Sequence[Planned]) -> str:
    from msgspec import to_builtins

    from runbooks.planned import Coverage
    from tui.cli.json_text import VERSION, encode

    coverage = Coverage.of(planned)
    names = {"command_class": "class", "origin": "from"}

    def renamed(table: dict[str, object]) -> dict[str, object]:
        return {names.get(name, name): value for name, value in table.items()}

    steps = []
    for each in planned:
        table = renamed(to_builtins(each))
        table["known"] = [renamed(to_builtins(known)) for known in each.known]
        steps.append(table)
    return encode(
        {
            "version": VERSION,
            "path": str(document.path),
            "title": document.title,
            "coverage": {
                **to_builtins(coverage),
                "predicted": coverage.predicted,
                "total": coverage.total,
            },
            "items": steps,
        }
    )
