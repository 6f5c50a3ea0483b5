"""Steps that stand for a command, and finding commands: real keys, a real run."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import TextArea

from tests.tui.walking import PLAIN, lines, settled, walk
from tui.widgets.answer_line import AnswerLine

QUICK = """\
# Notes

## Health

```bash
# API health
curl -fsS \\
  http://<host>/health
touch /tmp/seen
```
"""


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


async def test_its_detail_is_that_of_the_command(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, QUICK)
    step = engine.runbook.steps[0]
    assert step.part is not None
    async with app.run_test(size=(120, 40)) as pilot:
        engine.began(step.part, "c1")
        engine.ended(step.part, "c1", 7)
        await settled(pilot)
        text = app.screen.detail.text
        assert "curl -fsS \\\n  http://<host>/health" in text
        assert "looks only: `curl` only reads (inferred)" in text
        assert "exit 7, ana" in text and "<host>" in text.partition("asks for")[2]
        assert "looks only (inferred)" in "\n".join(lines(app))


async def test_its_row_says_what_it_may_do_and_how_it_went(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, QUICK)
    second = engine.runbook.steps[1]
    async with app.run_test(size=(80, 24)) as pilot:
        engine.began(second.part or "", "c1")
        engine.ended(second.part or "", "c1", 0)
        await settled(pilot)
        rows = [line.split() for line in lines(app)]
        assert any(row[-3:] == ["▷", "looks", "–"] for row in rows)
        assert any(row[-4:] == ["▷", "exit", "0", "now"] for row in rows)


async def test_r_e_and_block_work_on_it(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, QUICK)
    step = engine.runbook.steps[0]
    part = engine.runbook.part_by_id[step.part or ""]
    async with app.run_test(size=(80, 24)) as pilot:
        assert "r run" in lines(app)[-1] and "e edit" in lines(app)[-1]
        await pilot.press("r", "R", "e")
        assert app.screen.query_one(TextArea).text == part.text
        await pilot.press("X", "ctrl+r")
        assert engine.calls == [
            ("run_part", part.id, None),
            ("run_block", part.block),
            ("run_part", part.id, f"X{part.text}"),
        ]


async def test_find_looks_into_commands_and_their_titles(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, QUICK)
    first, second = engine.runbook.steps
    async with app.run_test(size=(80, 24)) as pilot:
        for wanted, found in (("TOUCH", second), ("curl", first), ("seen", second)):
            await pilot.press("slash", *wanted, "enter")
            assert app.screen.steps.row.id == found.id, wanted
        await pilot.press("slash", *"api health", "enter")
        assert app.screen.steps.row.id == first.id


async def test_find_looks_into_titles_and_details_of_a_checklist(
    tmp_path: Path,
) -> None:
    text = "# A\n\n- [ ] one\n\n  Mind the gap.\n\n## B\n\n- [ ] two\n- [ ] three\n"
    text += "\n```bash\n# see who is there\nwho\n```\n"
    app, engine = walk(tmp_path, text)
    part = engine.runbook.blocks[0].parts[0]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"SEE WHO", "enter")
        assert app.screen.steps.row.id == part.id
        await pilot.press("slash", *"the gap", "enter")
        assert app.screen.steps.row.id == engine.runbook.steps[0].id


async def test_the_list_has_the_keys_again_as_soon_as_the_line_closes(
    tmp_path: Path,
) -> None:
    app, _ = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", "z")
        line = app.screen.answer
        assert line.prompt is not None
        app.screen.give(AnswerLine.Given(line.prompt, line.values()))
        assert app.screen.focused is app.screen.steps


async def test_what_is_nowhere_is_said_and_the_keys_are_those_of_the_place(
    tmp_path: Path,
) -> None:
    app, _ = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        before, keys = app.screen.steps.row, lines(app)[-1]
        await pilot.press("slash", *"curzz", "enter")
        await pilot.pause()
        assert "“curzz” is nowhere in this runbook." in lines(app)[-2]
        assert lines(app)[-1] == keys and "space pass" in keys
        assert app.screen.steps.row == before
        await pilot.press("slash")
        assert app.screen.answer.values() == {"text": ""}


async def test_keys_typed_ahead_go_into_the_line_they_were_meant_for(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)) as pilot:
        # All at once, as keys arrive over a slow line: none waits for the one before.
        for key in ("x", "q", "s", "f"):
            app.simulate_key(key)
        await settled(pilot)
        assert app.screen.answer.values() == {"note": "qsf"}
        assert app.is_running and engine.calls == []
