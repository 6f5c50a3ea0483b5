"""What the board says around the list: target, who is on, messages, progress."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks.model import Row
from runbooks.plan import Plan
from runbooks.results import Finding, Judged, Reading, Result
from runbooks.target import Target
from runbooks.target_template import write_template
from state.author import Author
from state.run import Run
from tests.tui.walking import BAD, PLAIN, WEIGHTY, lines, settled, walk
from tui.told import Happened, NeedsTerminal, Refused

ASKING = (
    WEIGHTY
    + """
- [ ] API answers
  ```toml step
  id = "api"
  owner = "Web Team"
  when = { gpu = "amd" }
  probe = { use = "http", url = "${api.url}/health" }
  ```
- [ ] API is named
  ```toml step
  owner = "Database Team"
  probe = { use = "tcp", host = "${api.host}", port = 443 }
  ```
"""
)
LONG = "This did not happen, since " + "it would have been too much, " * 8 + "at last."


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


async def test_a_long_sentence_is_cut_in_its_line_and_whole_in_the_detail(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        keys = lines(app)[-1]
        engine.tell(Refused(LONG))
        await settled(pilot)
        assert not list(app._notifications)
        assert "This did not happen" in lines(app)[-2] and "…" in lines(app)[-2]
        assert lines(app)[-1] == keys
        assert "at last." in "\n".join(lines(app)).partition("─ say ")[2]
        await pilot.press("j")
        await settled(pilot)
        assert "This did not happen" not in "\n".join(lines(app))


async def test_a_decision_is_told_in_its_line_alone(tmp_path: Path) -> None:
    app, _ = walk(tmp_path, f"# L\n\n- [ ] {'a long step ' * 20}\n- [ ] b\n")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("space")
        await settled(pilot)
        assert not list(app._notifications)
        assert "#2 ana: yes – a long step" in lines(app)[-2]
        assert lines(app)[-2].rstrip().endswith("…  saved #2")


async def test_others_are_counted_while_they_live(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
        other = Run.open(
            engine.run.directory,
            engine.runbook,
            Author("ben", "", engine.run.by.host, process.pid),
        )
        engine.run.poll()
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            assert "ana +1" in lines(app)[0]
            process.send_signal(signal.SIGKILL)
            process.wait()
            app.screen.show_top()
            await pilot.pause()
            assert "+1" not in lines(app)[0]
            last = Author("cleo", "", engine.run.by.host, os.getpid())
            third = Run.open(engine.run.directory, engine.runbook, last)
            for event in engine.run.poll():
                engine.tell(Happened(event))
            await pilot.pause()
            assert "ana +1" in lines(app)[0]
            third.close()
            for event in engine.run.poll():
                engine.tell(Happened(event))
            await pilot.pause()
            assert "+1" not in lines(app)[0]
        other.close()


async def test_one_key_writes_the_target_s_profile_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "false")
    app, _ = walk(tmp_path, ASKING)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "no target profile, T sets it up" in lines(app)[0]
        await pilot.press("T")
        path = tmp_path / "config/gonogo/targets/launch.toml"
        written = path.read_text()
        assert "[api]\n# url = " in written and '# gpu = "amd"' in written
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        # This screen has no terminal to hand over: it says what to edit instead.
        assert "launch.toml" in app.screen.detail.text + lines(app)[-2]
        path.write_text("[api]\nurl = 'http://h'\n")
        await pilot.press("T")
        assert "cannot be written" not in app.screen.detail.text + lines(app)[-2]
        assert path.read_text() == "[api]\nurl = 'http://h'\n"


async def test_the_top_says_what_is_wrong_with_the_target(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    engine.target = Target("", untrusted=Path("/x/gonogo.toml"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "gonogo.toml is not trusted yet" in lines(app)[0]
        await pilot.press("T")
        await pilot.pause()
        assert "gonogo trust /x/gonogo.toml" in lines(app)[-2]


async def test_a_target_that_is_only_named_is_not_set_up(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    by = Author("ana", "", "here", 1)
    run = Run.create(tmp_path, engine.runbook, "prod", by)
    app, engine = walk(tmp_path, PLAIN, run)
    engine.target = Target("prod")
    async with app.run_test(size=(80, 24)):
        assert "prod: no target profile, T sets it up" in lines(app)[0]


def test_a_template_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    _, engine = walk(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match=r"launch\.toml cannot be written"):
        write_template(engine.runbook, tmp_path / "file")


async def test_mine_are_the_steps_of_my_roles(tmp_path: Path) -> None:
    app, _ = walk(tmp_path, ASKING, roles=["database team"])
    async with app.run_test(size=(120, 40)) as pilot:
        assert "open (4 mine)" in lines(app)[1]
        await pilot.press("f", "f")
        text = "\n".join(lines(app))
        assert "API is named" in text and "Logs shipped" in text
        assert "API answers" not in text
    app, _ = walk(tmp_path, ASKING)
    async with app.run_test(size=(120, 40)):
        assert "mine" not in lines(app)[1]


async def test_sections_of_later_gates_are_folded_with_their_own_count(
    tmp_path: Path,
) -> None:
    later = '- [ ] X\n  ```toml step\n  gate = "m1"\n  ```\n'
    app, _ = walk(tmp_path, f"{WEIGHTY}\n### Much later\n\n{later}")
    async with app.run_test(size=(80, 40)) as pilot:
        shown = [line.split() for line in lines(app)]
        assert any(line[-4:] == ["A", "week", "later", "0/2"] for line in shown)
        assert any(line[-2:] == ["Launch", "0/3"] for line in shown)
        assert "Much later" not in "\n".join(lines(app))
        await pilot.press("right_curly_bracket", "enter")
        assert "Much later" in "\n".join(lines(app))
    app, _ = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)):
        assert not app.screen.outline.folded


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 16)])
async def test_every_panel_keeps_its_place(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app, engine = walk(tmp_path, ASKING)
    async with app.run_test(size=size) as pilot:
        engine.found("logs", replace(BAD, evidence="line\n" * 50))
        places = set()
        for _ in range(6):
            await pilot.press("j")
            await settled(pilot)
            panels = (app.screen.steps, app.screen.detail, app.screen.output)
            places.add(tuple(panel.region for panel in panels))
        assert len(places) == 1


async def test_the_full_minute_repaints_only_the_rows_that_grew_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        await settled(pilot)
        steps, repainted = app.screen.steps, []
        monkeypatch.setattr(
            steps, "refresh", lambda *regions: repainted.extend(regions)
        )
        app.screen._minute()
        assert repainted == []
        monkeypatch.setattr("tui.widgets.row_text.age", lambda at, now: "9m")
        decided = steps.outline.index(Row("step", engine.runbook.steps[0].id))
        app.screen._minute()
        assert decided in {region.y + steps.top for region in repainted}
        assert all(region.height == 1 for region in repainted)


async def test_resizing_while_typing_keeps_text_and_cursor(tmp_path: Path) -> None:
    app, engine = walk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x", *"abc")
        for size in ((60, 16), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert "note: abc" in "\n".join(lines(app)), size
        await pilot.press("d", "enter")
        await pilot.pause()
        assert engine.run.progress[engine.runbook.steps[0].id].decision.note == "abcd"


async def test_a_terminal_that_cannot_be_handed_over_ends_the_command(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path)
    ends = []
    engine.interactive_ended = lambda id, ending: ends.append((id, ending.ending))
    plan = Plan(id="c1", text="less", shell="bash", cwd=tmp_path, outputs=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.tell(NeedsTerminal(plan))
        await pilot.pause()
        assert ends == [("c1", "stopped")]
        assert "cannot be handed over" in lines(app)[-2]


WAITING = """\
# Launch

- [ ] Logs shipped
  ```toml step
  id = "logs"
  level = "auto"
  severity = "major"
  ```
- [ ] Job taken
  ```toml step
  id = "job"
  level = "assist"
  severity = "major"
  ```
- [ ] Approved
  ```toml step
  severity = "blocker"
  ```
"""
GOOD = Finding(Result.PASS, "fine", (Judged(Reading("a", 1), "1", Result.PASS),))
NOT_LOOKED = Finding(Result.UNKNOWN, "not looked: it submits a job")


@pytest.mark.parametrize(
    ("logs", "job", "said"),
    [
        (GOOD, None, True),
        (GOOD, GOOD, True),
        (GOOD, NOT_LOOKED, True),
        (GOOD, replace(NOT_LOOKED, source="http api"), False),
        (GOOD, BAD, False),
        (BAD, GOOD, False),
    ],
)
async def test_it_is_said_when_nothing_but_answers_is_missing(
    tmp_path: Path, logs: Finding, job: Finding | None, said: bool
) -> None:
    app, engine = walk(tmp_path, WAITING)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.found("logs", logs)
        if job:
            engine.found("job", job)
        await settled(pilot)
        waited = "only people are waited for: 1 to confirm, 1 to say"
        assert (waited in lines(app)[2]) is said
