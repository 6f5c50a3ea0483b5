"""An action under way on the screen: how far, how long, how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.changes import Progress
from tests.practice.system import BOOK, System, register, write
from tests.tui.real_walk import Walk, walking
from tui.widgets.action_panel import bars, clock, in_one_line, one_below_another

ROLLOUT = Progress(
    bars={"new 41": (3, 6), "old 42": (1, 6)}, deadline=(72.0, 600.0), says="x"
)


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    register(monkeypatch)
    system = System(tmp_path)
    system.put("setting", "old")
    return Walk(tmp_path, BOOK, system.target)


def test_replicas_and_time_are_bars() -> None:
    shown = list(bars(ROLLOUT, since=8.0))
    assert in_one_line(shown).plain == (
        "new 41 ███░░░ 3 of 6  old 42 █░░░░░ 1 of 6  deadline ░░░░░░ 1:20 of 10:00"
    )
    lines = [line.plain for line in one_below_another(shown)]
    assert lines[0] == f"new 41    {'█' * 12}{'░' * 12}  3 of 6"
    assert lines[2] == f"deadline  {'█' * 3}{'░' * 21}  1:20 of 10:00"


def test_time_never_goes_beyond_the_deadline_nor_a_bar_beyond_its_end() -> None:
    over = Progress(bars={"pods": (9, 6), "none": (0, 0)}, deadline=(590.0, 600.0))
    said = in_one_line(list(bars(over, since=100.0))).plain
    assert "pods ██████ 9 of 6" in said and "none ░░░░░░ 0 of 0" in said
    assert said.endswith("10:00 of 10:00")


def test_a_long_time_has_hours() -> None:
    assert (clock(72), clock(3672)) == ("1:12", "1:01:12")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_action_is_watched_until_it_ends(
    walk: Walk, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = tmp_path / "system"
    (directory / "hold").touch()
    async with walking(walk, monkeypatch, size):
        walk.engine.act(write("new"), "setting")
        await walk.agree("INC-311")
        await walk.shows("1 of 2")
        await walk.shows("of 1:00")
        await walk.shows("half of it")
        last = walk.text.splitlines()[-1]
        assert "write 'new' to setting" in last and ". stop watching" in last
        assert "output write 'new' to setting" in walk.text and "running" in walk.text
        (directory / "hold").unlink()
        await walk.shows("done: write 'new' to setting. Done, and so it is now.")
        await walk.shows("done after")
        assert "stop watching" not in walk.text and "1 of 2" not in walk.text


async def test_a_key_ends_the_watching_and_says_that_it_goes_on(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "system" / "hold").touch()
    async with walking(walk, monkeypatch, (120, 30)):
        walk.engine.act(write("new"), "setting")
        await walk.agree("INC-311")
        await walk.shows("1 of 2")
        await walk.press("full_stop")
        await walk.shows("in doubt: write 'new' to setting. It was stopped while")
        assert "stop watching" not in walk.text


async def test_a_taking_back_says_whether_all_is_as_it_was(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walking(walk, monkeypatch, (120, 30)):
        walk.engine.act(write("new"), "setting")
        await walk.agree("INC-311")
        await walk.shows("done: write 'new'")
        await walk.press("u", "enter")
        await walk.agree()
        await walk.shows("Taken back: write 'new' to setting; all is as it was before.")
