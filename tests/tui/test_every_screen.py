"""Every screen at every size: drawn, nothing that matters cut off, none forgotten."""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from runbooks.asking import Asked, Question
from runbooks.changes import Undo
from runbooks.model import Row
from runbooks.parsing import parse
from runbooks.placeholders import Placeholder
from runbooks.planned import Planned, Says
from runbooks.remedies import Remedy
from runbooks.tables import CommandClass
from state.changed import Changed
from state.crew import Member
from state.lever import Holder
from state.resume import Item, Resumption
from state.resume import Kind as Group
from state.runs import Summary
from tests.tui.walking import BAD, WEIGHTY, lines, walk
from tui import screens
from tui.app import GonogoApp
from tui.offers import Offer
from tui.palette import Palette
from tui.screens import question as dialog
from tui.screens.choose import ChooseScreen
from tui.screens.crew import CrewScreen
from tui.screens.edit import EditScreen
from tui.screens.faults import FaultsScreen
from tui.screens.help import HelpScreen
from tui.screens.leave import LeaveScreen
from tui.screens.loading import LoadingScreen
from tui.screens.output import OutputScreen
from tui.screens.plan import PlanScreen
from tui.screens.question import QuestionScreen
from tui.screens.remedies import RemedyScreen
from tui.screens.resume import ResumeScreen
from tui.screens.runbook import RunbookScreen
from tui.screens.too_small import TooSmallScreen
from tui.screens.way_back import WayBackScreen

SIZES = [(80, 24), (60, 16)]
ROUNDS = int(os.environ.get("GONOGO_RESIZES", 6))
"""Sizes that each screen goes through in a random walk."""
ANY_SIZE = [*SIZES, (40, 10), (59, 16), (60, 15), (120, 40), (200, 60), (20, 3), (2, 2)]
NOW = "2026-11-28T02:14:00+00:00"
ANA = {"user": "ana", "sudo_user": "", "host": "bastion-eu-1", "pid": 41234}
LONG = "kubectl --context prod-eu -n transcript-create rollout restart deployment/api"

Make = Callable[[GonogoApp, Any, Path], Screen[Any]]


@dataclass(frozen=True)
class Example:
    """A screen as full as it gets, and what has to be seen of it."""

    make: Make
    needed: tuple[str, ...]
    at_80: tuple[str, ...] = ()


def resumption() -> Resumption:
    step = Row("step", "logs")
    says = "was interrupted, outcome unknown, ana, 02:14"
    edited = Item(LONG, "pass by ana counts no more", step, (f"- {LONG}", f"+ {LONG}"))
    return Resumption(
        groups={
            Group.AT_WORK: (Item(LONG, says, step),),
            Group.EDITED: (edited,) * 9,
        },
        sorts={},
        again=("logs",) * 9,
        by_machine=(),
        stands=90,
        open=41,
        away=timedelta(hours=26, minutes=3),
        worth=True,
    )


def question() -> Question:
    text = f"{LONG} --pod <pod-name>\n" * 12
    return Question(
        id="q",
        title="Restart the API",
        text=text,
        original=text,
        command_class=CommandClass.DESTRUCTIVE,
        inferred=True,
        reason="kubectl delete removes things",
        target="prod-eu",
        cwd="/srv/app",
        undo="kubectl rollout undo",
        placeholders=(
            Asked(Placeholder(0, 10, "<pod-name>", "GONOGO_POD_NAME", "?"), ("a",), ""),
        ),
        untrusted=tuple(f"command {number}: {LONG}" for number in range(40)),
        confirm=True,
        type_word="prod-eu",
        arm=True,
        facts=(("objects", "4 Pods"), ("fights", f"HPA pinned, {LONG}, {LONG}")),
    )


def changed(number: int) -> Changed:
    return Changed(
        id=f"c{number}",
        seq=number,
        title=f"{number}: {LONG}",
        at=NOW,
        by="ana",
        ending="done",
        undo=Undo(command="kubectl rollout undo deployment/api"),
        loose_end="pinned to 6-6",
    )


def loading(app: GonogoApp, engine: Any, place: Path) -> Screen[Any]:
    path = place / "long.md"
    path.write_text("# Long")
    never = threading.Event()
    return LoadingScreen(path, lambda path, at: never.wait(60))  # type: ignore[arg-type]


def offer(name: str) -> Offer:
    path = Path(f"/srv/{name}.md")
    run = Summary(Path(f"/r/{name}"), path, name, "prod-eu", 4, 9, "ana", NOW)
    return Offer("Go on with", f"The {name} of the year", path, run)


def planned(number: int) -> Planned:
    return Planned(
        kind="part",
        id=f"p{number}",
        section="before",
        title="Restart",
        line=number,
        says=Says.RUN,
        why="it changes things",
        commands=(LONG,),
    )


def output(app: GonogoApp, engine: Any, place: Path) -> Screen[Any]:
    part = engine.runbook.blocks[0].parts[0]
    engine.began(part.id, "c1")
    engine.printed("c1", b"".join(b"row %d of the output\n" % n for n in range(99)))
    outputs = app.screen.outputs  # type: ignore[attr-defined]
    outputs.printed("c1", b"".join(b"row %d of the output\n" % n for n in range(99)), 0)
    outputs.show("c1")
    return OutputScreen(outputs, engine)


MEMBERS = tuple(
    Member(f"ben{number} as deploy", "bastion-eu-1", 4000 + number, NOW, "b", 1)
    for number in range(9)
)
FAULTS = {f"fault-{number}": f"It breaks {LONG}" for number in range(20)}
EXAMPLES: dict[type[Screen[Any]], Example] = {
    RunbookScreen: Example(
        lambda app, engine, place: app.screen,
        ("OBSERVE", "NO-GO", "Backups restored", "saved #", "? keys", "q quit"),
    ),
    ChooseScreen: Example(
        lambda app, engine, place: ChooseScreen([offer(f"run{n}") for n in range(40)]),
        (
            "choose a runbook",
            "The run0 of",
            "4 of 9",
            "/srv/run0.md",
            "? keys",
            "q quit",
        ),
    ),
    OutputScreen: Example(output, ("row 98 of the output", "198 lines", "Esc back")),
    HelpScreen: Example(
        lambda app, engine, place: HelpScreen(app.screen),
        ("What the keys do", "Esc back", "Enter", "Pass, or accept"),
    ),
    LoadingScreen: Example(loading, ("Reading long.md", "Esc gives up")),
    PlanScreen: Example(
        lambda app, engine, place: PlanScreen(
            engine.runbook, [planned(n) for n in range(30)]
        ),
        ("Dry run: nothing was changed", "30 of 30 predicted", "would run", "Esc back"),
    ),
    WayBackScreen: Example(
        lambda app, engine, place: WayBackScreen([changed(n) for n in range(30)]),
        ("What this run changed", "Enter take back", "Esc back", "undo"),
    ),
    ResumeScreen: Example(
        lambda app, engine, place: ResumeScreen(engine, resumption, None),
        (
            "Back after 26 h 3 min",
            "Running and in doubt (1)",
            "was interrupted, outcome unknown",
            "To be done again: 9",
            "Enter goes to the step",
            "Esc goes on",
        ),
        ("Edited (9), what was answered is to be done again",),
    ),
    RemedyScreen: Example(
        lambda app, engine, place: RemedyScreen(
            [Remedy(f"r{n}", "s", LONG) for n in range(30)],
            "Error rate below 1 %",
        ),
        ("Error rate below 1 %", "changes", "Esc back", "undo"),
    ),
    EditScreen: Example(
        lambda app, engine, place: EditScreen(f"{LONG}\n" * 40, "Restart the API"),
        ("edit a copy, then run it", "Ctrl+R run this text", "Esc back", "kubectl"),
    ),
    LeaveScreen: Example(
        lambda app, engine, place: LeaveScreen(
            [LONG] * 9, ["HPA pinned to 6-6, by ana"] * 9, note=True
        ),
        (
            "Leave gonogo?",
            "still running",
            "next one on shift",
            "y leave",
            "t note",
            "Esc stay",
        ),
    ),
    CrewScreen: Example(
        lambda app, engine, place: CrewScreen(
            "ana as deploy on bastion-eu-1 (process 41235)",
            MEMBERS,
            Holder(ANA, NOW, alive=True),
            ours=False,
            probed=True,
            looks=False,
            at_work=[LONG] * 3,
        ),
        (
            "Who is on in this run",
            "(process 41234) holds it",
            "t take the lever over",
            "Esc back",
        ),
        at_80=("holds it since 02:14Z",),
    ),
    FaultsScreen: Example(
        lambda app, engine, place: FaultsScreen(FAULTS, ["fault-0"]),
        ("Break this rehearsal", "injected", "fault-0", "space inject", "Esc back"),
    ),
    QuestionScreen: Example(
        lambda app, engine, place: QuestionScreen(question()),
        (
            "Restart the API",
            "kubectl",
            "type prod-eu",
            "1 Cancel",
            "2 Trust this runbook",
            "as written",
        ),
        at_80=("destroys things", "target", "not trusted", "kubectl rollout undo"),
    ),
    TooSmallScreen: Example(lambda app, engine, place: TooSmallScreen(), ()),
    Palette: Example(lambda app, engine, place: Palette(), ()),
}


def every_screen() -> Iterator[type[Screen[Any]]]:
    """Yield the screens of gonogo that are not there to be built upon."""
    for module in pkgutil.iter_modules(screens.__path__, "tui.screens."):
        importlib.import_module(module.name)
    found = [Screen[Any]]
    for one in found:
        cls = getattr(one, "__origin__", one)
        below = cls.__subclasses__()
        found += [sub for sub in below if sub not in found]
        ours = [sub for sub in below if sub.__module__.startswith("tui.")]
        if (
            cls.__module__.startswith("tui.")
            and not ours
            and cls.__name__ != "LeftOnce"
        ):
            yield cls


def text(app: GonogoApp) -> str:
    return "\n".join(lines(app))


async def show(
    pilot: Pilot[None],
    app: GonogoApp,
    engine: Any,
    kind: type[Screen[Any]],
    place: Path,
) -> None:
    """Put the example on the screen, over a board where something is known."""
    engine.found("logs", BAD)
    await pilot.pause(0.2)
    screen = EXAMPLES[kind].make(app, engine, place)
    if screen is not app.screen:
        await app.push_screen(screen)
    await pilot.pause(0.3)


def test_none_is_forgotten() -> None:
    assert set(every_screen()) == set(EXAMPLES)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


KEPT: dict[type[Screen[Any]], tuple[str, ...]] = {
    RunbookScreen: ("NO-GO", "? keys", "q quit"),
    LeaveScreen: ("next one on shift", "Esc stay"),
    CrewScreen: ("Who is on in this run", "Esc back"),
    QuestionScreen: ("Restart the API", "1 Cancel", "type prod-eu"),
    EditScreen: ("Ctrl+R run this text", "Esc back"),
}
"""What is in sight again at 80x24, wherever it was scrolled to."""
TEXT = WEIGHTY + "\n```bash\nkubectl get pods\n```\n"
NAMES = {kind.__name__: kind for kind in EXAMPLES}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "60x16"])
@pytest.mark.parametrize("name", NAMES)
async def test_what_matters_is_in_sight(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    app, engine = walk(tmp_path, TEXT)
    async with app.run_test(size=size, notifications=True) as pilot:
        await show(pilot, app, engine, NAMES[name], tmp_path)
        if NAMES[name] is TooSmallScreen:
            assert isinstance(app.screen, RunbookScreen), "it is large enough"
            return
        assert isinstance(app.screen, NAMES[name])
        seen = text(app)
        if path := os.environ.get("GONOGO_SEEN"):
            Path(path, f"{name}-{size[0]}.txt").write_text(seen)
        example = EXAMPLES[NAMES[name]]
        wanted = example.needed + (example.at_80 if size[0] == 80 else ())
        missing = [words for words in wanted if words not in seen]
        assert not missing, f"{missing} not in\n{seen}"
        assert seen.strip()


@pytest.mark.parametrize("name", NAMES)
async def test_too_small_and_resized_at_random_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(dialog, "STANDS", 3600.0)  # many sizes take their time
    dice = random.Random(f"{name} 1")
    app, engine = walk(tmp_path, TEXT)
    shown = NAMES[name] if name != "TooSmallScreen" else RunbookScreen
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await show(pilot, app, engine, NAMES[name], tmp_path)
        await pilot.resize_terminal(40, 10)
        await pilot.pause(0.1)
        assert "terminal is 40x10; gonogo needs" in text(app)
        await pilot.press("space", "y", "t", "x")
        for _ in range(ROUNDS):
            await pilot.resize_terminal(*dice.choice(ANY_SIZE))
            await pilot.press(dice.choice(["down", "up", "pagedown", "pageup"]))
            assert text(app).strip() or app.size.width < 20
        await pilot.press("home")
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.2)
        assert isinstance(app.screen, shown), "what was asked is asked still"
        assert all(words in text(app) for words in KEPT.get(shown, ())), text(app)
    assert app.return_code in (0, None)


def test_the_examples_are_a_runbook() -> None:
    assert not parse(TEXT.encode(), Path("launch.md")).problems
