"""The one dialog: what it asks, what it takes for an answer, what it never does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from runbooks.asking import Asked, Question, Reply
from runbooks.placeholders import find, substitute
from runbooks.tables import CommandClass
from tui import hands
from tui.app import GonogoApp
from tui.screens import question as dialog
from tui.screens.question import QuestionScreen

NOT_YET = Reply(typed="no reply yet")


def ask(text: str, command_class: CommandClass = CommandClass.OBSERVE) -> Question:
    found = find(text)
    return Question(
        id="q1",
        title="Run a command",
        text=substitute(text, found),
        original=text,
        part="p1",
        command_class=command_class,
        inferred=True,
        reason="by rule",
        target="prod-eu",
        cwd="/srv/app",
        placeholders=tuple(Asked(p, ("api-1", "api-2"), "") for p in found),
        confirm=command_class is not CommandClass.OBSERVE,
        type_word="prod-eu" if command_class is CommandClass.DESTRUCTIVE else "",
    )


LOGS = ask("kubectl logs <pod-name>")
RESTART = ask("kubectl rollout restart deployment/api", CommandClass.MUTATE)
DELETE = ask("kubectl delete pod <pod-name>", CommandClass.DESTRUCTIVE)
UNTRUSTED = replace(
    ask("df -h"), untrusted=tuple(f"command {n}" for n in range(60)), confirm=False
)


class Asking:
    """A screen that was asked, and what came of it."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.reply: Reply | None = NOT_YET

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def wake(self) -> None:
        """Wait until the dialog takes keys."""
        while not self.app.screen.check_action("cancel", ()):
            await self.pilot.pause(0.05)
        await self.pilot.pause()

    @property
    def text(self) -> str:
        """Everything that can be read on the screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(line.text for line in lines)


@asynccontextmanager
async def asked(
    question: Question, *, size: tuple[int, int] = (80, 24), awake: bool = True
) -> AsyncIterator[Asking]:
    app = GonogoApp(Screen)
    async with app.run_test(size=size, notifications=True) as pilot:
        asking = Asking(pilot)

        def take(reply: Reply | None) -> None:
            asking.reply = reply

        await app.push_screen(QuestionScreen(question), take)
        await pilot.pause()
        if awake:
            await asking.wake()
        yield asking


async def test_everything_needed_is_in_sight_at_80x24() -> None:
    long = replace(
        DELETE,
        text="\n".join(f"echo line {n}" for n in range(50)),
        undo="kubectl apply -f pod.yaml",
        untrusted=UNTRUSTED.untrusted,
        reason="kubectl delete removes things",
    )
    async with asked(long) as asking:
        assert "inferred" in asking.text
        for words in (
            "Run a command",
            "kubectl delete pod <pod-name>",
            "destroys things",
            "kubectl delete removes things",
            "prod-eu",
            "/srv/app",
            "kubectl apply -f pod.yaml",
            "not trusted",
            "command 0",
            "<pod-name>",
            "type prod-eu",
            "1 Cancel",
            "2 Trust this runbook and run",
            "3 Only this command",
            "as written",
        ):
            assert words in asking.text, words


async def test_text_before_and_after_substitution() -> None:
    async with asked(LOGS) as asking:
        assert "kubectl logs <pod-name>" in asking.text
        assert 'kubectl logs "${GONOGO_POD_NAME}"' in asking.text


async def test_escape_cancels() -> None:
    for question in (LOGS, RESTART, DELETE, UNTRUSTED):
        async with asked(question) as asking:
            await asking.press("escape")
            assert asking.reply is None


async def test_enter_alone_starts_nothing() -> None:
    for question in (RESTART, UNTRUSTED):
        async with asked(question) as asking:
            await asking.press("enter")
            assert asking.reply is None, "the cursor starts on Cancel"
    async with asked(DELETE) as asking:
        await asking.press("enter", "enter", "enter", "enter")
        assert asking.reply is NOT_YET or asking.reply is None


async def test_a_value_and_enter_are_enough_to_look() -> None:
    async with asked(LOGS) as asking:
        await asking.press(*"api-9", "enter")
        assert asking.reply == Reply(values={"GONOGO_POD_NAME": "api-9"})


async def test_candidates_and_what_is_remembered() -> None:
    (pod,) = LOGS.placeholders
    async with asked(LOGS) as asking:
        await asking.press("down", "down", "enter")
        assert asking.reply == Reply(values={"GONOGO_POD_NAME": "api-2"})
    known = replace(LOGS, placeholders=(replace(pod, remembered="api-7"),))
    async with asked(known) as asking:
        await asking.press("2")
        assert asking.reply == Reply(values={"GONOGO_POD_NAME": "api-7"})


async def test_a_missing_value_is_said_and_gone_to() -> None:
    async with asked(replace(LOGS, confirm=True)) as asking:
        await asking.press("enter", "2")
        assert asking.reply is NOT_YET
        assert "<pod-name> has no value yet" in asking.text
        assert isinstance(asking.app.focused, Input)


async def test_run_as_written() -> None:
    async with asked(LOGS) as asking:
        await asking.press("enter", "tab", "3", "2")
        assert asking.reply == Reply(as_written=True)


async def test_a_change_takes_a_deliberate_key() -> None:
    async with asked(RESTART) as asking:
        await asking.press("2")
        assert asking.reply == Reply()


async def test_destroying_takes_the_typed_word() -> None:
    async with asked(DELETE) as asking:
        await asking.press(*"api-1", "enter", *"prod-us", "enter")
        assert asking.reply is NOT_YET
        assert "Type prod-eu" in asking.text
        await asking.press("backspace", "backspace", *"eu", "enter")
        assert asking.reply == Reply(
            values={"GONOGO_POD_NAME": "api-1"}, typed="prod-eu"
        )


@pytest.mark.parametrize(("key", "trust"), [("2", "all"), ("3", "this")])
async def test_trust_is_chosen(key: str, trust: str) -> None:
    async with asked(UNTRUSTED) as asking:
        await asking.press(key)
        assert asking.reply is not None and asking.reply.trust == trust


async def test_the_untrusted_list_scrolls() -> None:
    async with asked(UNTRUSTED) as asking:
        assert "command 59" not in asking.text and "PgDn" in asking.text
        await asking.press(*["pagedown"] * 10)
        assert "command 59" in asking.text
        assert asking.reply is NOT_YET


async def test_probes_ask_for_trust_alone() -> None:
    probes = Question(id="q", title="Probe the target", untrusted=("http a.example",))
    async with asked(probes) as asking:
        assert "Only this command" not in asking.text
        await asking.press("2")
        assert asking.reply == Reply(trust="all")


async def test_the_working_directory_can_be_changed() -> None:
    async with asked(RESTART) as asking:
        asking.app.screen.query_one("#cwd", Input).value = "/tmp"
        await asking.press("2")
        assert asking.reply == Reply(cwd="/tmp")


@pytest.mark.parametrize("question", [RESTART, DELETE, UNTRUSTED])
async def test_keys_typed_ahead_do_nothing(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "DEAD_TIME", 600.0)
    async with asked(question, awake=False) as asking:
        await asking.press("2", "enter", "tab", "enter", *"prod-eu", "enter", "3")
        await asking.press("escape")
        assert asking.reply is NOT_YET


async def test_hostile_text_is_shown_as_marks() -> None:
    hostile = replace(RESTART, text="\x1b[2Jrm [/x] \u202e", undo="[@click=app.quit]x")
    async with asked(hostile) as asking:
        assert "␛[2Jrm [/x] ⟨U+202E⟩" in asking.text
        assert "[@click=app.quit]x" in asking.text


async def test_a_small_and_a_large_terminal() -> None:
    for size in ((60, 16), (200, 60)):
        async with asked(DELETE, size=size) as asking:
            assert "1 Cancel" in asking.text
            assert "type prod-eu" in asking.text
            assert asking.app.screen.query_one("#problem", Static).region.height == 1


async def test_a_look_that_does_more_is_agreed_to_with_one_key() -> None:
    submits = Question(
        id="q1",
        title="Probe the target",
        text="Job submission working",
        command_class=CommandClass.MUTATE,
        reason="looking submits a job",
        target="prod-eu",
        confirm=True,
    )
    async with asked(submits) as asking:
        text = asking.text
        assert "Job submission working" in text and "submits a job" in text
        assert "where" not in text and "undo" not in text
        assert "1 Cancel   2 Probe" in text
        await asking.press("2")
        assert asking.reply == Reply()


async def test_a_secret_is_shown_for_a_while_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Sequence[str]] = []
    asked_for = ask("login <DB_PASSWORD>")
    remembered = replace(asked_for.placeholders[0], remembered="opensesame")
    question = replace(asked_for, placeholders=(remembered,))
    app = GonogoApp(Screen)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(QuestionScreen(question, told.append))
        asking = Asking(pilot)
        await pilot.pause()
        await asking.wake()
        assert "opensesame" not in asking.text
        await asking.press("f2")
        assert "opensesame" in asking.text and told == [["GONOGO_DB_PASSWORD"]]
        await asking.press("f2")
        assert "opensesame" not in asking.text and len(told) == 1
        monkeypatch.setattr(dialog, "SHOWN", 0.01)
        await asking.press("f2")
        while "opensesame" in asking.text:
            await pilot.pause(0.05)
        assert len(told) == 2
