"""RunbookScreen: real keys, a real run, a real journal."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.asking import Question
from runbooks.commands import Ending
from state.author import Author
from state.run import Run
from state.standing import Answer
from tests.tui.walking import BAD, PLAIN, WEIGHTY, lines, settled, walk
from tui.told import Asks, CommandEnded, Refused, Saved

ENDED = Ending(code=1, ending="exit", seconds=0.1, started="", finished="")


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def decided(run: Run) -> list[tuple[str, str, str]]:
    """Step, answer and note of every decision in the journal, in order."""
    journal = (run.directory / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in journal]
    return [
        (event["step"], event["data"]["answer"], event["data"]["note"])
        for event in events
        if event["kind"] == "decided"
    ]


async def test_space_attests_and_moves_to_the_next_open_step(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space", "space", "space")
        await pilot.pause(0.1)
        assert [answer for _, answer, _ in decided(engine.run)] == ["pass"] * 4
        assert len({step for step, _, _ in decided(engine.run)}) == 4
        assert "DONE" in lines(app)[1] or "4/" in lines(app)[1]
        assert "said ana" in "\n".join(lines(app))


async def test_fail_asks_for_a_note_and_saves_it(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x", "enter")
        assert decided(engine.run) == []
        assert "Say what fails" in "\n".join(lines(app))
        await pilot.press("n", "o", "space", "q", "enter")
        await pilot.pause()
        assert [entry[1:] for entry in decided(engine.run)] == [("fail", "no q")]
        assert app.screen.steps.row.id != decided(engine.run)[0][0]


async def test_blocker_asks_for_a_note_before_it_passes(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        assert app.screen.answer.prompt is not None
        await pilot.press("o", "k", "enter")
        assert decided(engine.run) == [("restore", "pass", "ok")]


async def test_a_probe_s_step_is_not_passed_by_hand(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(160, 24)) as pilot:
        await pilot.press("j", "j", "space")
        assert "A probe decides" in lines(app)[-2]
        assert decided(engine.run) == []


async def test_typed_text_survives_escape_resize_and_refusal(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x", "o", "n", "e")
        await pilot.resize_terminal(120, 40)
        app.notify("something else")
        await pilot.press("escape", "j", "x", "t", "w", "o", "escape", "k", "x")
        assert app.screen.answer.values() == {"note": "one"}
        engine.broken = "the disk is full"
        await pilot.press("exclamation_mark", "enter")
        await pilot.pause()
        assert "NOT SAVED" in lines(app)[-2] and "the disk is full" in lines(app)[-2]
        engine.broken = ""
        await pilot.press("x")
        assert app.screen.answer.values() == {"note": "one!"}
        await pilot.press("enter")
        await pilot.pause()
        assert [entry[1:] for entry in decided(engine.run)] == [("fail", "one!")]


async def test_each_step_that_is_not_on_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, engine = walk(tmp_path)

    def refused(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with app.run_test(size=(80, 24)) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refused)
            await pilot.press("space", "j", "space")
            await pilot.pause()
            shown = lines(app)
            assert sum("NOT SAVED" in line for line in shown[:-2]) == 2
            assert "NOT SAVED" in shown[-2]
            assert decided(engine.run) == []
        engine.run.save()
        engine.tell(Saved(engine.run.seq))
        await pilot.pause()
        assert "NOT SAVED" not in "\n".join(lines(app))
        assert [entry[1] for entry in decided(engine.run)] == ["pass", "pass"]


async def test_waiver_has_a_date_and_refuses_a_past_one(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w", "y", "tab")
        until = app.screen.answer.values()["until"]
        await pilot.press(*(["backspace"] * len(until)), *"2020-01-01", "enter")
        assert decided(engine.run) == [] and "has passed" in "\n".join(lines(app))
        await pilot.press(*(["backspace"] * len(until)), *until, "enter")
        await pilot.pause()
        assert [entry[1] for entry in decided(engine.run)] == ["waive"]


async def test_a_blocker_s_waiver_asks_for_the_role(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w", "y", "enter")
        assert decided(engine.run) == []
        assert "Only management may waive a blocker" in "\n".join(lines(app))
        await pilot.press("tab", "tab", *"management")
        assert "as: management" in "\n".join(lines(app))
        await pilot.press("enter")
        await pilot.pause()
        decision = engine.run.progress["restore"].decision
        assert decision and (decision.answer, decision.role) == ("waive", "management")


async def test_backspace_takes_the_last_decision_back(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        first = app.screen.steps.row
        await pilot.press("space", "backspace")
        await pilot.pause()
        assert app.screen.steps.row == first
        assert engine.run.progress[first.id].decision is None


async def test_marked_steps_get_one_answer_but_no_blocker(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("v", "j", "v", "a")
        assert "one by one" in "\n".join(lines(app))
        assert decided(engine.run) == []
        await pilot.press("k", "v", "j", "j", "v", "a", "z", "enter")
        await pilot.pause()
        assert [(s, a) for s, a, _ in decided(engine.run)] == [
            ("index", "n/a"),
            ("logs", "n/a"),
        ]
        assert not app.screen.steps.marked


async def test_note_and_evidence(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("t", "h", "i", "enter", "e", *"https://x.org/1", "enter")
        await settled(pilot)
        state = engine.run.progress[app.screen.steps.row.id]
        assert state.notes == ("hi",)
        assert [(a.kind, a.value) for a in state.attachments] == [
            ("link", "https://x.org/1")
        ]
        assert "https://x.org/1" in app.screen.detail.text


async def test_no_key_acts_behind_the_answer_line(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.screen.steps.row
        await pilot.press("s", "down", "pagedown", "r", ".", "{")
        assert app.screen.steps.row == before
        await pilot.press("enter")
        await pilot.pause()
        assert decided(engine.run) == [(before.id, "skip", "r.{")]
        assert engine.calls == []


async def test_find_goes_on_and_comes_back(tmp_path: Path) -> None:
    app, _ = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.screen.steps.row
        await pilot.press("slash", *"CURTAINS", "escape")
        assert app.screen.steps.row == before
        await pilot.press("slash", *"ck", "enter")
        found = [app.screen.steps.row]
        for key in ("n", "n", "N"):
            await pilot.press(key)
            found.append(app.screen.steps.row)
        assert len(set(found[:3])) == 3 and found[3] == found[1]


async def test_a_decided_step_stays_until_the_filter_is_applied_again(
    tmp_path: Path,
) -> None:
    app, _ = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        first = app.screen.steps.row
        await pilot.press("f", "space")
        await pilot.pause()
        assert app.screen.outline.index(first) is not None
        await pilot.press("f", "f", "f", "f")
        assert app.screen.outline.filter == "open"
        assert app.screen.outline.index(first) is None


async def test_later_gates_are_folded_and_enter_unfolds(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Costs read" not in "\n".join(lines(app))
        await pilot.press("right_curly_bracket", "enter")
        assert "Costs read" in "\n".join(lines(app))
        await pilot.press("enter")
        assert "Costs read" not in "\n".join(lines(app))
        assert decided(engine.run) == [] and engine.calls == []


async def test_blockers_key_goes_round_what_blocks(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.found("logs", BAD)
        await settled(pilot)
        assert "✗ Logs shipped" in lines(app)[2]
        seen = []
        for _ in range(3):
            await pilot.press("b")
            seen.append(app.screen.steps.row.id)
        assert seen == ["index", "logs", "restore"]


async def test_a_finding_changes_row_and_detail_but_not_the_cursor(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j")
        row = app.screen.steps.row
        engine.found("logs", BAD)
        await settled(pilot)
        assert app.screen.steps.row == row
        text = "\n".join(lines(app))
        assert "31 h > 26 h" in text and "<= 26 h" in text and "postgres db" in text
        assert "✗1 failing" in lines(app)[1]


async def test_commands_run_alone_as_block_and_edited(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        part = engine.runbook.blocks[0].parts[0]
        await pilot.press("r")
        assert engine.calls == []
        await pilot.press("slash", *"echo one", "enter", "r", "R")
        await pilot.press("e", "X", "ctrl+r")
        await pilot.press("p", "k", "p", "P")
        assert engine.calls[:3] == [
            ("run_part", part.id, None),
            ("run_block", part.block),
            ("run_part", part.id, "X" + part.text),
        ]
        assert [call[0] for call in engine.calls[3:]] == ["probe", "probe"]


async def test_what_wanted_a_terminal_is_run_again_with_one(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        part = engine.runbook.blocks[0].parts[0]
        await pilot.press("slash", *"echo one", "enter", "e", "X", "ctrl+r")
        engine.began(part.id, "c1")
        engine.ended(part.id, "c1", 1)
        engine.tell(CommandEnded("c1", replace(ENDED, needs_terminal=True)))
        await settled(pilot)
        assert "I runs it again with one" in lines(app)[-2]
        await pilot.press("I", "r", "I")
        assert engine.calls[1:] == [
            ("run_part", part.id, "X" + part.text, "interactive"),
            ("run_part", part.id, None),
            ("run_part", part.id, None, "interactive"),
        ]


async def test_output_is_shown_and_the_exit_code_stands_on_its_row(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        row = app.screen.steps.row
        part = engine.runbook.blocks[0].parts[0]
        engine.began(part.id, "c1")
        engine.printed("c1", b"hello \x1b]0;evil\x07there\n")
        await settled(pilot)
        text = "\n".join(lines(app))
        assert "hello" in text and "running" in text and "\x1b" not in text
        await pilot.press("full_stop")
        assert engine.calls == [("stop", "c1")]
        await pilot.press("j", "j", "j")
        await settled(pilot)
        assert ". stop" in lines(app)[-1]
        row = app.screen.steps.row
        engine.ended(part.id, "c1", 3)
        await settled(pilot)
        assert app.screen.steps.row == row
        line = next(line for line in lines(app) if "echo one  " in line)
        assert "exit 3" in line


async def test_what_the_engine_says_is_shown(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, notice="2 steps are new since yesterday.")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "2 steps are new" in lines(app)[-2]
        engine.tell(Refused("Nothing to probe here."))
        engine.tell(Saved(7))
        await pilot.pause()
        assert "Nothing to probe here." in lines(app)[-2]
        assert "saved #7" in lines(app)[-2]


async def test_a_question_is_put_and_cancelling_is_told(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.tell(Asks(Question(id="q1", title="Run it?", confirm=True)))
        while not engine.calls:  # the dialog ignores keys that were meant for the list
            await pilot.press("escape")
            await pilot.pause(0.1)
        assert engine.calls == [("answer", "q1", None)]


async def test_a_run_is_opened_where_it_was_left(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        await settled(pilot)
        left = app.screen.steps.row
    engine.run.close()
    run = Run.open(engine.run.directory, engine.runbook, Author("ben", "", "here", 2))
    app, _ = walk(tmp_path, PLAIN, run)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen.steps.row == left


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 16)])
async def test_hostile_text_is_shown_and_obeyed_by_nobody(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    evil = (
        "[/x] [@click=app.quit]q[/] \x1b[31m \u202e \x9b 漢字漢字 👩‍👩‍👧 " + "x" * 5000
    )
    app, engine = walk(tmp_path, f"# {evil}\n\n- [ ] {evil}\n- [ ] b\n")
    async with app.run_test(size=size) as pilot:
        engine.note(engine.runbook.steps[0].id, evil)
        engine.found(engine.runbook.steps[0].id, BAD)
        await pilot.press("space", "k", "tab", "pagedown", "tab", "escape")
        await settled(pilot)
        text = "\n".join(lines(app))
        assert not any(character in text for character in "\x1b\u202e\x9b\u200d")
        assert all(len(line) <= size[0] for line in lines(app))


async def test_answer_and_level_of_every_key(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("x", "s", "a", "w"):
            await pilot.press(key, "b", "enter")
            await pilot.pause()
        assert [answer for _, answer, _ in decided(engine.run)] == [
            Answer.FAIL.value,
            Answer.SKIP.value,
            Answer.NA.value,
            Answer.WAIVE.value,
        ]
