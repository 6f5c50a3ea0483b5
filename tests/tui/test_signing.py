"""A signature on the screen: what it stands for, what holds it up, what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbooks.model import Row
from runbooks.results import Finding, Result
from state.standing import Answer, Standing
from tests.tui.walking import BAD, OwnEngine, lines, settled, walk

BOOK = """\
# Launch

```toml runbook
roles = [{ name = "Management", may_waive_blockers = true }]
```

## Before

- [ ] Dumps are fresh
  ```toml step
  id = "db.dumps"
  severity = "blocker"
  level = "auto"
  probe = { use = "tcp", host = "h", port = 1, expect = { open = true } }
  ```
- [ ] Drill was held
  ```toml step
  id = "db.drill"
  severity = "major"
  ```

## Sign-Off

- [ ] Database Team: configured and backed up
  ```toml step
  id = "sign.database"
  severity = "blocker"
  note = "optional"
  covers = ["db.*"]
  ```
- [ ] Management: approval obtained
  ```toml step
  id = "sign.management"
  severity = "blocker"
  note = "optional"
  covers = ["*"]
  needs = ["sign.database"]
  ```
"""
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def text(app: Any) -> str:
    """What stands in the detail, each run of blanks one: text wraps in a pane."""
    pane = app.screen.detail.region
    rows = lines(app)[pane.y : pane.bottom]
    return " ".join(" ".join(row[pane.x : pane.right] for row in rows).split())


async def at(pilot: Any, step_id: str) -> str:
    """What stands in the detail once the cursor has come to this step."""
    for id in ("db.dumps", step_id):
        pilot.app.screen.steps.go_to(Row("step", id))
        await settled(pilot)
    return text(pilot.app)


def waive_drill(engine: OwnEngine) -> None:
    engine.decide(["db.drill"], Answer.WAIVE, "held next week", "2999-01-02", "DBA")


@SIZES
async def test_space_signs_once_no_blocker_fails(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app, engine = walk(tmp_path, BOOK)
    async with app.run_test(size=size) as pilot:
        engine.found("db.dumps", BAD)
        waive_drill(engine)
        shown = await at(pilot, "sign.database")
        assert "covers 2 steps: 1 waived, 1 fail" in shown
        assert "fails Dumps are fresh" in shown
        assert "waived Drill was held · ana (DBA), until 2999-01-02: held" in shown
        await pilot.press("space")
        await settled(pilot)
        assert "Not signed: 1 blocker fails; mend that, or let" in "\n".join(lines(app))
        assert engine.run.progress.get("sign.database") is None
        engine.found("db.dumps", Finding(Result.PASS, "2 h"))
        shown = await at(pilot, "sign.database")
        assert "covers 2 steps: 1 pass, 1 waived" in shown
        assert "fails Dumps" not in shown
        await pilot.press("space")
        await settled(pilot)
        signed = engine.run.progress["sign.database"].decision.signed  # type: ignore[union-attr]
        assert signed
        shown = await at(pilot, "sign.database")
        assert f"signed 2 steps: 1 pass, 1 waived; sha256:{signed.digest[:12]}" in shown
        assert "since" not in shown


@SIZES
async def test_management_sees_verdict_waivers_and_who_has_not_signed(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app, engine = walk(tmp_path, BOOK)
    async with app.run_test(size=size) as pilot:
        engine.found("db.dumps", Finding(Result.PASS, "2 h"))
        waive_drill(engine)
        shown = await at(pilot, "sign.management")
        assert "covers NO-GO, 3 steps: 1 pass, 1 waived, 1 pending" in shown
        assert "not yet Database Team: configured and backed up" in shown
        await pilot.press("space")
        await settled(pilot)
        assert "Not signed: 1 other step first" in "\n".join(lines(app))
        engine.decide(["sign.database"], Answer.PASS)
        shown = await at(pilot, "sign.management")
        assert "covers GO WITH CONDITIONS, 3 steps: 2 pass, 1 waived" in shown
        assert "waived Drill was held" in shown and "not yet" not in shown
        await pilot.press("space")
        await settled(pilot)
        state = engine.run.progress["sign.management"]
        assert state.decision and state.decision.answer is Answer.PASS


async def test_what_changed_since_is_said_and_changes_no_standing(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path, BOOK)
    async with app.run_test(size=(120, 40)) as pilot:
        engine.found("db.dumps", Finding(Result.PASS, "2 h"))
        engine.decide(["sign.database"], Answer.PASS)
        engine.found("db.dumps", Finding(Result.PASS, "3 h"))
        shown = await at(pilot, "sign.database")
        assert "not what was signed: what was found or said differs" in shown
        engine.found("db.dumps", BAD)
        engine.decide(["db.drill"], Answer.PASS, "seen")
        shown = await at(pilot, "sign.database")
        assert "not what was signed: 1 now fail, 1 now pass" in shown
        assert "fails Dumps are fresh" in shown
        standings = app.screen.standings  # type: ignore[attr-defined]
        assert standings.standing("sign.database") is Standing.PASS
        await pilot.press("backspace")
        await settled(pilot)
        await pilot.press("backspace")
        await settled(pilot)
        assert standings.standing("sign.database") is Standing.PENDING
        assert "signed" not in await at(pilot, "sign.database")


async def test_a_stale_signature_says_what_to_do(tmp_path: Path) -> None:
    app, engine = walk(
        tmp_path, BOOK.replace('covers = ["db', 'fresh = "0s"\n  covers = ["db')
    )
    async with app.run_test(size=(120, 40)) as pilot:
        engine.decide(["sign.database"], Answer.PASS)
        made = engine.run.progress["sign.database"].decision
        assert made and datetime.fromisoformat(made.at) <= datetime.now(UTC)
        await at(pilot, "sign.management")
        await pilot.press("space")
        await settled(pilot)
        assert "1 other step first, anew" in "\n".join(lines(app))
