"""Opening an unfinished run: what changed is shown before one goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from runbooks import processes
from runbooks.parsing import parse, read
from runbooks.results import Finding, Result
from state.author import Author
from state.run import Run
from state.runs import runs
from state.standing import Answer, Standing
from state.trust import TrustStore
from tests.practice.system import System, register
from tests.tui.walking import OwnEngine, lines, walk
from tui.config import Config
from tui.desk import Desk
from tui.opening import Options
from tui.screens import resume as resume_screen
from tui.screens.question import QuestionScreen
from tui.screens.resume import ResumeScreen
from tui.screens.runbook import RunbookScreen

BOOK = """\
# Change

- [ ] Tickets closed
- [ ] Migrated
  ```toml step
  id = "migrated"
  ```
  ```bash {class=mutate}
  echo begun; exec sleep 1000
  ```
- [ ] Setting is new
  ```toml step
  id = "setting"
  ```
  ```toml action
  use = "practice.write"
  to = "new"
  verify = ["written"]
  ```
- [ ] Setting is written
  ```toml step
  id = "written"
  probe = { use = "file", path = "SYSTEM/setting", expect = { size = ">= 3 B" } }
  ```
- [ ] Announced
  ```toml step
  id = "announced"
  needs = ["migrated"]
  ```
  ```bash {class=mutate}
  echo announced
  ```
"""


class Home:
    """gonogo on one runbook and a practice system, opened as often as a test likes."""

    def __init__(self, home: Path, system: System) -> None:
        self.runs = home / "state"
        self.runs.mkdir(parents=True)
        self.system = system
        self.book = home / "book.md"
        self.edit(BOOK.replace("SYSTEM", str(system.directory)))
        self.desk: Desk
        self.pilot: Pilot[None]

    def edit(self, text: str) -> None:
        self.book.write_text(text)

    def trust(self) -> None:
        """Trust the document as it is now: its systems are asked only then."""
        TrustStore().trust(read(self.book), self.book)

    @property
    def directory(self) -> Path:
        (summary,) = runs(self.runs)
        return summary.directory

    @property
    def engine(self) -> Any:
        engine = self.desk._engine
        assert engine
        return engine

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in lines(self.desk))

    @asynccontextmanager
    async def opened(self, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Home]:
        options = Options(self.runs, target=str(self.system.profile), name="ana")
        self.desk = Desk(options, Config())
        self.desk.prepare(self.book)
        try:
            async with self.desk.run_test(size=size, notifications=True) as self.pilot:
                yield self
        finally:
            self.desk.leave_run()

    async def until(self, holds: Callable[[], object], seconds: float = 20) -> None:
        for _ in range(int(seconds / 0.05)):
            if holds():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"waited {seconds} s in vain:\n{self.text}")

    async def shows(self, *words: str) -> None:
        for each in words:
            await self.until(lambda each=each: each in self.text)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.press(*("space" if c == " " else c for c in text), "enter")

    async def agree(self, *, arm: bool = True) -> None:
        await self.until(lambda: isinstance(self.desk.screen, QuestionScreen))
        await self.until(lambda: self.desk.screen.check_action("cancel", ()))
        await self.pilot.pause()
        await (self.type("INC-311") if arm else self.press("2"))
        await self.until(lambda: not isinstance(self.desk.screen, QuestionScreen))

    def standing(self, id: str) -> Standing:
        walk = self.desk._walk
        assert walk
        return walk.standings.standing(id)

    def kill(self, id: str) -> None:
        """SIGKILL to the supervisor of *id* and to everything below it."""
        data = json.loads((self.directory / "outputs" / f"{id}.run").read_text())
        below = [data["pid"]]
        for pid in below:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            below += map(int, children.split())
        for pid in below:
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name in ("STATE_HOME", "CONFIG_HOME", "CACHE_HOME", "RUNTIME_DIR"):
        directory = tmp_path / name.lower()
        directory.mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(directory))
    register(monkeypatch)
    monkeypatch.setattr(resume_screen, "GATHER", 0.01)
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path, System(tmp_path))
    yield home
    for record in (home.directory / "outputs").glob("*.run"):
        if not record.with_suffix(".exit").exists():
            pid = json.loads(record.read_text())["pid"]
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGTERM)


def on_top(home: Home) -> bool:
    return isinstance(home.desk.screen, ResumeScreen)


async def begin_command(home: Home) -> str:
    """Trust the book, run its command and return its id, once it is at work."""
    home.engine.run.trust()
    part = home.engine.runbook.blocks[0].parts[0].id
    home.engine.run_part(part)
    await home.agree()
    await home.shows("begun")
    (id,) = home.engine.run.running
    return str(id)


@pytest.mark.parametrize("how", ["killed", "another boot"])
async def test_a_command_whose_supervisor_died_is_in_doubt_until_settled(
    home: Home, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with home.opened():
        id = await begin_command(home)
    home.kill(id)  # no process outlives a boot, either
    if how == "another boot":
        monkeypatch.setattr(processes, "boot_id", lambda: "another")
    async with home.opened():
        await home.until(lambda: on_top(home))
        await home.shows("Running and in doubt (1)", "was interrupted, outcome unknown")
        await home.until(lambda: home.standing("migrated") is Standing.IN_DOUBT)
        await home.press("enter")
        await home.until(lambda: not on_top(home))
        walk = home.desk._walk
        assert walk and walk.steps.row and walk.steps.row.id == "migrated"
        home.engine.run_part(home.engine.runbook.blocks[1].parts[0].id)
        await home.shows("needs other steps first")
        await home.press("space")
        await home.shows("look at the state first, then say what you found")
        await home.press("enter")
        await home.shows("say what you found, or run it again")
        await home.type("both tables are there")
        await home.until(lambda: home.standing("migrated") is Standing.PASS)
        home.engine.run_part(home.engine.runbook.blocks[1].parts[0].id)
        await home.agree(arm=False)
        await home.shows("announced")


async def test_an_action_that_died_is_settled_by_its_verify_probe(home: Home) -> None:
    home.system.put("hold")
    async with home.opened():
        home.engine.run.trust()
        home.engine.act(home.engine.runbook.step_by_id["setting"].actions[0], "setting")
        await home.agree()
        await home.until(lambda: home.system.read() == "n")
        (id,) = home.engine.run.actions
    home.kill(id)
    async with home.opened():
        await home.until(lambda: on_top(home))
        await home.shows("write 'new' to setting", "was interrupted")
        await home.shows("settled once this passes: Setting is written")
        await home.until(lambda: home.standing("setting") is Standing.IN_DOUBT)
        home.system.put("setting", "new")
        home.engine.probe(["written"])
        await home.until(lambda: home.standing("setting") is Standing.PENDING)
        await home.until(lambda: "was interrupted" not in home.text)
        settled = home.engine.run.actions[id].settled
    assert settled == "the probe passes: Setting is written"
    journal = (home.directory / "journal.jsonl").read_text()
    assert '"verified":["written"]' in journal


async def test_a_command_of_no_step_is_settled_on_its_own_row(home: Home) -> None:
    home.edit(
        "# Act\n\n- [ ] One\n\n## Go\n\n- [ ] Two\n- [ ] Three\n\n"
        "```bash {class=mutate}\necho begun; exec sleep 1000\n```\n"
    )
    async with home.opened():
        id = await begin_command(home)
    home.kill(id)
    async with home.opened():
        await home.shows("was interrupted")
        await home.press("enter")
        await home.until(lambda: not on_top(home))
        await home.until(lambda: home.engine.run.state.doubts)
        await home.press("space")
        await home.shows("was interrupted: echo begun")
        await home.type("it went through")
        await home.until(lambda: not home.engine.run.state.doubts)


async def test_minutes_later_one_line_says_that_nothing_changed(home: Home) -> None:
    home.edit("# Short\n\n- [ ] One\n- [ ] Two\n")
    async with home.opened():
        await home.press("space")
        await home.until(lambda: home.standing("one") is Standing.PASS)
    async with home.opened():
        assert isinstance(home.desk.screen, RunbookScreen)
        await home.shows("nothing changed, 1 still open.")
        await home.press("B")
        await home.until(lambda: on_top(home))
        await home.shows("Unchanged (2)", "stand: 1", "To be done again: 0")
        await home.press("enter")
        await home.shows("One", "pass, said ana")
        await home.press("down", "enter")
        await home.until(lambda: not on_top(home))
        walk = home.desk._walk
        assert walk and walk.steps.row and walk.steps.row.id == "two"


async def test_another_system_is_shown_and_what_was_found_counts_no_more(
    home: Home,
) -> None:
    home.system.put("setting", "new")
    async with home.opened():
        home.engine.run.trust()
        home.engine.probe()
        await home.until(lambda: home.engine.run.state.seen)
        await home.until(lambda: home.standing("written") is Standing.PASS)
    home.system.put("id", "beta")
    async with home.opened():
        # The screen does not wait for the system; what it says comes later.
        await home.until(
            lambda: (
                "practice" in home.engine.run.state.seen
                and home.engine.run.state.seen["practice"].id == "beta"
            )
        )
        await home.until(lambda: on_top(home))
        await home.shows(
            "ANOTHER practice: practice system beta, not practice system alpha",
            "Another system answers (1)",
        )


async def test_a_system_that_does_not_say_who_it_is_holds_nothing_up(
    home: Home,
) -> None:
    home.edit("# Short\n\n- [ ] One\n- [ ] Two\n")
    home.trust()
    async with home.opened():
        await home.until(lambda: home.engine.run.state.seen)
    home.edit("# Short\n\n- [ ] One\n- [ ] Two\n- [ ] Three\n")
    home.trust()
    home.system.put("mute")
    async with home.opened():
        await home.until(lambda: on_top(home))
        await home.shows("asking which systems these are", "New (1)")
        home.system.take("mute")
        await home.shows("practice system alpha, as when the run began")


# ------------------------------------------------------------- how it looks

LAUNCH = """\
# Launch

## Before

- [ ] Tickets closed
- [ ] Backups restored
  ```toml step
  id = "restore"
  severity = "blocker"
  ```
- [ ] Queue drained
  ```toml step
  id = "queue"
  ```
- [ ] API answers
  ```toml step
  id = "api"
  probe = { use = "http", url = "http://localhost/", expect = { status = 200 } }
  ```
- [ ] Doors locked

## After

- [ ] Curtains drawn
  ```toml step
  id = "curtains"
  ```
"""
EDITED = (
    LAUNCH.replace("Backups restored", "Backups restored twice")
    .replace("- [ ] Doors locked\n", "")
    .replace(
        "- [ ] Tickets closed\n", "- [ ] Tickets closed\n- [ ] Pager handed over\n"
    )
)


class _Yesterday(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) - timedelta(days=1, hours=3)


def day_old(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that was left a day ago, with much to tell."""
    monkeypatch.setattr("state.lines.datetime", _Yesterday)
    path = home / "launch.md"
    path.write_text(LAUNCH)
    run = Run.create(home / "state", read(path), "", Author("ana", "", "here", 1))
    engine = OwnEngine(run.runbook, run)
    for id, answer in (("restore", "pass"), ("queue", "pass"), ("curtains", "fail")):
        engine.decide([id], Answer(answer), "seen")
    engine.found("api", Finding(Result.PASS, "200"))
    engine.found("api", Finding(Result.FAIL, "503 != 200"))
    run.hand_over("HPA is pinned until six; ask ben first")
    run.close()
    monkeypatch.undo()
    return run


def snapshot_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    run = day_old(tmp_path, monkeypatch)
    book = parse(EDITED.encode(), Path("launch.md"))
    again = Run.open(run.directory, book, Author("ben", "", "here", 2))
    app, _ = walk(tmp_path, EDITED, again)
    first = app._first

    def resuming() -> Any:
        screen = first()
        screen.resumes = True  # type: ignore[attr-defined]
        return screen

    app._first = resuming
    return app


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_day_later_with_an_edited_runbook(
    snap_compare: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    app = snapshot_app(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(
        "state.resume.clock_words", lambda then, days: "yesterday 17:02"
    )

    async def before(pilot: Pilot[None]) -> None:
        for _ in range(100):
            if isinstance(pilot.app.screen, ResumeScreen):
                break
            await pilot.pause(0.05)
        await pilot.press("down", "down", "down", "down")
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=size, run_before=before)
