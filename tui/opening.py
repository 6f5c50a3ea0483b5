"""From a path to a walk: the runbook read, its run found or begun, the engine made.

Nothing here needs a screen: the headless commands open runs the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.asking import Place
from runbooks.errors import GonogoError
from runbooks.gate import Door
from state.author import current
from state.run import Run
from tui.engine import Engine
from tui.told import Told

if TYPE_CHECKING:
    from runbooks.model import Runbook
    from runbooks.rehearsal import Deployment
    from runbooks.target import Target
    from state.progress import HandOver
    from tui.config import Config


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said about opening.

    Attributes:
        home: directory that holds the runs.
        new: begin a new run even if an unfinished one is there.
        target: name of the target profile, or None for the document's default.
        directory: of the run to go on with, or None to look for one.
        name: what the operator is called, where several share an account.
        deployment: the rehearsal that it is about, which ends with the screen; None
            for a real deployment.
        greeting: a sentence to begin with.
    """

    home: Path
    new: bool = False
    target: str | None = None
    directory: Path | None = None
    name: str = ""
    deployment: Deployment | None = None
    greeting: str = ""


def open_runbook(
    path: Path | None,
    *,
    new: bool = False,
    target: str | None = None,
    state_dir: Path | None = None,
    slow_link: bool = False,
) -> int:
    """Show the screen on *path*, or the choose screen, and return the exit code.

    Raises:
        GonogoError: there is no screen to show it on, or nothing can be opened;
            what concerns a document named here is raised before the screen.
    """
    from state.locations import home_of_runs

    config = prepare_screen(slow_link=slow_link)
    options = Options(home_of_runs(state_dir), new, target, name=config.name)
    from tui.desk import Desk

    desk = Desk(options, config)
    code = desk.serve(path)
    if not desk.rehearses:
        return code
    from tui.rehearsing import started, walk

    with started() as deployment:
        return walk(deployment, config)


def prepare_screen(*, slow_link: bool) -> Config:
    """Get ready for a screen on this terminal; return the operator's settings.

    Raises:
        GonogoError: there is no screen to show, or the settings are wrong.
    """
    from tui.config import read_config
    from tui.display import use_ascii
    from tui.terminal import look, prepare

    config = read_config()
    terminal = look(slow_link=slow_link or config.slow_link)
    if terminal.plain:
        raise GonogoError(
            f"gonogo cannot show its screen: {terminal.plain}. 'gonogo show' prints a "
            "runbook, 'gonogo check' probes it, 'gonogo status' says where a run "
            "stands, and 'gonogo decide' answers its steps."
        )
    prepare(terminal)
    use_ascii(terminal.ascii_only)
    return config


def read_target(runbook: Runbook, name: str | None) -> Target:
    """The profile that the run is against; one nobody trusted yet is not read.

    Raises:
        DocumentError: the named profile does not exist, or is broken.
    """
    from runbooks.target import load
    from state.trust import TrustStore

    return load(name, runbook, TrustStore().covers_profile)


def open_run(runbook: Runbook, target: Target, options: Options) -> tuple[Run, str]:
    """Find the unfinished run of this runbook and target, or begin one.

    Returns:
        the run, and what changed since it was left and what was left open ("" if
        new).

    Raises:
        StateError: the run's files cannot be read or written.
    """
    from state.filesystems import warning
    from state.runs import latest

    by = current(options.name)
    directory = options.directory
    if directory is None and not options.new:
        directory = latest(options.home, runbook, target.name)
    if directory is None:
        run = Run.create(options.home, runbook, target.name, by)
        return run, warning(options.home)
    run = Run.open(directory, runbook, by)
    run.read_profile(target)
    told = (*_since(run), warning(options.home))
    return run, " ".join(filter(None, told))


def _since(run: Run) -> Iterator[str]:
    """Yield what there is to say about a run that is opened again."""
    from state.acted import reminder
    from state.comparing import Compared
    from state.resume import in_short

    yield from run.notices
    yield handed_over(run.state.handed_over)
    yield in_short(Compared.of_run(run))
    yield reminder(run.actions)


def handed_over(notes: Sequence[HandOver]) -> str:
    """Return the last note of who left, as a sentence, or ""."""
    return f"{notes[-1].by} says: {notes[-1].note}" if notes else ""


def make_engine(
    runbook: Runbook,
    run: Run,
    target: Target,
    tell: Callable[[Told], None],
    scratch: Path | None = None,
) -> Engine:
    """The engine of one run, not started yet.

    Args:
        scratch: directory for what commands leave for later ones; None for one that
            does not outlive the login.
    """
    from runbooks.known import known
    from state.doubts import later_in_block
    from state.locations import context_file
    from state.needs import unmet

    fetched = cache(lambda: known(target))

    def secrets() -> tuple[str, ...]:
        run.mask.hide(*fetched())
        return run.mask.secrets

    run.mask.ask = lambda: known(target, commands=False)
    place = Place(
        outputs=run.outputs,
        context=context_file(run.id, scratch),
        started_in=started_in(),
        # Fetched with the first command: a profile's secret may be a command too.
        secrets=secrets,
    )
    door = Door(
        runbook,
        target,
        run,
        place,
        inputs=lambda: run.inputs,
        unmet=lambda step_id: unmet(runbook, run.progress, step_id),
        doubts=lambda: [str(doubt) for doubt in run.state.doubts.values()],
        interrupted=lambda parts: later_in_block(runbook, run.state.doubts, parts),
    )
    return Engine(runbook, run, target, door, tell)


def started_in() -> Path:
    """Where gonogo was started, or the home directory when that has vanished."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path.home()
