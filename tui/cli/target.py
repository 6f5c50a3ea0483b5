"""`gonogo target`: make a profile of a deployment, and try one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.paths import FILE, RUNBOOK
from tui.cli.printing import Line, Painted, say

if TYPE_CHECKING:
    from runbooks.contacts import Contact
    from runbooks.model import Runbook
    from runbooks.results import Finding
    from runbooks.target import Target

PLATFORMS = ("kubernetes", "compose", "processes")


@click.group()
def command() -> None:
    """Make the profile of a deployment, or try one."""


@command.command()
@click.argument("name", required=False)
@click.option(
    "--runbook", type=RUNBOOK, help="Whose profile it is; else the shipped one."
)
@click.option(
    "--state-dir", type=FILE, help="Where runs are, and what systems are known."
)
@click.option(
    "--accept",
    multiple=True,
    metavar="TABLE",
    help="Remember which system this table leads to now, in place of the one known.",
)
@click.option("--yes", is_flag=True, help="With --accept: ask nothing.")
def check(
    name: str | None,
    runbook: Path | None,
    state_dir: Path | None,
    accept: tuple[str, ...],
    yes: bool,
) -> int:
    """Say what is wrong with profile NAME, then ask each source that it names once.

    Of a cluster it says, too, which rights the login lacks. Of each system that can
    be changed it says whether it is the one that was met at first.

    Exits 0 when all were reached, 1 when some were not or are other ones than before,
    4 when none was, and 2 when the profile is broken, or not trusted yet.
    """
    from runbooks.contacts import contacts, not_set_up
    from runbooks.identity_of import meet, tables
    from state.identities import Identities
    from state.locations import home_of_runs, run_directory
    from tui.cli import target_identities

    document = _document(runbook)
    path = _profile(name, document)
    if _complain(path, document):
        return 2
    target = _load(name, document)
    home = home_of_runs(state_dir)
    known = Identities(home)
    systems = asyncio.run(meet(tables(target), target))
    if accept:
        run_directory(home)
        return target_identities.accept(target, accept, systems, known, yes)
    asked = contacts(target)
    if empty := not_set_up(target):
        say(f"Not set up, so steps that need it stay unknown: {', '.join(empty)}")
    if not asked and not systems:
        say("The profile names nothing that could be asked.")
        return 4
    code = asyncio.run(_contact(target, asked)) if asked else 0
    return code if target_identities.tell(target, systems, known) else code or 1


@command.command()
@click.argument("name", required=False)
@click.option(
    "--runbook", type=RUNBOOK, help="Whose profile it is; else the shipped one."
)
@click.option("--platform", type=click.Choice(PLATFORMS), help="What services run on.")
@click.option("--context", metavar="NAME", help="Of the kubeconfig.")
@click.option("--namespace", metavar="NAME", help="Of the application.")
@click.option("--project", metavar="NAME", help="Compose project.")
@click.option("--env-file", metavar="PATH", help="Of services that are processes.")
@click.option("--host", metavar="HOST", help="Where the application is reached.")
@click.option("--ca", metavar="PATH", help="The only authorities to trust there.")
@click.option("--environment", type=click.Choice(["production", "staging"]))
@click.option("--gpu", type=click.Choice(["nvidia", "amd", "none"]))
@click.option("--yes", is_flag=True, help="Ask nothing: take what is found.")
@click.option("--force", is_flag=True, help="Replace a profile of that name.")
def init(name: str | None, runbook: Path | None, **given: Any) -> int:
    """Write the profile NAME: look for the deployment, and ask what was not found.

    It holds references to secrets, never a secret, and is readable by you alone.
    """
    from runbooks.discovery import discover
    from runbooks.errors import RefusedError
    from runbooks.target import profile_of
    from runbooks.target_template import template, write
    from tui.cli.target_questions import Asking, missing

    document = _document(runbook)
    asking = Asking(given, interactive=not given["yes"] and sys.stdin.isatty())
    name = name or document.options.target or "production"
    name = asking.text("Name of the deployment", name)
    path = profile_of(name)
    replacing = path.exists() and not given["force"]
    if replacing and not asking.agreed(f"{path} is there already. Replace it?"):
        raise RefusedError(
            f"{path} is there already, so it was left alone. Choose another name, or "
            "give --force."
        )
    found = asyncio.run(discover(Path.cwd()))
    for said in found.seen():
        say(f"Found: {said}")
    for said in found.told:
        say(f"Not found: {said}")
    known = asking.known(name, found)
    write(path, template(document, known))
    say(f"Written: {path}")
    if unset := ", ".join(missing(known)):
        say(f"It takes from the environment, where they are not set yet: {unset}")
    say(f"Fill in what is missing, then: gonogo target check {name}")
    return 0


def _document(runbook: Path | None) -> Runbook:
    from runbooks.parsing import read
    from runbooks.shipped import PRODUCTION

    return read(runbook or PRODUCTION)


def _profile(name: str | None, document: Runbook) -> Path:
    """Return the file that would be used.

    Raises:
        DocumentError: there is none.
    """
    from runbooks.errors import DocumentError
    from runbooks.target import find, names

    default = document.options.target
    path = find(name, document.path)
    if path is None and name is None and default:
        path = find(default, document.path)
    if path is None:
        known = ", ".join(names())
        others = f"there are {known}, or " if known else ""
        raise DocumentError(
            name or default or "target",
            f"there is no such profile; {others}make one with: gonogo target init",
        )
    return path


def _load(name: str | None, document: Runbook) -> Target:
    from runbooks.errors import RefusedError
    from runbooks.target import load
    from state.trust import TrustStore

    target = load(name, document, TrustStore().covers_profile)
    if target.untrusted:
        raise RefusedError(
            f"{target.untrusted} is not trusted yet, so nothing was asked. Read it and "
            f"trust it with: gonogo trust {target.untrusted}"
        )
    return target


def _complain(path: Path, document: Runbook) -> bool:
    """Print what is wrong with the file; return whether it is broken."""
    from runbooks import profile
    from runbooks.errors import DocumentError

    try:
        problems = profile.check(path.read_bytes(), path, document)
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error
    for problem in problems:
        word, colour = ("warning", "yellow") if problem.warning else ("error", "red")
        say(Painted(word, colour), f" {problem}")
    return any(not problem.warning for problem in problems)


async def _contact(target: Target, asked: list[Contact]) -> int:
    from runbooks.contacts import contacted, reached

    answers = []
    failures = set()
    width = max(len(each.name) for each in asked)
    async for contact, finding in contacted(target, asked):
        well = reached(finding)
        answers.append(well)
        failure = (finding.source, finding.reason)
        if well or failure not in failures:
            say(*_line(contact.name.ljust(width), finding, well))
        if not well:  # several questions to one source fail once
            failures.add(failure)
    if all(answers):
        return 0
    return 1 if any(answers) else 4


def _line(table: str, finding: Finding, well: bool) -> Line:
    from runbooks.results import Result

    if finding.result is Result.PASS:
        return Painted("ok    ", "green"), f" {table}  {finding.seconds:.2f} s"
    stage = f"{finding.stage}: " if finding.stage else ""
    note = " ".join(finding.evidence.split())
    said = f"{stage}{finding.reason}" + (f" ({note})" if note else "")
    word = Painted("partly", "yellow") if well else Painted("failed", "red")
    return word, f" {table}  {said}"
