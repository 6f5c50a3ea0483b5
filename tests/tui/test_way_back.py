"""The way back: what this run changed and what ran before, each through the door."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.practice.system import BOOK, System, register, write
from tests.tui.real_walk import Walk, walking

COMMANDS = """
```bash {{class=mutate undo="rm {work}/made"}}
touch {work}/made
```

```bash {{class=mutate}}
touch {work}/kept
```
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
    return Walk(tmp_path, BOOK + COMMANDS.format(work=tmp_path), system.target)


async def change(walk: Walk, to: str, **more: object) -> None:
    before = len(walk.run.actions)
    walk.engine.act(write(to, **more))
    await walk.agree("" if walk.run.armed() else "INC-311")
    await walk.until(lambda: len(walk.run.actions) > before)
    await walk.until(lambda: list(walk.run.actions.values())[-1].ending)


async def test_it_never_says_just_that_there_is_nothing(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (80, 24)):
        await walk.press("u")
        await walk.shows("nothing by an action or a command yet")
        await walk.shows("nobody could look: it keeps no history")
        await walk.shows("What came from elsewhere is taken back where it came from")
        await walk.press("enter", "R")
        assert "Nothing that this run changed still stands." in walk.text


async def test_a_former_release_is_brought_back(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "bad")
    system.put("history", "42 bad ci-bot\n41 good ana\n")
    async with walking(walk, monkeypatch, (80, 24)):
        await walk.press("u")
        await walk.shows("(practice): file setting")
        await walk.shows("ran well for 2 h 0 min")
        await walk.press("enter")
        assert "It is what runs now" in walk.text
        await walk.press("j")
        assert "practice.write to=good" in walk.text
        await walk.press("enter")
        await walk.agree("INC-311")
        await walk.until(lambda: system.read() == "good")


async def test_each_change_says_what_it_did_and_how_it_is_taken_back(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    async with walking(walk, monkeypatch):
        await change(walk, "new", lasting=True)
        await walk.press("u")
        for words in (
            "write 'new' to setting",
            "Done, and so it is now.",
            "cannot be taken back: it was written in stone",
            "at most 1 min 0 s",
            "once it is read",
            "the file's size",
            "setting: old → new",
        ):
            await walk.shows(words)
        await walk.press("enter")
        assert "Cannot be taken back: it was written in stone." in walk.text
        await walk.press("R")
        assert "Not all of it: write 'new'" in walk.text


async def test_all_is_taken_back_newest_first_each_through_the_door(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    async with walking(walk, monkeypatch):
        await change(walk, "new")
        await change(walk, "newer", brief=True)
        walk.engine.run_part(next(iter(walk.runbook.part_by_id)))
        await walk.agree()
        made = walk.run.directory.parents[1] / "made"
        await walk.until(made.exists)
        await walk.until(lambda: not walk.engine.running())
        await walk.press("u")
        await walk.shows("rm ")
        await walk.press("R")
        await walk.asked()
        assert "rm " in walk.text
        await walk.agree()
        await walk.asked()
        assert "write 'new' to setting" in walk.text and "why" not in walk.text
        await walk.agree()
        await walk.asked()
        assert "write 'old' to setting" in walk.text
        await walk.agree()
        await walk.shows(
            "All 3 are taken back: all is as it was before; what 1 command changed"
        )
        assert system.read() == "old" and not made.exists()
        await walk.press("u")
        await walk.shows("is taken back")
        await walk.shows("all is as it was before")
        await walk.press("R")
        assert "Nothing that this run changed still stands." in walk.text


async def test_it_stops_at_the_first_that_is_not_taken_back(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    async with walking(walk, monkeypatch, (120, 30)):
        for to in ("new", "newer", "newest"):
            await change(walk, to)
        await walk.press("u")
        await walk.shows("setting: newer → newest")
        await walk.press("v", "j", "v", "R")
        await walk.asked()
        system.put("broken")
        await walk.agree()
        await walk.shows("Stopped there: 1 more not taken back.")
        assert system.read() != "old"
        standing = [a for a in walk.run.actions.values() if a.stands]
        assert [a.title for a in standing] == [
            f"write {to!r} to setting" for to in ("new", "newer", "newest")
        ]


async def test_a_no_ends_the_plan(
    walk: Walk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (120, 30)):
        await change(walk, "new")
        await change(walk, "newer")
        await walk.press("u", "R")
        await walk.asked()
        await walk.press("escape")
        await walk.shows("1 more not taken back")
        assert system.read() == "newer"


async def test_a_command_without_an_undo_says_so(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch):
        walk.engine.run_part(list(walk.runbook.part_by_id)[1])
        await walk.agree("INC-311")
        await walk.until(lambda: any(c.ending for c in walk.run.commands.values()))
        await walk.press("u")
        await walk.shows("nobody said how it is taken back")
        await walk.press("enter")
        assert "Nobody said how it is taken back." in walk.text
