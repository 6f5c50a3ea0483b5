"""What the board says of passes over the probes, and of what they could not see."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks.events import Kind
from runbooks.results import Finding, Result
from tests.tui.walking import BAD, WEIGHTY, lines, settled, walk
from tui.told import Announced, Happened, Looking

PROBED = (
    WEIGHTY
    + """
## Probed

- [ ] API answers
  ```toml step
  id = "api"
  severity = "blocker"
  hint = "Start it."
  probe = { use = "http", url = "${api.url}/health", expect = { status = 200 } }
  ```
- [ ] API is fast
  ```toml step
  id = "fast"
  level = "assist"
  probe = { use = "http", url = "${api.url}/fast", expect = { latency = "<= 1 s" } }
  ```
"""
)
FIXED = """\
- [ ] Disk has room
  ```toml step
  id = "disk"
  fix = ["rm -r /srv/old"]
  probe = { use = "file", path = "/srv", expect = { exists = true } }
  ```
"""
NEWS = "Regressed: API answers: 503, not 200, was 200."
UNSET = Finding(
    Result.UNKNOWN,
    "no [api] url in the profile",
    evidence="add url under [api] to /etc/gonogo/prod.toml",
    source="target profile",
    stage="configuration",
)


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


async def test_that_it_looks_is_said_while_it_does(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.tell(Looking(2))
        await settled(pilot)
        assert "nothing is checked yet: looking at all there is" in lines(app)[2]
        assert "looking at 2 steps  saved #" in lines(app)[-2]
        engine.tell(Looking(0))
        await settled(pilot)
        assert "looking" not in "\n".join(lines(app))


async def test_news_come_back_after_what_is_none(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(80, 24)) as pilot:
        row = app.screen.steps.row
        engine.tell(Announced(NEWS))
        engine.tell(Announced("Looked at 2 steps.", news=False))
        await settled(pilot)
        assert "Looked at 2 steps." in lines(app)[-2]
        assert app.screen.steps.row == row
        await pilot.press("j")
        await settled(pilot)
        assert NEWS in lines(app)[-2]


async def test_news_that_are_long_are_whole_in_the_detail(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(80, 24)) as pilot:
        engine.tell(Announced(f"{NEWS}  2 more regressed, and that is the finish."))
        await settled(pilot)
        assert lines(app)[-2].startswith(" Regressed: API answers")
        assert "finish." in "\n".join(lines(app)[:-2])


async def test_a_file_that_is_not_trusted_is_why_nothing_is_checked(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path, PROBED)
    engine.untrusted = True
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "READING, P trusts" in lines(app)[0]
        assert "nothing is checked yet: only read until P trusts" in lines(app)[2]
        engine.untrusted = False
        engine.tell(Happened(engine.run.record(Kind.TRUSTED, None, {"digest": ""})))
        await pilot.pause()
        assert "OBSERVE" in lines(app)[0]


async def test_what_no_profile_says_is_told_with_what_to_write(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(80, 34)) as pilot:
        engine.found("api", UNSET)
        await pilot.press("slash", *"API answers", "enter")
        await settled(pilot)
        text = "\n".join(lines(app))
        assert "nothing is checked yet: T sets up what 1 step needs" in lines(app)[2]
        todo, hint = (
            text.index("to do     add url under"),
            text.index("hint      Start"),
        )
        assert text.index("looked    unknown: no [api] url") < todo < hint


async def test_a_step_that_does_not_apply_says_by_which_fact(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(80, 34)) as pilot:
        engine.found("api", Finding(Result.NA, "by fact: gpu is none"))
        await pilot.press("slash", *"API answers", "enter")
        await settled(pilot)
        (row,) = (line for line in lines(app) if "– B API answers" in line)
        assert row.split("answers")[1].split() == ["gpu", "is", "none", "now"]
        assert "by fact   gpu is none, says the profile" in "\n".join(lines(app))


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        ("Probed", "Enter open  p probe these  P all"),
        ("API answers", "p probe  x fail"),
        ("API is fast", "space pass  x fail  p probe"),
        ("Tickets closed", "space pass  x fail  s skip"),
        ("Disk has room", "F fix  p probe  x fail"),
    ],
)
async def test_the_keys_are_those_that_help_there(
    tmp_path: Path, found: str, keys: str
) -> None:
    app, engine = walk(tmp_path, f"{PROBED}- [ ] Tickets closed\n{FIXED}")
    async with app.run_test(size=(80, 24)) as pilot:
        engine.found("disk", BAD)
        await pilot.press("slash", *found, "enter")
        await settled(pilot)
        assert keys in lines(app)[-1]


async def test_a_narrow_bar_has_short_words_rather_than_half_ones(
    tmp_path: Path,
) -> None:
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(66, 24)) as pilot:
        engine.found("api", UNSET)
        engine.found("logs", replace(BAD, result=Result.WARN))
        await settled(pilot)
        assert "✗0 fail  ?1 unknown  !1 warn  ○4 open" in lines(app)[1]
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert "?1 could not look  !1 warning  ○4 open" in lines(app)[1]
