"""A step that was done by hand: one answer with its evidence, in one go."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from runbooks.results import Finding, Result
from state.standing import Answer, Standing
from tests.tui.walking import BAD, PLAIN, WEIGHTY, OwnEngine, lines, walk


async def shows(pilot: Any, words: str) -> None:
    """Wait until these words are on the screen."""
    while words not in "\n".join(lines(pilot.app)):
        await pilot.pause(0.02)


async def typed(pilot: Any, text: str) -> None:
    await pilot.press(*("space" if c == " " else c for c in text))


def decided(engine: OwnEngine) -> list[dict[str, Any]]:
    journal = (engine.run.directory / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in journal]
    return [event for event in events if event["kind"] == "decided"]


async def test_answer_and_evidence_are_one_event_and_count(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)) as pilot:
        step = engine.runbook.steps[0]
        app.screen.steps.go_to(engine.runbook.rows[2])  # type: ignore[attr-defined]
        await pilot.press("h")
        await typed(pilot, "restarted at the console")
        await pilot.press("tab")
        await typed(pilot, "with Bo")
        await pilot.press("enter")
        await shows(pilot, "by hand ana")
        (event,) = decided(engine)
        assert event["step"] == step.id and event["by"]["user"] == "ana"
        assert event["data"]["answer"] == "done"
        assert event["data"]["note"] == "with Bo"
        assert event["data"]["evidence"] == {
            "kind": "text",
            "value": "restarted at the console",
            "digest": "",
        }
        standings = app.screen.standings  # type: ignore[attr-defined]
        assert standings.standing(step.id) is Standing.PASS
        row = next(line for line in lines(app) if step.text in line)
        assert "by hand ana" in row
        app.screen.steps.go_to(engine.runbook.rows[2])  # type: ignore[attr-defined]
        await shows(pilot, "done by hand, ana")
        shown = "\n".join(lines(app))
        assert "with Bo" in shown
        assert "restarted at the console  (text, ana)" in shown
    engine.run.save()
    written = (engine.run.directory / "progress.toml").read_text()
    assert 'decision = "done"' in written
    assert 'evidence = ["text: restarted at the console"]' in written


async def test_a_file_is_known_by_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "console.log"
    log.write_bytes(b"restarted\n")
    app, engine = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("h")
        await typed(pilot, "./console.logx")
        await pilot.press("enter")
        await shows(pilot, "cannot be read, so it shows nothing")
        assert decided(engine) == []
        # What was typed is not lost.
        await pilot.press("h")
        await shows(pilot, "./console.logx")
        await pilot.press("backspace", "enter")
        while not decided(engine):
            await pilot.pause(0.02)
        (event,) = decided(engine)
        digest = hashlib.sha256(b"restarted\n").hexdigest()
        shown = {"kind": "file", "value": str(log), "digest": digest}
        assert event["data"]["evidence"] == shown


async def test_without_evidence_it_is_not_done(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("h", "enter")
        await shows(pilot, "Say what was done")
        await pilot.press("escape")
        assert decided(engine) == []


@pytest.mark.parametrize("found", [BAD, None])
async def test_where_a_probe_decides_it_still_does(
    tmp_path: Path, found: Finding | None
) -> None:
    app, engine = walk(tmp_path, WEIGHTY)
    async with app.run_test(size=(110, 30)) as pilot:
        step = engine.runbook.step_by_id["logs"]
        if found:
            engine.found(step.id, found)
        row = next(row for row in engine.runbook.rows if row.id == step.id)
        app.screen.steps.go_to(row)  # type: ignore[attr-defined]
        await pilot.press("h", "x", "enter")
        while not decided(engine):
            await pilot.pause(0.02)
        assert [event["data"]["answer"] for event in decided(engine)] == ["done"]
        standings = app.screen.standings  # type: ignore[attr-defined]
        wanted = Standing.FAIL if found else Standing.PENDING
        assert standings.standing(step.id) is wanted
        app.screen.steps.go_to(row)  # type: ignore[attr-defined]
        await shows(pilot, "decided")
        told = app.screen.detail.text  # type: ignore[attr-defined]
        assert "whether that is enough its probe decides" in told


async def test_a_later_fail_of_the_probe_asks_again(tmp_path: Path) -> None:
    text = WEIGHTY.replace('level = "auto"', 'level = "assist"')
    app, engine = walk(tmp_path, text)
    async with app.run_test(size=(110, 30)) as pilot:
        engine.found("logs", Finding(Result.PASS, "all of them"))
        engine.decide(["logs"], Answer.DONE, evidence="by hand, see above")
        await pilot.pause()
        standings = app.screen.standings  # type: ignore[attr-defined]
        assert standings.standing("logs") is Standing.PASS
        engine.found("logs", BAD)
        await pilot.pause()
        assert standings.standing("logs") is Standing.STALE
