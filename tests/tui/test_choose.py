"""Choosing: what is offered, and what is opened."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual import on

from state.runs import Summary
from tui.app import GonogoApp
from tui.offers import LIMIT, Offer, offers
from tui.screens.choose import ChooseScreen, OfferList

CHECKLIST = "# Go live\n\n- [ ] check\n"


def names(found: list[Offer], group: str) -> list[str]:
    return [offer.title for offer in found if offer.group == group]


def test_documents_with_tasks_or_commands_are_offered(tmp_path: Path) -> None:
    here, shipped = tmp_path / "here", tmp_path / "shipped"
    here.mkdir()
    shipped.mkdir()
    (shipped / "production.md").write_text(CHECKLIST)
    (here / "a.md").write_text(CHECKLIST)
    (here / "b.MD").write_text("Commands\n\n```bash\nls\n```\n")
    (here / "c.markdown").write_text("1. [X] done\n")
    (here / "prose.md").write_text("# Prose\n\n[ ] no list\n")
    (here / "d.txt").write_text(CHECKLIST)
    (here / "dir.md").mkdir()
    os.mkfifo(here / "pipe.md")
    (here / "binary.md").write_bytes(b"\xff\x00" * 5000)
    found = offers(tmp_path / "state", shipped, here)
    assert names(found, "In this directory") == ["Go live", "b", "c"]
    assert names(found, "Come with gonogo") == ["Go live"]


def test_a_directory_of_many_files_is_cut(tmp_path: Path) -> None:
    for number in range(LIMIT + 50):
        (tmp_path / f"{number:04}.md").write_text(CHECKLIST)
    found = offers(tmp_path / "state", tmp_path / "none", tmp_path)
    assert len(names(found, "In this directory")) == LIMIT


def run(name: str, done: int, **more: str) -> Summary:
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    path = Path(f"/srv/{name}.md")
    facts = {"target": "prod-eu", "by": "ana", "at": at} | more
    return Summary(
        Path(f"/runs/{name}"), path, f"The {name}", done=done, total=9, **facts
    )


@pytest.fixture
def some() -> list[Offer]:
    rows = [run("launch", 4), run("rollback", 1), run("broken", 0, problem="cut off")]
    found = [Offer("Unfinished", row.title, row.runbook, row) for row in rows]
    return [
        *found,
        Offer("In this directory", "Deploy \x1b[2J", Path("/srv/deploy.md")),
    ]


class Choosing(GonogoApp):
    """Remembers what was chosen."""

    def __init__(self, offers: list[Offer]) -> None:
        super().__init__(lambda: ChooseScreen(offers))
        self.chosen: list[tuple[Path, Path | None]] = []

    @on(ChooseScreen.Chosen)
    def remember(self, event: ChooseScreen.Chosen) -> None:
        self.chosen.append((event.runbook, event.run))

    @property
    def text(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


async def test_it_says_how_far_who_and_when(some: list[Offer]) -> None:
    app = Choosing(some)
    async with app.run_test(size=(80, 24)):
        (line,) = [line for line in app.text.splitlines() if "The launch" in line]
        assert "4 of 9" in line and "ana" in line and "3h" in line
        assert "prod-eu" in line and line.rstrip().endswith("3h")
        assert "Deploy ␛[2J" in app.text


async def test_enter_opens_what_the_cursor_is_on(some: list[Offer]) -> None:
    app = Choosing(some)
    async with app.run_test() as pilot:
        await pilot.press("enter", "j", "enter", "G", "enter")
        assert app.chosen == [
            (Path("/srv/launch.md"), Path("/runs/launch")),
            (Path("/srv/rollback.md"), Path("/runs/rollback")),
            (Path("/srv/deploy.md"), None),
        ]


async def test_a_run_that_cannot_be_read_is_said_and_not_opened(
    some: list[Offer],
) -> None:
    app = Choosing(some)
    async with app.run_test() as pilot:
        await pilot.press("j", "j", "enter")
        assert app.chosen == [] and "cut off" in app.text


async def test_the_filter(some: list[Offer]) -> None:
    app = Choosing(some)
    async with app.run_test() as pilot:
        await pilot.press("slash", *"ROLL")
        assert "The rollback" in app.text and "The launch" not in app.text
        await pilot.press("enter", "enter")
        assert app.chosen == [(Path("/srv/rollback.md"), Path("/runs/rollback"))]
        await pilot.press("slash", *"zzz")
        assert "Nothing holds that text" in app.text
        await pilot.press("escape")
        assert "The launch" in app.text and app.focused is app.screen.query_one(
            OfferList
        )


async def test_nothing_to_open_is_said() -> None:
    app = Choosing([])
    async with app.run_test() as pilot:
        await pilot.press("j", "G", "enter", "slash", "x", "escape")
        assert "start gonogo with the path" in app.text and app.chosen == []


async def test_the_cursor_stays_in_sight_in_a_long_list() -> None:
    many = [Offer("Here", f"Runbook {n}", Path(f"/{n}.md")) for n in range(500)]
    app = Choosing(many)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        assert "Runbook 499" in app.text
        await pilot.press("pageup", "pageup", "g")
        assert "Runbook 0 " in app.text and "Here" in app.text
