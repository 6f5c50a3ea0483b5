"""The output on the full screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.walking import PLAIN, lines, settled, walk
from tui.screens.output import OutputScreen
from tui.widgets.outputs import Outputs


async def test_find_wrap_follow_other_and_back(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        one, two = engine.runbook.blocks[0].parts
        engine.began(one.id, "c1")
        engine.printed("c1", b"".join(b"row %d\n" % n for n in range(200)))
        engine.ended(one.id, "c1", 0)
        engine.began(two.id, "c2")
        engine.printed("c2", b"second\n" + b"x" * 200)
        await settled(pilot)
        await pilot.press("plus")
        await settled(pilot)
        assert "second" in "\n".join(lines(app)) and "running" in lines(app)[0]
        await pilot.press("w")
        assert "wrapped" in lines(app)[0]
        await pilot.press("o", "slash", *"row 42", "enter")
        await settled(pilot)
        assert "exit 0" in lines(app)[0] and "stays" in lines(app)[0]
        assert any(line.startswith(" row 42 ") for line in lines(app))
        await pilot.press("f")
        await settled(pilot)
        assert any(line.startswith(" row 199") for line in lines(app))
        await pilot.press("o", "full_stop", "escape")
        assert engine.calls == [("stop", "c2")]
        assert app.screen.steps.has_focus


async def test_its_keys_are_known_before_it_is_drawn(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    screen = OutputScreen(Outputs(engine.run.commands), engine)  # type: ignore
    assert screen.check_action("wrap", ())


async def test_save_writes_all_of_it_and_never_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, engine = walk(tmp_path)
    (engine.run.outputs / "c1.out").write_bytes(b"all of it\n")
    async with app.run_test(size=(80, 24)) as pilot:
        part = engine.runbook.blocks[0].parts[0]
        engine.began(part.id, "c1")
        engine.printed("c1", b"of it\n")
        await settled(pilot)
        await pilot.press("plus", "s", "enter")
        await pilot.pause()
        assert (tmp_path / "output-c1.txt").read_bytes() == b"all of it\n"
        await pilot.press("s", "enter")
        await pilot.pause()
        assert "Left alone" in "\n".join(lines(app))


async def shown(pilot: Pilot[None], text: str) -> None:
    """Wait until *text* is on the screen."""
    for _ in range(200):
        if text in "\n".join(lines(pilot.app)):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"never shown: {text!r} on\n" + "\n".join(lines(pilot.app)))


async def test_an_earlier_screen_s_outputs_are_read_from_disk(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    one, two = engine.runbook.blocks[0].parts
    for part, command in (one, "c1"), (two, "c2"):
        engine.began(part.id, command)
        engine.ended(part.id, command, 0)
    (engine.run.outputs / "c1.out").write_bytes(b"from yesterday\n")
    (engine.run.outputs / "c2.out").write_bytes(b"a\nb\nfrom this morning\n")
    app, _ = walk(tmp_path, PLAIN, engine.run)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "from this morning")  # the last one, unasked
        await pilot.press("slash", *"echo one", "enter", "o")
        await shown(pilot, "from yesterday")


async def test_a_running_command_s_output_is_not_shown_twice(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    part = engine.runbook.blocks[0].parts[0]
    engine.began(part.id, "c1")
    (engine.run.outputs / "c1.out").write_bytes(b"working\n")
    app, engine = walk(tmp_path, PLAIN, engine.run)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.printed("c1", b"working\n")  # as the engine follows it, from its start
        engine.ended(part.id, "c1", 0)
        await settled(pilot)
        assert "\n".join(lines(app)).count("working") == 1


async def test_what_stood_on_the_terminal_is_shown_as_lines(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    part = engine.runbook.blocks[0].parts[0]
    engine.began(part.id, "c1")
    engine.ended(part.id, "c1", 0)
    record = [{"version": 2}, [0.1, "o", "\x1b[2J\x1b]0;title\x07db=> "]]
    record.append([0.2, "o", "select 1\r\n\x1b[32m1 row\x1b[0m\r\n"])
    text = "\n".join(map(json.dumps, record)) + '\n[0.3, "o", "cut'
    (engine.run.outputs / "c1.cast").write_text(text)
    app, _ = walk(tmp_path, PLAIN, engine.run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        seen = [line.strip() for line in lines(app)]
        assert "db=> select 1" in seen and "1 row" in seen


LOGS = b"""\
plain, before anything says a level
[pod/api-1/api] {"level": "INFO", "message": "up"}
[pod/api-1/api] {"level": "ERROR", "message": "down"}
[pod/api-2/api] {"level": "WARNING", "message": "slow"}
[pod/api-1/api] Traceback (most recent call last):
[pod/api-2/api]   goes on
api-1  | {"severity": "critical", "message": "gone"}
{"level": "debug", "message": "ERROR is only a word here"}
{"level": 30, "message": "a number is no name"}
"""


@pytest.mark.parametrize("wrapped", ["", "w"])
async def test_level_leaves_what_is_grave(tmp_path: Path, wrapped: str) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        part = engine.runbook.blocks[0].parts[0]
        engine.began(part.id, "c1")
        engine.printed("c1", LOGS)
        await pilot.pause(0.8)
        await pilot.press("plus", *wrapped, "l")
        await pilot.pause()
        text = "\n".join(lines(app))
        assert "only warnings and errors" in lines(app)[0]
        grave = ("down", "slow", "Traceback", "goes on", "gone")
        assert all(word in text for word in grave)
        assert not any(word in text for word in ("plain", "up", "a number", "a word"))
        engine.printed("c1", b'{"level": "error", "message": "late"}\n  its trace\n')
        await pilot.press("l")
        await shown(pilot, "its trace")
        text = "\n".join(lines(app))
        assert "only errors" in lines(app)[0] and "late" in text
        assert "slow" not in text and "goes on" not in text and "Traceback" in text
        await pilot.press("slash", *"gone", "enter")
        await pilot.pause()
        found = [line for line in lines(app) if "gone" in line]
        assert len(found) == 1
        await pilot.press("l")
        await shown(pilot, "plain, before")
        assert "only" not in lines(app)[0]
