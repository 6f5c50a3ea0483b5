"""C19: brackets are text: shown as they are, no action in them, no error of theirs."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.markup import MarkupError
from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast, ToastHolder

from runbooks.results import Finding, Result
from state.standing import Answer
from tests.data.hostile import MARK
from tests.torture.results import result, rng, size
from tests.torture.surfaces import BENCH, Bench, Texts, bordered, painted
from tests.tui.walking import OwnEngine, lines, walk
from tui.app import GonogoApp
from tui.display import content, display_text
from tui.widgets.shown import Shown

pytestmark = pytest.mark.timeout(900)

WIDE = (200, 60)
EACH = 16
"""Texts on the screen at once."""
LONGEST = 60
ACTIONS = ("app.pwn", "app.quit", "app.bell", "app.exit", "screen.dismiss")
TOKENS = (
    *(
        "[",
        "]",
        "[/",
        "[/]",
        "[[",
        "]]",
        "\\[",
        "\\",
        "$",
        "@",
        "=",
        "(",
        ")",
        "'",
        '"',
    ),
    *("bold", "red", "on", "link", "click", "not", "auto", "#fff", "50%", "$primary"),
    *("[b]", "[/b]", "[red]", "[@click=", "[link=", "x", "INFO", "ok", "a-z", "0"),
    *(" ", "é", "日", "🚀", ":", ":smile:", "{", "}", "true, false"),
)


def brackets(dice: random.Random) -> str:
    """Return a text that looks like markup, or nearly so, in one line."""
    kind = dice.randrange(6)
    if kind == 0:
        text = dice.choice(MARK)
    elif kind == 1:
        action = dice.choice(ACTIONS)
        text = f"[@click={action}]{dice.choice(TOKENS)}[/]"
    elif kind == 2:
        text = f"[{dice.choice(MARK)}]{dice.choice(MARK)}[/]"
    else:
        text = "".join(dice.choice(TOKENS) for _ in range(dice.randrange(1, 14)))
    # Blanks at the ends cannot be told from those of the screen.
    return display_text(text)[: LONGEST // 2].strip() or "["


class Watched:
    """What was run though nobody asked for it."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def over(self, app: App[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        async def run_action(action: Any, *args: Any, **kwargs: Any) -> bool:
            self.ran.append(str(action))
            return False

        monkeypatch.setattr(app, "run_action", run_action)
        monkeypatch.setattr(app, "open_url", lambda url, **_: self.ran.append(url))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def bench(make: Callable[[str], Any]) -> Callable[..., Any]:
    async def show(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
        await app.push_screen(Bench(texts, make))

    return show


async def notes(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    for step, text in zip(engine.runbook.steps, texts, strict=False):
        engine.decide([step.id], Answer.FAIL, text)


async def results(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    for step, text in zip(engine.runbook.steps, texts, strict=False):
        engine.found(step.id, Finding(Result.FAIL, text))


async def toasts(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    app.clear_notifications()
    await app.screen.query(ToastHolder).remove()  # Textual leaves them, with a height
    for text in texts:
        app.notify(f"|{text}|", title=f"<{text}>", timeout=600)


async def tooltips(app: GonogoApp, engine: OwnEngine, texts: Texts) -> None:
    await app.push_screen(Bench(texts, BENCH["tooltip"]))


PLACES: dict[str, Callable[..., Any]] = {
    "titles": bench(bordered),
    "texts": bench(lambda text: Shown(content(text))),
    "notes": notes,
    "results": results,
    "toasts": toasts,
    "tooltips": tooltips,
}
ASKED = "# Book\n\n" + "\n".join(f"- [ ] Step {n}" for n in range(EACH)) + "\n"
PROBED = "# Book\n\n" + "\n".join(
    f'- [ ] Step {n}\n  ```toml step\n  id = "s{n}"\n  probe = {{ use = "file", '
    'path = "/etc", expect = { exists = true } }\n  ```'
    for n in range(EACH)
)


def cells(app: GonogoApp) -> tuple[str, int]:
    """Return all that is on the screen, and how many pieces do something on a click."""
    strips = app.screen._compositor.render_strips()
    live = sum(
        bool(piece.style and (piece.style.link or "@click" in piece.style.meta))
        for strip in strips
        for piece in strip
    )
    return "\n".join(lines(app)), live


def drawn(app: GonogoApp) -> set[str]:
    """Return what toasts say that have a place on the screen."""
    toasts = app.screen.query(Toast)
    return {each._notification.message if each.size.height else "" for each in toasts}


async def click_all(pilot: Pilot[Any]) -> int:
    """Click every cell, in a sample of some rows; return how many they are.

    As the driver tells of a click: the pilot waits for the screen after each.
    """
    width, height = pilot.app.size
    for y in range(0, height, size(1, 5)):
        for x in range(width):
            for kind in (events.MouseMove, events.MouseDown, events.MouseUp):
                pilot.app.post_message(
                    kind(None, x, y, 0, 0, 1, False, False, False, x, y)
                )
        await pilot.pause()
    return len(range(0, height, size(1, 5))) * width


@pytest.mark.parametrize("place", PLACES)
async def test_texts_with_brackets_are_shown_as_they_are(
    place: str, tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = rng(f"c19 {place}")
    texts = [brackets(dice) for _ in range(size(2_000, 96))]
    app, engine = walk(tmp_path, PROBED if place == "results" else ASKED)
    together = {"toasts": 4, "tooltips": 8}.get(place, EACH)
    wrong: list[str] = []
    clickable = 0
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.pause()
        beneath = app.screen
        watched.over(app, monkeypatch)
        for start in range(0, len(texts), together):
            some = texts[start : start + together]
            await PLACES[place](app, engine, some)
            await painted(app)
            if place == "toasts":
                said = {f"|{text}|" for text in some}
                while said != drawn(app):
                    await pilot.pause(0.002)
                await painted(app)
            seen, live = cells(app)
            clickable += live
            for text in some:
                shown = (f"|{text}|", f"<{text}>") if place == "toasts" else (text,)
                wrong += [text for each in shown if each not in seen]
            if app.screen is not beneath:
                await app.pop_screen()
    result(
        "G17",
        "C19",
        f"texts with brackets in {place}",
        "100 % as they are; nothing to click",
        f"{len(texts) - len(wrong)} of {len(texts)}; {clickable} to click, "
        f"{len(watched.ran)} ran",
        not wrong and not clickable and not watched.ran,
    )


@pytest.mark.parametrize("place", ["titles", "texts", "toasts", "results"])
async def test_a_click_on_any_cell_runs_nothing(
    place: str, tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = rng(f"c19 clicks {place}")
    some = [f"[@click={dice.choice(ACTIONS)}]{n}[/]" for n in range(3)]
    some += dice.sample(MARK[:-1], 3)
    app, engine = walk(tmp_path, PROBED)
    async with app.run_test(size=(60, 24), notifications=True) as pilot:
        await pilot.pause()
        watched.over(app, monkeypatch)
        await PLACES[place](app, engine, some)
        await painted(app)
        await pilot.pause(0.1)
        clicks = await click_all(pilot)
    result(
        "G17",
        "C19",
        f"{clicks} cells of {place} clicked",
        "0 actions",
        f"{len(watched.ran)} actions",
        not watched.ran,
    )


class Naive(App[None]):
    """The same texts as Textual takes them by itself."""

    CSS: ClassVar[str] = "Static { height: 1; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.pwned = 0

    def compose(self) -> ComposeResult:
        yield Static(self.text)

    def action_pwn(self) -> None:
        self.pwned += 1


async def test_textual_by_itself_changes_them_fails_and_obeys() -> None:
    dice, texts = rng("c19 naive"), size(2_000, 400)
    failed = changed = 0
    for _ in range(texts):
        text = brackets(dice)
        try:
            changed += Content.from_markup(text).plain != text
        except MarkupError:
            failed += 1
    app = Naive("[@click=app.pwn]restart ok[/]")
    async with app.run_test(size=(20, 3)) as pilot:
        await click_all(pilot)
    with pytest.raises(MarkupError):
        async with Naive("[/] boom").run_test(size=(20, 3)) as pilot:
            await pilot.pause()
    result(
        "G17",
        "C19",
        "naive twin: the same texts as markup",
        "many changed, some fail, a click obeyed",
        f"{changed} changed and {failed} failed of {texts}, {app.pwned} obeyed",
        changed > texts / 4 and failed > 0 and app.pwned > 0,
    )
