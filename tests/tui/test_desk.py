"""Opening: short documents at once, long ones beside the screen, runs where left."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import DocumentError, StateError
from state.parsed import kept, read
from state.runs import runs
from tests.tui.walking import settled, until
from tui.config import Config
from tui.desk import BESIDE_SCREEN, SCREEN_BYTES, SCREEN_STEPS, Desk
from tui.opening import Options
from tui.screens.choose import ChooseScreen
from tui.screens.loading import LoadingScreen
from tui.screens.runbook import RunbookScreen

SHORT = "# Short\n\n- [ ] first step\n- [ ] second step\n"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_HOME", "CONFIG_HOME", "CACHE_HOME", "RUNTIME_DIR"):
        directory = tmp_path / name.lower()
        directory.mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(directory))
    monkeypatch.setenv("HOME", str(tmp_path))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state_home" / "gonogo"


def long_document(path: Path, size: int) -> Path:
    steps = [
        f"- [ ] step {n} of many, as long as such a line is\n" for n in range(9999)
    ]
    prose = "Some prose that nobody counts.\n\n" * (size // 32)
    path.write_text("# Long\n\n" + "".join(steps) + "\n" + prose)
    return path


async def test_a_short_document_is_there_at_once(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "short.md"
    path.write_text(SHORT)
    desk = Desk(Options(home), Config())
    desk.prepare(path)
    async with desk.run_test(size=(80, 24)):
        assert isinstance(desk.screen, RunbookScreen)
    desk.leave_run()
    (summary,) = runs(home)
    assert (summary.title, summary.done, summary.total) == ("Short", 0, 2)


async def test_a_run_goes_on_where_it_was_left(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "short.md"
    path.write_text(SHORT)
    for pressed in ("space", "j"):
        desk = Desk(Options(home), Config())
        desk.prepare(path)
        async with desk.run_test(size=(80, 24)) as pilot:
            await pilot.press(pressed)
            await settled(pilot)
        desk.leave_run()
    assert [(s.done, s.total) for s in runs(home)] == [(1, 2)]
    again = Desk(Options(home, new=True), Config())
    again.prepare(path)
    async with again.run_test(size=(80, 24)):
        pass
    again.leave_run()
    assert len(runs(home)) == 2


async def test_a_long_document_is_read_beside_the_screen(
    tmp_path: Path, home: Path
) -> None:
    path = long_document(tmp_path / "long.md", BESIDE_SCREEN)
    desk = Desk(Options(home), Config())
    desk.prepare(path)
    async with desk.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(desk.screen, RunbookScreen))
        assert len(desk.screen.engine.runbook.steps) == 9999
    desk.leave_run()
    assert kept(path) is not None


async def test_reading_can_be_given_up(tmp_path: Path, home: Path) -> None:
    path = long_document(tmp_path / "long.md", 3 * 2**20)
    desk = Desk(Options(home), Config())
    desk.prepare(path)
    async with desk.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(desk.screen, LoadingScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(desk.screen, ChooseScreen))
    assert runs(home) == []


def test_what_is_too_large_for_the_screen_says_what_takes_it(
    tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "huge.md"
    path.write_bytes(b"- [ ] a\n" * (SCREEN_BYTES // 8 + 1))
    with pytest.raises(DocumentError, match=r"5\.0 MiB.*gonogo show"):
        Desk(Options(home), Config()).prepare(path)


def test_more_steps_than_the_screen_takes(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "many.md"
    path.write_text("# Many\n\n" + "- [ ] a\n" * (SCREEN_STEPS + 1))
    with pytest.raises(DocumentError, match="20001 steps"):
        Desk(Options(home), Config()).prepare(path)


def test_an_unusable_state_home_is_one_sentence(tmp_path: Path) -> None:
    path, blocked = tmp_path / "short.md", tmp_path / "blocked"
    path.write_text(SHORT)
    blocked.write_text("a file in the way")
    with pytest.raises(StateError, match="blocked"):
        Desk(Options(blocked), Config()).prepare(path)


def test_what_was_parsed_is_found_again_and_never_when_stale(tmp_path: Path) -> None:
    path = tmp_path / "short.md"
    path.write_text(SHORT)
    assert kept(path) is None
    first = read(path)
    assert kept(path) == first
    path.write_text(SHORT.replace("second", "another"))
    assert kept(path) is None
    assert read(path).steps[1].text == "another step"
    sidecar = tmp_path / "short.gonogo.toml"
    sidecar.write_text('[step."first step"]\nseverity = "blocker"\n')
    assert kept(path) is None
    assert str(read(path).steps[0].severity) == "blocker"


def test_what_others_could_have_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "short.md"
    path.write_text(SHORT)
    read(path)
    (file,) = (tmp_path / "cache_home" / "gonogo" / "parsed").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o622)
    assert kept(path) is None
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-9])
    assert kept(path) is None


async def test_a_rehearsal_is_offered_last_and_begins_once_the_screen_is_left(
    home: Path,
) -> None:
    desk = Desk(Options(home), Config())
    async with desk.run_test() as pilot:
        await pilot.press("G", "enter")
        await pilot.pause()
    assert desk.rehearses
