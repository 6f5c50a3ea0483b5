"""Everything of gonogo that shows text, as full of given texts as it gets.

``python -m tests.torture.surfaces PLAN HOME`` shows all of it on this terminal, one
after the other: PLAN is a JSON file that gives the texts by surface, in groups.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, OptionList, TextArea, Tooltip
from textual.widgets.option_list import Option

from runbooks.asking import Asked, Question
from runbooks.changes import Undo
from runbooks.model import Row
from runbooks.placeholders import Placeholder
from runbooks.planned import Known, Planned, Says
from runbooks.remedies import Remedy
from runbooks.results import Finding, Judged, Reading, Result
from runbooks.tables import CommandClass
from state.changed import Changed
from state.crew import Member
from state.lever import Holder
from state.resume import Item, Resumption
from state.resume import Kind as Group
from state.runs import Summary
from state.standing import Answer
from tests.tui.walking import OwnEngine, walk
from tui.app import GonogoApp
from tui.display import content, display_text, joined
from tui.offers import Offer
from tui.screens.choose import ChooseScreen
from tui.screens.crew import CrewScreen
from tui.screens.edit import EditScreen
from tui.screens.faults import FaultsScreen
from tui.screens.leave import LeaveScreen
from tui.screens.loading import LoadingScreen
from tui.screens.output import OutputScreen
from tui.screens.plan import PlanScreen
from tui.screens.question import QuestionScreen
from tui.screens.remedies import RemedyScreen
from tui.screens.resume import ResumeScreen
from tui.screens.runbook import RunbookScreen
from tui.screens.way_back import WayBackScreen
from tui.told import Announced, NotSaved, Refused
from tui.widgets.choices import Choice, Choices
from tui.widgets.edge_line import EdgeLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.shown import Shown
from tui.widgets.status_line import StatusLine
from tui.widgets.text_view import Paragraph, TextView

NOW = "2026-11-28T02:14:00+00:00"
Texts = list[str]


class Bench(Screen[None]):
    """Widgets by themselves, one for each text."""

    CSS = (
        "Vertical, TextView { height: auto; } .box { border: round white; height: 3; }"
    )

    def __init__(self, texts: Texts, make: Callable[[str], Any]) -> None:
        super().__init__()
        self._texts, self._make = texts, make

    def compose(self) -> ComposeResult:
        with Vertical():
            for text in self._texts:
                yield self._make(text)


def bordered(text: str) -> Vertical:
    box = Vertical(classes="box")
    box.border_title = content(text)
    box.border_subtitle = content(text)
    return box


def edge(text: str) -> EdgeLine:
    line = EdgeLine()
    line.show(content(text), content(text, "bold"))
    return line


def status(text: str) -> StatusLine:
    line = StatusLine(text)
    line.say(content(text), lasting=True)
    return line


def paragraphs(text: str) -> TextView:
    view = TextView()
    view.call_after_refresh(view.show, [Paragraph(content(text), text[:8])])
    view.styles.height = 3
    return view


def hovered(text: str) -> Tooltip:
    tip = Tooltip(markup=False)
    tip.update(content(text))
    tip.styles.display = "block"
    tip.styles.position = "relative"
    tip.styles.overlay = "none"
    tip.styles.max_width = 100
    return tip


BENCH: dict[str, Callable[[str], Any]] = {
    "text": lambda text: Shown(content(text)),
    "lines": lambda text: Shown(content(text, lines=True)),
    "joined": lambda text: Shown(joined(content(text), content(text), between=" ")),
    "border": bordered,
    "edge line": edge,
    "status line": status,
    "paragraphs": paragraphs,
    "field": lambda text: Input(text, compact=True),
    "empty field": lambda text: Input(placeholder=display_text(text), compact=True),
    "options": lambda text: OptionList(Option(content(text))),
    "hints": lambda text: KeyHints((text,)),
    "choices": lambda text: Choices([Choice("1", text)]),
    "editor": lambda text: TextArea(text),
    "tooltip": hovered,
}


def board(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    """Findings, notes, evidence, output and what is told, on the board beneath."""
    screen = app.screen
    assert isinstance(screen, RunbookScreen)
    text = " ".join(texts)
    reading = Judged(Reading("age", text, ""), texts[0], Result.FAIL)
    for step, each in zip(engine.runbook.steps, texts, strict=False):
        engine.found(
            step.id,
            Finding(Result.FAIL, each, (reading,), evidence=text, source=each),
        )
        engine.note(step.id, each)
        engine.attach(step.id, each)
    engine.decide([engine.runbook.steps[0].id], Answer.FAIL, texts[1 % len(texts)])
    for part in list(engine.runbook.part_by_id)[:1]:
        engine.began(part, "c1", text)
        engine.printed("c1", "\n".join(texts).encode() + b"\n")
    for told in (Announced(text), Refused(text), NotSaved(text)):
        screen.tell(told)
    screen.say(text)


def output(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    board(app, engine, texts)
    outputs = app.screen.outputs  # type: ignore[attr-defined]
    outputs.printed("c1", "\n".join(texts).encode() + b"\n", 0)
    outputs.show("c1")
    return OutputScreen(outputs, engine)  # type: ignore[arg-type]


def offers(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    def one(text: str) -> Offer:
        path = Path(f"/srv/{text}.md")
        run = Summary(Path("/r"), path, text, text, 4, 9, text, NOW, problem=text)
        return Offer(text, text, path, run)

    return ChooseScreen([one(text) for text in texts])


def question(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    text = " ".join(texts)
    asked = Placeholder(0, 1, text, "GONOGO_A", text)
    return QuestionScreen(
        Question(
            id="q",
            title=text,
            text="\n".join(texts),
            original=text,
            command_class=CommandClass.DESTRUCTIVE,
            reason=text,
            target=text,
            cwd=text,
            undo=text,
            placeholders=(Asked(asked, tuple(texts), texts[0]),),
            untrusted=tuple(texts),
            confirm=True,
            type_word=texts[0],
            arm=True,
            facts=tuple((each, each) for each in texts),
        )
    )


def plan(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    def one(text: str) -> Planned:
        return Planned(
            kind="part",
            id=text,
            section=engine.runbook.sections[-1].id,
            title=text,
            line=1,
            says=Says.RUN,
            why=text,
            commands=(text,),
            reason=text,
            known=(Known(text, text, text, text),),
            details=((text, text),),
        )

    return PlanScreen(engine.runbook, [one(text) for text in texts])


def way_back(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    return WayBackScreen(
        [
            Changed(
                id=f"c{number}",
                seq=number,
                title=text,
                at=NOW,
                by=text,
                ending="done",
                says=text,
                undo=Undo(command=text),
                loose_end=text,
                before={text: text},
                after={text: "b"},
            )
            for number, text in enumerate(texts)
        ]
    )


def resume(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    row = Row("step", engine.runbook.steps[0].id)
    items = tuple(Item(text, text, row, (text,)) for text in texts)
    told = Resumption(
        groups={Group.AT_WORK: items, Group.EDITED: items},
        sorts={},
        again=(),
        by_machine=(),
        stands=1,
        open=1,
        away=timedelta(hours=1),
        worth=True,
    )
    return ResumeScreen(engine, lambda: told, None)  # type: ignore[arg-type]


def crew(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    members = tuple(Member(text, text, 1, text, "b", 1) for text in texts)
    by = {"user": texts[0], "sudo_user": texts[-1], "host": texts[0], "pid": 1}
    return CrewScreen(
        texts[0],
        members,
        Holder(by, NOW, alive=True),
        ours=False,
        probed=True,
        looks=False,
        at_work=texts,
    )


def loading(app: GonogoApp, engine: OwnEngine, texts: Texts) -> Screen[Any]:
    name = " ".join(texts).replace("/", "_").replace("\0", "_")
    path = Path(sys.argv[2], name.encode()[:250].decode(errors="ignore"))
    path.write_text("# Long")
    never = threading.Event()
    return LoadingScreen(path, lambda path, at: never.wait(0.2))  # type: ignore[arg-type]


def toasts(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    for text in texts:
        app.notify(text, title=text, timeout=600)


SCREENS: dict[str, Callable[[GonogoApp, OwnEngine, Texts], Screen[Any] | None]] = {
    "board": board,
    "toasts": toasts,
    "output": output,
    "choose": offers,
    "question": question,
    "plan": plan,
    "way back": way_back,
    "resume": resume,
    "crew": crew,
    "loading": loading,
    "remedies": lambda app, engine, texts: RemedyScreen(
        [Remedy(f"r{n}", "s", t, undo=t) for n, t in enumerate(texts)], " ".join(texts)
    ),
    "edit": lambda app, engine, texts: EditScreen("\n".join(texts), " ".join(texts)),
    "leave": lambda app, engine, texts: LeaveScreen(
        texts, texts, note=True, draft=texts[0], problem=" ".join(texts)
    ),
    "faults": lambda app, engine, texts: FaultsScreen({t: t for t in texts}, texts),
}
SURFACES = (*BENCH, *SCREENS)


def document(texts: Texts) -> str:
    """Return a runbook whose title, sections, steps, hints, commands hold *texts*."""
    flat = [" ".join(text.splitlines()) for text in texts]
    steps = "\n".join(
        f"- [ ] {text}\n  > {text}\n\n  ```bash\n  echo '{text}'\n  ```\n"
        for text in flat
    )
    return f"# {' '.join(flat)}\n\n## {flat[0]}\n\n{steps}\n"


async def painted(app: GonogoApp) -> None:
    """Wait until what is known is drawn, and has gone to the terminal."""
    for _ in range(3):
        done = asyncio.Event()
        app.screen.call_after_refresh(done.set)
        await done.wait()
    writer = getattr(app._driver, "_writer_thread", None)
    while writer is not None and writer._waiting:
        await asyncio.sleep(0.002)


async def show(
    app: GonogoApp, engine: OwnEngine, surface: str, texts: Texts
) -> Screen[Any] | None:
    """Put a surface with these texts on the screen; return what is to be popped."""
    if surface in BENCH:
        screen: Screen[Any] | None = Bench(texts, BENCH[surface])
    else:
        screen = SCREENS[surface](app, engine, texts)
    if screen is not None:
        await app.push_screen(screen)
    elif surface == "toasts":
        while sum(toast.size.height > 0 for toast in app.screen.query("Toast")) < len(
            texts
        ):
            await asyncio.sleep(0.002)
    await painted(app)
    return screen


def groups(plan: Mapping[str, list[Texts]]) -> Iterator[tuple[str, Texts]]:
    for surface, each in plan.items():
        for texts in each:
            yield surface, texts


class Shower(GonogoApp):
    """Shows all of it and leaves."""

    plan: Mapping[str, list[Texts]]
    engine: OwnEngine

    def on_ready(self) -> None:
        super().on_ready()
        self.run_worker(self._all())

    async def _all(self) -> None:
        for surface, texts in groups(self.plan):
            screen = await show(self, self.engine, surface, texts)
            if screen is self.screen:  # one that only waits may have left by itself
                await self.pop_screen()
            elif surface == "toasts":
                self.clear_notifications()  # which leaves what held them
                await self.screen.query("ToastHolder").remove()
        await painted(self)
        self.exit()


def main() -> int:
    plan = json.loads(Path(sys.argv[1]).read_text())
    every = [text for _, texts in groups(plan) for text in texts]
    made, engine = walk(Path(sys.argv[2]), document(every[:40]))
    app = Shower(made._first)
    app.plan, app.engine = plan, engine
    return app.run_on_terminal(lambda: None)


if __name__ == "__main__":
    raise SystemExit(main())
