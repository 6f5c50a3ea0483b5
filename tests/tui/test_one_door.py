"""No path around the door: every key, palette entry, command-line verb and batch."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import GonogoError
from runbooks.model import Row
from tests.practice import system as practice
from tests.practice.system import System, write
from tests.tui.guarded import assert_guarded, changing
from tests.tui.real_walk import Walk, walking
from tui.cli import COMMANDS
from tui.cli.group import run
from tui.keymap import KEYS, keys_of
from tui.palette import BoundActions
from tui.screens.question import QuestionScreen

ROOT = Path(__file__).parents[2]
BOOK = """\
# Everything

- [ ] Setting is new
  ```toml step
  id = "setting"
  fix = ["practise fixed", "touch {work}/fixed"]
  ```
  ```toml action
  use = "practice.write"
  to = "new"
  ```
- [ ] Setting is gone
  ```toml step
  id = "gone"
  ```
  ```toml action
  use = "practice.remove"
  ```
- [ ] Commands
  ```toml step
  id = "commands"
  use = "command"
  ```

  ```bash {{name=both undo="rm {work}/one {work}/two"}}
  touch {work}/one
  touch {work}/two
  ```

```bash
practise three
```

```bash {{interactive=true}}
touch {work}/four
```
"""
# What would leave, or start the operator's editor.
LEFT_OUT = {"q", "ctrl+q", "ctrl+z", "T"}
TASKS = 3
"""What the engine does all the time: save, look at other screens, watch."""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    practice.register(monkeypatch)
    system = System(tmp_path)
    system.put("setting", "old")
    practice.command(system, monkeypatch)
    return system


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture
def walk(tmp_path: Path, system: System, work: Path) -> Walk:
    return Walk(tmp_path, BOOK.format(work=work), system.target)


def journal(walk: Walk) -> list[dict[str, Any]]:
    text = (walk.run.directory / "journal.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def world(system: System, work: Path) -> dict[str, str]:
    """Everything that could be changed."""
    files = [*system.directory.iterdir(), *work.iterdir()]
    return {str(path): path.read_text() for path in files}


def names(*groups: str) -> list[str]:
    """One key for each thing that the keys of these groups do."""
    keys = (key.keys.split(",")[0] for group in groups for key in KEYS[group])
    return [name for name in dict.fromkeys(keys) if name not in LEFT_OUT]


async def back(walk: Walk) -> None:
    """Leave whatever was opened, until the board is there with nothing to type."""
    for _ in range(6):
        await walk.pilot.pause()
        assert walk.board is not None
        if walk.app.screen is walk.board and walk.board.answer.prompt is None:
            return
        if isinstance(walk.app.screen, QuestionScreen):
            await walk.asked()
        await walk.press("escape")
    raise AssertionError(walk.text)


async def settled(walk: Walk) -> None:
    """Wait until the engine has nothing to do but to wait for a person."""
    waiting = len(walk.engine._questions._open)
    for _ in range(2):
        done: list[bool] = []
        walk.engine._submit(lambda done=done: done.append(True))
        while not done:
            await asyncio.sleep(0.001)
    await walk.pilot.pause()
    if len(walk.engine._tasks) > TASKS + waiting:
        await walk.pilot.pause(0.05)


async def changed_once(walk: Walk, system: System) -> None:
    """A change that stands, so that there is something to take back; then disarmed."""
    walk.engine.act(write("newer", brief=True), "setting")
    await walk.agree("INC-311")
    await walk.until(lambda: any(a.ending for a in walk.run.actions.values()))
    walk.engine.disarm()
    await walk.shows("OBSERVE")
    assert system.read() == "newer"


async def test_no_key_on_any_row_changes_anything_unasked(
    walk: Walk, system: System, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (80, 24)):
        await changed_once(walk, system)
        before, requested = world(system, work), len(changing(journal(walk)))
        asked = set()
        step, part = Row("step", "setting"), Row("part", next(iter(walk.commands)))
        pressed = [(step, key) for key in names("runbook", "app")]
        for row, key in pressed + [(part, key) for key in "rRIeFp"]:
            assert walk.board is not None
            walk.board.steps.go_to(row)
            await walk.press(key)
            await settled(walk)
            if isinstance(walk.app.screen, QuestionScreen):
                asked.add((row.kind, key))
            await back(walk)
        assert {("step", "r"), ("part", "r"), ("part", "R"), ("part", "I")} <= asked
        assert world(system, work) == before
        assert len(changing(journal(walk))) == requested
        assert not walk.run.armed()
        assert_guarded(journal(walk))


@pytest.mark.parametrize(
    ("opens", "screen"), [("u", "way-back"), ("L", "way-back"), ("F", "remedies")]
)
async def test_no_second_key_changes_anything_unasked(
    walk: Walk,
    system: System,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    opens: str,
    screen: str,
) -> None:
    async with walking(walk, monkeypatch, (80, 24)):
        await changed_once(walk, system)
        before, requested = world(system, work), len(changing(journal(walk)))
        asked = set()
        for key in names(screen, "back"):
            assert walk.board is not None
            walk.board.steps.go_to(Row("step", "setting"))
            await walk.press(opens, key)
            await settled(walk)
            if isinstance(walk.app.screen, QuestionScreen):
                asked.add(key)
                await walk.asked()
                # Saying yes without the reason is no yes.
                await walk.press("enter", "enter")
                await settled(walk)
            await back(walk)
        assert "enter" in asked
        assert world(system, work) == before
        assert len(changing(journal(walk))) == requested


async def test_no_palette_entry_changes_anything_unasked(
    walk: Walk, system: System, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (80, 24)):
        await changed_once(walk, system)
        before, requested = world(system, work), len(changing(journal(walk)))
        entries = list(BoundActions(walk.board)._entries())
        titles = {title for title, _, _ in entries}
        helps = {key.help for key in keys_of("runbook")}
        assert helps - titles == {"Faults of this rehearsal: inject or heal one"}
        for title, _, call in entries:
            if title.startswith(("Leave;", "To the shell", "Set up the target")):
                continue
            assert walk.board is not None
            walk.board.steps.go_to(Row("step", "setting"))
            await call()
            await settled(walk)
            await back(walk)
        assert world(system, work) == before
        assert len(changing(journal(walk))) == requested


async def test_every_batch_is_asked_about_and_written_down_before_it_runs(
    walk: Walk, system: System, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = []
    answer = walk.engine.answer

    def answered(id: str, reply: Any) -> None:
        replies.append(reply)
        answer(id, reply)

    walk.engine.answer = answered  # type: ignore[method-assign]
    async with walking(walk, monkeypatch, (110, 34)):
        assert walk.board is not None
        # A whole block.
        walk.board.steps.go_to(Row("part", next(iter(walk.commands))))
        await walk.press("R")
        await walk.agree("INC-311")
        await walk.until(lambda: (work / "two").exists())
        await walk.until(lambda: not walk.engine.running())
        # A fix, and an action.
        for keys, name, said in (
            (("F", "enter"), "said", "fixed\n"),
            ("r", "setting", "new"),
        ):
            walk.board.steps.go_to(Row("step", "setting"))
            await walk.press(*keys)
            await walk.agree()
            await walk.until(lambda name=name, said=said: system.read(name) == said)
            await walk.until(lambda: not walk.engine.running())
        # Many steps at once: nothing runs for it.
        number = len(changing(journal(walk)))
        walk.board.steps.go_to(Row("step", "setting"))
        await walk.press("v", "j", "v", "r", "escape", "space")
        await back(walk)
        assert len(changing(journal(walk))) == number
        assert len([reply for reply in replies if reply]) == 3
        # All that is marked is taken back, each with a question of its own.
        await walk.press("u")
        await walk.shows("What this run changed")
        await walk.press("v", "R")
        await walk.agree()
        await walk.until(lambda: system.read() == "old")
        await settled(walk)
        assert len([reply for reply in replies if reply]) == 4
        assert_guarded(journal(walk))
        assert len(changing(journal(walk))) == 5


VERBS: dict[str, list[str]] = {
    "open": ["BOOK"],
    "show": ["BOOK"],
    "lint": ["BOOK"],
    "check": ["BOOK", "--target", "PROFILE"],
    "runs": [],
    "trust": ["BOOK"],
    "probes": [],
    "plan": ["BOOK", "--target", "PROFILE"],
    "status": ["BOOK", "--target", "PROFILE"],
    "decide": ["BOOK", "setting", "fail", "--note", "no", "--target", "PROFILE"],
    "verify": ["BOOK"],
    # What it starts is its own, and changes nothing else.
    "rehearse": ["--list-faults"],
    "act": ["practice.write", "to=new", "--target", "PROFILE", "--runbook", "BOOK"],
    "reset-terminal": [],
    "target": ["check", "PROFILE", "--runbook", "BOOK", "--accept", "practice"],
}
"""Verb to the words with which it comes nearest to a change."""


@pytest.mark.parametrize("verb", COMMANDS)
def test_no_verb_changes_anything_without_a_terminal(
    verb: str,
    tmp_path: Path,
    system: System,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    book = tmp_path / "book.md"
    book.write_text(BOOK.format(work=work))
    book.chmod(0o600)
    run(["trust", "--yes", str(book)])
    before = world(system, work)
    assert verb in VERBS, "say here how it comes nearest to a change"
    places = {"BOOK": str(book), "PROFILE": str(system.profile)}
    with suppress(GonogoError):
        run([verb, *(places.get(word, word) for word in VERBS[verb])])
    assert world(system, work) == before
    for path in tmp_path.rglob("journal.jsonl"):
        lines = path.read_text().splitlines()
        assert not changing([json.loads(line) for line in lines])


def sources(*packages: str) -> Sequence[Path]:
    found = [path for name in packages for path in (ROOT / name).rglob("*.py")]
    return [path for path in found if "rehearsal" not in path.parts]


def imports(path: Path, module: str, name: str) -> bool:
    """Whether a file imports *name* from *module*, anywhere in it."""
    text = path.read_text()
    return f"from {module} import" in text and any(
        isinstance(node, ast.ImportFrom)
        and node.module == module
        and name in (alias.name for alias in node.names)
        for node in ast.walk(ast.parse(text))
    )


@pytest.mark.parametrize(
    ("module", "name", "who"),
    [
        # The second one has its own permit from the door, and only for what reads.
        ("runbooks.commands", "start", {"runbooks/gate.py", "tui/observing.py"}),
        # It gets a plan only after the door has written the request down.
        ("runbooks.commands", "run_interactive", {"tui/screens/runbook.py"}),
        ("runbooks.actions.ordering", "plan", {"runbooks/gate.py"}),
    ],
)
def test_only_the_door_starts_what_may_change_something(
    module: str, name: str, who: set[str]
) -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sources("runbooks", "state", "tui")
        if imports(path, module, name)
    }
    assert found == who
