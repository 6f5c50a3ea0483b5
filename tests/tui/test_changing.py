"""Armed, changing and changing back, by keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.events import Kind
from state import entries
from state.run import Run
from tests.practice.system import BOOK, System, register, write
from tests.tui.real_walk import ANA, Walk, walking
from tui.opening import Options, open_run
from tui.screens.leave import LeaveScreen

WEIGHTY = BOOK.replace(
    'id = "setting"', 'id = "setting"\n  severity = "blocker"\n  note = "optional"'
)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    register(monkeypatch)
    return System(tmp_path)


@pytest.fixture
def walk(tmp_path: Path, system: System) -> Walk:
    return Walk(tmp_path, WEIGHTY, system.target)


async def test_arming_by_key_with_a_reason_longer_and_back(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch):
        assert "OBSERVE" in walk.text
        await walk.press("A")
        assert "You are not armed; D arms." in walk.text
        await walk.press("D", "enter")
        assert "OBSERVE" in walk.text and not walk.run.armed()
        await walk.type("INC-311")
        await walk.press("enter")
        await walk.shows("ARMED 30 min INC-311")
        await walk.shows("ana is armed until")
        await walk.press("A")
        await walk.shows("ARMED 60 min INC-311")
        await walk.press("D")
        await walk.shows("OBSERVE")
        await walk.shows("Disarmed, by hand")


async def test_arming_ends_by_itself_and_says_so(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch):
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        walk.run.record(Kind.ARMED, None, entries.armed("INC-311", soon))
        await walk.shows("ARMED 1 min")
        await walk.shows("OBSERVE")
        await walk.shows("Disarmed, its time is over")


async def test_what_was_let_go_on_is_not_ended_with_the_arming(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    block = (
        f"```bash\ntouch {one}\nwhile test -e {one}; do sleep 0.02; done\n"
        f"touch {two}\n```\n"
    )
    walk = Walk(tmp_path, f"# B\n\n{block}", system.target)
    async with walking(walk, monkeypatch):
        await walk.press("j", "R")
        await walk.agree("drill")
        await walk.until(one.exists)
        walk.engine.disarm()
        await walk.shows("OBSERVE")
        one.unlink()
        await walk.until(two.exists)


async def test_a_loose_end_is_counted_weighs_is_told_and_accepted(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch):
        await walk.press("L")
        assert "There is no loose end" in walk.text
        await walk.press("j", "space")
        await walk.until(lambda: walk.text.splitlines()[1].startswith(" GO  "))
        walk.engine.act(write("new", brief=True), "setting")
        await walk.agree("INC-311")
        await walk.shows("1 loose end")
        await walk.shows("GO WITH CONDITIONS")
        await walk.shows("condition: loose end: setting is 'new' for a while, by ana")
        await walk.until(lambda: not walk.engine.running())
        await walk.press("q")
        await walk.until(lambda: isinstance(walk.app.screen, LeaveScreen))
        assert "not taken back" in walk.text and "for a while, by ana" in walk.text
        await walk.press("escape", "L")
        await walk.shows("Left different on purpose")
        await walk.press("a")
        await walk.until(lambda: walk.app.screen is walk.board)
        await walk.press("enter")
        await walk.shows("Nothing is typed yet")
        await walk.type("until Monday")
        await walk.press("enter")
        await walk.shows("ana leaves it as it is: until Monday")
        await walk.until(lambda: walk.text.splitlines()[1].startswith(" GO  "))
        assert "loose end" not in walk.text
        assert system.read() == "new"


async def test_taking_back_asks_and_ends_the_loose_end(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    async with walking(walk, monkeypatch):
        walk.engine.act(write("new", brief=True), "setting")
        await walk.agree("INC-311")
        await walk.shows("1 loose end")
        await walk.until(lambda: next(iter(walk.run.actions.values())).ending)
        await walk.press("u")
        await walk.shows("setting: old → new")
        await walk.press("enter")
        await walk.asked()
        assert "write 'old' to setting" in walk.text
        await walk.agree()
        await walk.until(lambda: system.read() == "old")
        await walk.until(lambda: "loose end" not in walk.text)


async def test_reopening_says_what_was_left_open(
    walk: Walk, tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch):
        walk.engine.act(write("new", brief=True), "setting")
        await walk.agree("INC-311")
        await walk.until(lambda: walk.run.actions and not walk.engine.running())
    options = Options(tmp_path, directory=walk.run.directory, name="ana")
    run, notice = open_run(walk.runbook, system.target, options)
    assert "Not taken back yet: setting is 'new' for a while, by ana" in notice
    run.close()


async def test_a_reason_that_was_typed_is_not_asked_for_again(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk.run.arm("INC-311")
    run = Run.open(walk.run.directory, walk.runbook, ANA)
    assert run.armed() and run.armed().reason == "INC-311"
    async with walking(walk, monkeypatch):
        walk.engine.act(write("new"), "setting")
        await walk.asked()
        assert "why" not in walk.text.partition("undo")[2]
        await walk.press("escape")
