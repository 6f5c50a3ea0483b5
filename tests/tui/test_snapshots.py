"""Pictures of the runbook screen: nothing on them depends on the time of day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.walking import BAD, WEIGHTY, settled, walk
from tui.screens import answering, bars

TEXT = (
    WEIGHTY
    + """
```bash
# show what runs
kubectl get pods -n transcript-create
kubectl delete pod <pod-name>
```
"""
)


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bars, "clock", lambda: "02:14Z")
    monkeypatch.setattr(answering, "default_end", lambda: "2026-12-01")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("place", ["walked", "answering", "part"])
def test_runbook_screen(
    snap_compare: Any, tmp_path: Path, place: str, size: tuple[int, int]
) -> None:
    app, engine = walk(tmp_path, TEXT)

    async def before(pilot: Pilot[None]) -> None:
        part = engine.runbook.blocks[0].parts[0]
        engine.found("logs", BAD)
        engine.began(part.id, "c1")
        engine.printed("c1", b"NAME   READY\n\x1b[32mapi-1\x1b[0m  1/1\n")
        engine.ended(part.id, "c1", 0)
        await pilot.press("j", "x", *"rebuilt half", "enter")
        if place == "answering":
            await pilot.press("w", *"OPS-1240")
        if place == "part":
            await pilot.press("right_curly_bracket", "enter", "j", "j", "j")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)
