"""What a step offers: its action by the key that runs, its fixes by a key of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.model import Row
from runbooks.parsing import parse
from runbooks.remedies import remedies, step_of
from runbooks.tables import CommandClass
from runbooks.target import Target
from tests.practice.system import System, register
from tests.tui.real_walk import Walk, walking
from tui.screens.remedies import RemedyScreen

BOOK = """\
# Change

- [ ] Setting is new
  ```toml step
  id = "setting"
  hint = "Write it."
  fix = ["printf new >{path}", "cat {path}"]
  probe = {{ use = "file", path = "{path}", expect = {{ exists = true }} }}
  ```
  ```toml action
  use = "practice.write"
  to = "newer"
  ```
- [ ] Setting is gone
  ```toml step
  id = "gone"
  ```
  ```toml action
  use = "practice.remove"
  undo = "cp backup setting"
  ```
  ```toml action
  use = "practice.write"
  to = "other"
  ```
- [ ] Nobody helps
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    register(monkeypatch)
    return System(tmp_path)


@pytest.fixture
def walk(tmp_path: Path, system: System) -> Walk:
    book = BOOK.format(path=system.directory / "setting")
    return Walk(tmp_path, book, system.target)


def go(walk: Walk, step: str) -> None:
    assert walk.board is not None
    walk.board.steps.go_to(Row("step", step))


def test_what_a_step_offers_has_a_class_and_a_name(system: System) -> None:
    steps = parse(BOOK.format(path="/x").encode(), Path("book.md")).step_by_id
    first, second, third = remedies(steps["setting"], system.target)
    assert (first.command_class, first.action) == (CommandClass.MUTATE, None)
    assert second.command_class is CommandClass.OBSERVE
    assert third.text == "practice.write to=newer" and third.action
    assert step_of(first.id) == "setting" and step_of("undo:setting") == ""
    destroys, _ = remedies(steps["gone"], system.target)
    assert destroys.command_class is CommandClass.DESTRUCTIVE
    assert destroys.undo == "cp backup setting"


async def test_a_failing_step_is_fixed_and_looked_at_again_by_itself(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (110, 34)):
        await walk.until(lambda: walk.run.progress.get("setting"))
        go(walk, "setting")
        await walk.shows("F fix")
        await walk.press("F")
        await walk.until(lambda: isinstance(walk.app.screen, RemedyScreen))
        assert "printf new" in walk.text and "looks" in walk.text
        await walk.press("enter")
        await walk.asked()
        assert "printf new" in walk.text
        assert walk.run.progress["setting"].finding.result == "fail"
        await walk.agree("INC-311")
        await walk.until(lambda: walk.run.progress["setting"].finding.result == "pass")
        assert system.read() == "new"


async def test_the_key_that_runs_does_the_only_action_of_a_step(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (110, 34)):
        await walk.until(lambda: walk.run.progress.get("setting"))
        go(walk, "setting")
        await walk.shows("r do it")
        await walk.press("r")
        await walk.agree("INC-311")
        await walk.until(lambda: walk.run.progress["setting"].finding.result == "pass")
        assert system.read() == "newer"
        (acted,) = walk.run.actions.values()
        assert acted.step == "setting"


async def test_of_several_actions_one_is_chosen(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    async with walking(walk, monkeypatch, (110, 34)):
        go(walk, "gone")
        await walk.shows("▷ action")
        await walk.press("r")
        await walk.until(lambda: isinstance(walk.app.screen, RemedyScreen))
        await walk.shows("destroys")
        assert "cp backup setting" in walk.text
        await walk.press("j", "escape")
        assert not walk.run.actions
        await walk.press("r", "j", "enter")
        await walk.agree("INC-311")
        await walk.until(lambda: system.read() == "other")
        await walk.shows("▷ done")


async def test_a_step_without_remedies_says_so(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (110, 34)):
        await walk.press("g", "F")
        assert "Go to a step" in walk.text
        go(walk, walk.runbook.steps[-1].id)
        await walk.press("F")
        assert "No fix and no action is for this target" in walk.text
        await walk.press("r")
        assert "There is no command here" in walk.text


def test_what_is_for_another_platform_is_not_offered() -> None:
    book = """# Drill

- [ ] It runs
  ```toml step
  id = "it"
  fix = ["kubectl scale deployment/x --replicas=2", "docker compose up -d", "true"]
  ```
  ```toml action
  use = "docker.start"
  services = ["x"]
  when = { platform = "compose" }
  ```
"""
    step = parse(book.encode(), Path("book.md")).step_by_id["it"]

    def offered(**facts: str) -> list[str]:
        return [
            each.text.split()[0] for each in remedies(step, Target("", facts=facts))
        ]

    assert offered(platform="compose") == ["docker", "true", "docker.start"]
    assert offered(platform="kubernetes") == ["kubectl", "true"]
    assert offered(platform="processes") == ["true"]
    assert offered() == ["kubectl", "docker", "true", "docker.start"]
