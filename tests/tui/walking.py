"""A runbook screen on a real run, with an engine that needs no thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from runbooks.errors import GonogoError, StateError
from runbooks.events import Event, Kind
from runbooks.model import Runbook
from runbooks.parsing import parse
from runbooks.results import Finding, Judged, Reading, Result
from runbooks.tables import CommandClass
from runbooks.target import Target
from state import deciding, entries
from state.author import Author
from state.evidence import evidence as evidence_of
from state.run import Run
from state.standing import Answer
from tui.app import GonogoApp
from tui.screens.runbook import RunbookScreen
from tui.told import Happened, NotSaved, OutputCame, Refused, Told
from tui.widgets.output_view import OutputView

PLAIN = """\
# Launch

## Before

- [ ] Tickets closed
- [ ] Backups seen
- [x] Door locked

```bash
echo one
echo two
```

## After

- [ ] Curtains drawn
"""

WEIGHTY = """\
# Launch

## Before

- [ ] Backups restored
  ```toml step
  id = "restore"
  severity = "blocker"
  hint = "Look at the last drill."
  ```
- [ ] Index rebuilt
  ```toml step
  id = "index"
  severity = "major"
  ```
- [ ] Logs shipped
  ```toml step
  id = "logs"
  level = "auto"
  severity = "major"
  ```

## A week later

- [ ] Costs read
  ```toml step
  id = "costs"
  gate = "w1"
  ```
"""

BAD = Finding(
    Result.FAIL,
    "31 h > 26 h",
    (Judged(Reading("age", 31.0, "h"), "<= 26 h", Result.FAIL),),
    evidence="last backup yesterday",
    seconds=0.4,
    source="postgres db",
)


class OwnEngine:
    """Records in a real run at once; what it cannot do it only notes down."""

    def __init__(self, runbook: Runbook, run: Run) -> None:
        self.runbook = runbook
        self.run = run
        self.target = Target("")
        self.calls: list[tuple[Any, ...]] = []
        self.broken = ""
        self.untrusted = False
        self.tell: Callable[[Told], None] = lambda what: None

    def _recorded(self, call: Callable[[], Event]) -> None:
        try:
            if self.broken:
                raise StateError(self.broken)
            self.tell(Happened(call()))
        except StateError as error:
            self.tell(NotSaved(str(error)))
        except GonogoError as error:
            self.tell(Refused(str(error)))

    def decide(
        self,
        step_ids: Sequence[str],
        answer: Answer,
        note: str = "",
        until: str = "",
        role: str = "",
        evidence: str = "",
    ) -> None:
        shown = evidence_of(evidence) if evidence else None
        for id in step_ids:
            step = self.runbook.step_by_id[id]
            self._recorded(
                lambda step=step: deciding.decide(
                    self.run, step, answer, note, until, role, "", shown
                )
            )

    def withdraw(self, step_id: str) -> None:
        step = self.runbook.step_by_id[step_id]
        self._recorded(lambda: deciding.withdraw(self.run, step))

    def note(self, step_id: str, text: str) -> None:
        self._recorded(lambda: deciding.note(self.run, step_id, text))

    def attach(self, step_id: str, text: str) -> None:
        shown = evidence_of(text)
        self._recorded(
            lambda: deciding.attach(self.run, step_id, shown.kind, shown.value)
        )

    def found(self, step_id: str, finding: Finding) -> None:
        data = entries.probe_finished(finding)
        self._recorded(lambda: self.run.record(Kind.PROBE_FINISHED, step_id, data))

    def began(self, part_id: str, command: str, text: str = "") -> None:
        text = text or self.runbook.part_by_id[part_id].text
        data = entries.command_requested(
            self.runbook, part_id, command, text, CommandClass.OBSERVE
        )
        self._recorded(lambda: self.run.record(Kind.COMMAND_REQUESTED, part_id, data))
        self._recorded(
            lambda: self.run.record(
                Kind.COMMAND_STARTED, part_id, entries.command_started(command)
            )
        )

    def printed(self, command: str, data: bytes, skipped: int = 0) -> None:
        self.tell(OutputCame(command, data, skipped))

    def ended(self, part_id: str, command: str, code: int) -> None:
        data = entries.command_finished(command, code, "exit", 1.5)
        self._recorded(lambda: self.run.record(Kind.COMMAND_FINISHED, part_id, data))

    def run_part(
        self, part_id: str, text: str | None = None, interactive: bool = False
    ) -> None:
        how = ("interactive",) if interactive else ()
        self.calls.append(("run_part", part_id, text, *how))

    def shell(self) -> None:
        self.calls.append(("shell",))

    def run_block(self, block_id: str) -> None:
        self.calls.append(("run_block", block_id))

    def stop(self, command_id: str) -> None:
        self.calls.append(("stop", command_id))

    def probe(self, step_ids: Sequence[str] | None = None) -> None:
        self.calls.append(("probe", step_ids))

    def settle(self, id: str, note: str) -> None:
        self._recorded(lambda: deciding.settle(self.run, id, note))

    def know_changes(self) -> None:
        self.run.know_changes()

    def plan(self) -> None:
        self.calls.append(("plan",))

    def answer(self, question_id: str, reply: object) -> None:
        self.calls.append(("answer", question_id, reply))


def walk(
    home: Path,
    text: str = PLAIN,
    run: Run | None = None,
    notice: str = "",
    roles: Sequence[str] = (),
) -> tuple[GonogoApp, OwnEngine]:
    """Return an app on *text*, in a new run under *home* unless one is given."""
    runbook = parse(text.encode(), Path("launch.md"))
    if run is None:
        run = Run.create(home, runbook, "", Author("ana", "", "here", 1))
    engine = OwnEngine(runbook, run)

    def first() -> RunbookScreen:
        screen = RunbookScreen(engine, notice, roles)  # type: ignore[arg-type]
        engine.tell = screen.tell
        return screen

    return GonogoApp(first), engine


def lines(app: GonogoApp) -> list[str]:
    """Return what stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    """Wait for what a thread or a process does; for the screen alone, see `settled`."""
    for _ in range(2500):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("never held; on the screen:\n" + "\n".join(lines(pilot.app)))


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until the screen shows all that it knows, and puts nothing off.

    However busy the machine is: asked is what waits, not the clock.
    """
    screen = pilot.app.screen
    await pilot.pause()
    while any(_puts_off(widget) for widget in screen.walk_children(with_self=True)):
        await pilot.pause(0.01)
    await pilot.pause()


def _puts_off(widget: Any) -> object:
    """Whether it will soon show something that it knows already."""
    unseen = (
        isinstance(widget, OutputView)
        and widget.size.height
        and widget._version != widget.scrollback.version
    )
    return unseen or any(
        timer._repeat == 0 and timer._interval < 1 and not timer._task.done()
        for timer in list(widget._timers)
        if timer._task is not None
    )
