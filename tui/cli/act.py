"""`gonogo act`: one action, through the same door as on the screen."""

from __future__ import annotations

import queue
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.parameters import read_parameters
from tui.cli.paths import FILE, RUNBOOK
from tui.cli.printing import agreed, ask, complain, say

if TYPE_CHECKING:
    from runbooks.asking import Question, Reply
    from runbooks.tables import ActionSpec
    from tui.engine import Engine
    from tui.told import Told

_CODES = {"done": 0, "refused": 2}
"""How an action ended to the exit code; failed and in doubt are 1."""


@click.command()
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--target", metavar="NAME", help="The profile of what is acted on.")
@click.option("--runbook", type=RUNBOOK, help="Whose run writes it down.")
@click.option("--state-dir", type=FILE, help="Where runs are.")
@click.option("--reason", default="", help="Why: a ticket, or a few words.")
@click.option(
    "--confirm",
    metavar="TARGET",
    default="",
    help="Name of the target, where nobody can be asked at a terminal.",
)
@click.option("--describe", is_flag=True, help="Say what it would do, and do nothing.")
@click.option("--verify", multiple=True, metavar="STEP", help="Probe this afterwards.")
def command(
    name: str | None,
    parameters: tuple[str, ...],
    target: str | None,
    runbook: Path | None,
    state_dir: Path | None,
    reason: str,
    confirm: str,
    describe: bool,
    verify: tuple[str, ...],
) -> int:
    """List the actions; or perform one, such as

    \b
    gonogo act docker.restart services='["api"]' --target prod

    It is shown before it is done, and asked about as on the screen. Exits 0 when it
    was done and is seen to be so, 1 when it failed or nobody knows, 2 when nothing
    was changed.
    """
    if name is None:
        return _list()
    from runbooks.tables import ActionSpec

    asked = ActionSpec(name, read_parameters(parameters), verify=verify)
    _check(asked)
    told: queue.Queue[Told] = queue.Queue()
    engine = _engine(runbook, target, state_dir, told)
    if describe:
        return _describe(engine, asked)
    engine.start(watching=False)
    try:
        engine.act(asked)
        return _attend(engine, told, reason, confirm)
    finally:
        engine.close()


def _list() -> int:
    from runbooks.actions import action_class, names

    for each in names():
        cls = action_class(each)
        first = (cls.__doc__ or "").strip().splitlines()[0]
        say(f"{each:28} {cls.command_class.value:11} {first}")
    return 0


def _check(asked: ActionSpec) -> None:
    """Refuse what is no action or has wrong parameters.

    Raises:
        click.UsageError: each thing that is wrong.
    """
    from runbooks.actions import check

    if wrong := check(asked):
        raise click.UsageError(f"{'; '.join(wrong)}.")


def _engine(
    runbook: Path | None,
    target: str | None,
    state_dir: Path | None,
    told: queue.Queue[Told],
) -> Engine:
    from runbooks.parsing import read
    from runbooks.shipped import PRODUCTION
    from state.locations import home_of_runs
    from tui.config import read_config
    from tui.opening import Options, make_engine, open_run, read_target

    document = read(runbook or PRODUCTION)
    profile = read_target(document, target)
    options = Options(home_of_runs(state_dir), target=target, name=read_config().name)
    run, _ = open_run(document, profile, options)
    return make_engine(document, run, profile, told.put)


def _describe(engine: Engine, asked: ActionSpec) -> int:
    import asyncio

    from runbooks.actions.describing import describe
    from runbooks.actions.wish import ActionWish
    from state.trust import TrustStore
    from tui.cli.admitting import refuse_untrusted

    refuse_untrusted(engine.runbook, TrustStore())
    description = asyncio.run(describe(asked, engine.target))
    say(description.title)
    for name, text in ActionWish(asked, description).facts():
        say(f"  {name:10} {text}")
    for call in description.calls:
        say(f"  {'call':10} {call.text}")
    say(f"  {'undo':10} {description.undo}")
    for reason in description.unmet:
        say(f"  {'not now':10} {reason}")
    return 2 if description.unmet else 0


def _attend(engine: Engine, told: queue.Queue[Told], reason: str, confirm: str) -> int:
    """Answer what is asked, print what comes, return the exit code at the end."""
    from tui.told import ActionEnded, Asks, NotSaved, OutputCame, Refused

    while True:
        match told.get():
            case Asks(question):
                reply = _reply(question, reason, confirm)
                if reply is None:
                    say("Nothing was changed: cancelled.")
                    return 2
                engine.answer(question.id, reply)
            case OutputCame(_, data, _):
                for line in data.decode("utf-8", "replace").splitlines():
                    say(line)
            case ActionEnded(action):
                ended = engine.run.actions[action]
                say(f"{ended.ending}: {ended.title}")
                return _CODES.get(ended.ending, 1)
            case Refused(message) | NotSaved(message):
                complain(message, who="")
                return 2


def _reply(question: Question, reason: str, confirm: str) -> Reply | None:
    """Ask at the terminal; without one the options have to say it all."""
    from runbooks.asking import Reply

    _show(question)
    if question.untrusted:
        say("Its runbook is not trusted yet; 'gonogo trust' shows and trusts it.")
        return None
    if sys.stdin.isatty():
        return _asked(question, reason)
    if confirm != question.target:
        say(f"Nobody can be asked here; add --confirm {question.target}.")
        return None
    return Reply(typed=question.type_word, reason=reason)


def _show(question: Question) -> None:
    say(question.title)
    for line in question.text.splitlines():
        say(f"  | {line}")
    for name, text in question.facts:
        say(f"  {name:10} {text}")
    say(f"  {'undo':10} {question.undo}")


def _asked(question: Question, reason: str) -> Reply | None:
    import termios

    from runbooks.asking import Reply

    # What was typed before this could be read is no answer to it.
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    typed = ""
    if question.type_word:
        typed = ask(f"Type {question.type_word} to go on", default="")
        if typed != question.type_word:
            return None
    elif not agreed("Do it?"):
        return None
    if question.arm and not reason:
        reason = ask("Why")
    return Reply(typed=typed, reason=reason)
