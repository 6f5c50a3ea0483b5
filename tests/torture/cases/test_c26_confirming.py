"""C26: nothing is confirmed by keys that were not meant for what is asked."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from tests.torture.fingers import LENGTH, STREAMS, TARGET, Desk, Naive, asked, play
from tests.torture.results import counted, result, rng, size
from tests.tui.terminals import Terminal, terminal
from tui import hands

pytestmark = pytest.mark.timeout(600)


def test_random_keys_confirm_nothing(tmp_path: Path) -> None:
    dice, questions = rng("c26"), asked(tmp_path)
    counted("key_streams", len(STREAMS) * len(questions))
    rounds, let, keys, opened = size(10_000, 600), 0, 0, 0
    by_accident: dict[str, int] = {}
    for number in range(rounds):
        stream = STREAMS[number % len(STREAMS)]
        question = questions[number // len(STREAMS) % len(questions)]
        desk = Desk(question, paints=dice.uniform(0.005, 0.3))
        naive = Naive(question)
        strokes = list(stream(dice, question))
        keys += len(strokes)
        play(desk, iter(strokes))
        play(naive, iter(strokes))
        opened += desk.opened
        let += desk.let
        by_accident[stream.__name__] = by_accident.get(stream.__name__, 0) + naive.let
    assert keys >= rounds * (LENGTH - 6) and opened >= rounds
    result(
        "G22",
        "C26",
        "random keys without the phrase, pasted, typed ahead or held down with it",
        "0 confirmed",
        f"{let} of {rounds} streams, {keys} keys; a plain dialog: "
        + ", ".join(f"{name} {n}" for name, n in by_accident.items()),
        not let,
    )
    assert all(by_accident.values()), "the naive dialog is confirmed by each kind"


@pytest.mark.parametrize("number", range(3))
def test_the_phrase_by_a_hand_confirms(tmp_path: Path, number: int) -> None:
    """A dialog that nothing confirms would prove nothing."""
    question = asked(tmp_path)[number]
    for gap in (0.03, 0.15, 0.4):
        desk = Desk(question, paints=0.05)
        strokes = [(gap, key) for key in question.phrase]
        strokes[0] = (hands.DEAD_TIME + 0.1, strokes[0][1])
        play(desk, iter(strokes))
        assert desk.let == 1


# ------------------------------------------------------------------- on a terminal

PROGRAM = """
from pathlib import Path
from textual.screen import ModalScreen, Screen
from textual.widgets import Button
from runbooks.asking import Question
from runbooks.tables import CommandClass
from tui.app import GonogoApp
from tui.screens.question import QuestionScreen

log = Path({log!r})
word, naive = {word!r}, {naive!r}

def say(what):
    with log.open("a") as file:
        file.write(what + chr(10))

class Plain(ModalScreen):
    BINDINGS = [("y", "yes"), ("escape", "no")]
    def compose(self):
        yield Button("OK", id="ok")
        yield Button("Cancel", id="cancel")
    def on_mount(self):
        say("asked")
    def on_button_pressed(self, event):
        self.dismiss(event.button.id == "ok" or None)
    def action_yes(self):
        self.dismiss(True)
    def action_no(self):
        self.dismiss(None)

woken = QuestionScreen.woken

def told(self):
    woken(self)
    say("awake")

QuestionScreen.woken = told

class Board(Screen):
    BINDINGS = [("r", "ask")]
    def on_mount(self):
        say("ready")
    def action_ask(self):
        what = CommandClass.DESTRUCTIVE if word else CommandClass.MUTATE
        question = Question(id="q", title="Delete", text="rm -r two", original="rm",
            command_class=what, target="prod-eu", confirm=True, type_word=word)
        screen = Plain() if naive else QuestionScreen(question)
        self.app.push_screen(screen, lambda got: say("no" if got is None else "yes"))

GonogoApp(Board).run(mouse=True)
"""
Script = list[bytes | float | str]
"""What is written at once, seconds to wait, or `AWAKE`, `SIZE`."""
AWAKE, SIZE = "until it takes keys", "another size"
SIZES = cycle([(100, 30), (80, 24)])
OPENER = [b"\x1b[<0;40;12M\x1b[<0;40;12m"] * 2
BRACKETED = b"\x1b[200~%s\x1b[201~"


def scripts(dice: random.Random) -> Iterator[tuple[str, Script]]:
    """Yield fifty scripts, each with the word that is asked for."""
    word = TARGET.encode()
    for wanted, phrase in (("", b"2"), ("", b"y"), (TARGET, word + b"\r")):
        yield wanted, [b"r" + phrase]
        yield wanted, [b"r" + phrase + b"\r\r"]
        yield wanted, [b"r", 0.05, phrase]
        yield wanted, [b"r", dice.uniform(0.1, 0.4), phrase]
        yield wanted, [BRACKETED % (b"r" + phrase)]
        yield wanted, [b"r", AWAKE, BRACKETED % phrase]
        yield wanted, [b"r", AWAKE, BRACKETED % phrase, b"\r"]
        yield wanted, [b"r", AWAKE, b"x" + phrase + b"\r"]
        yield wanted, [b"r", AWAKE, b"x" + phrase + b"\t\r"]
        yield wanted, [b"r", AWAKE, *OPENER, b"\r"]
        yield wanted, [*OPENER, b"r", *OPENER, phrase]
        yield wanted, [b"r", AWAKE, SIZE, 0.1, phrase]
        yield wanted, [b"r", AWAKE, b"\x1b[O\x1b[I", 0.1, phrase]
    for wanted in ("", TARGET):
        yield wanted, [b"r\r"]
        yield wanted, [b"r\t\r"]
        yield wanted, [b"r\x1b[C\r"]
        yield wanted, [b"r", *[part for _ in range(40) for part in (0.033, b"r")]]
        yield wanted, [b"r", *[part for _ in range(40) for part in (0.033, b"\r")]]
    yield "", [b"r", *[part for _ in range(40) for part in (0.033, b"2")]]


def run(shown: Terminal, log: Path, script: Script, naive: bool) -> bool:
    """Play one script; return whether it confirmed."""
    log.write_text("")
    for part in script:
        if part == AWAKE:
            wanted = "asked" if naive else "awake"
            end = time.monotonic() + 20
            while wanted not in log.read_text():
                shown.read()
                assert time.monotonic() < end, script
        elif part == SIZE:
            shown.resize(*next(SIZES))
        elif isinstance(part, bytes):
            shown.type(part)
            shown.read(0)
        else:
            end = time.monotonic() + float(part)
            while time.monotonic() < end:
                shown.read(0.005)
    settle = time.monotonic() + 0.3
    shown.until(lambda: time.monotonic() > settle)
    # Cancel whatever is open; Esc counts once nothing was typed for a while.
    shown.type(b"\x1b")
    settle = time.monotonic() + 0.7
    shown.until(lambda: time.monotonic() > settle)
    shown.type(b"\x1b")
    settle = time.monotonic() + 0.2
    shown.until(lambda: time.monotonic() > settle)
    return "yes" in log.read_text()


def confirmed(
    tmp_path: Path, chosen: list[tuple[str, Script]], naive: bool
) -> list[Script]:
    """Return the scripts that confirmed something."""
    found = []
    for word in ("", TARGET):
        log = tmp_path / f"log{word}{naive}"
        log.write_text("")
        program = PROGRAM.format(log=str(log), word=word, naive=naive)
        with terminal(program, tmp_path) as shown:
            shown.until(lambda: "ready" in log.read_text())  # noqa: B023
            for wanted, script in chosen:
                if wanted == word and run(shown, log, script, naive):
                    found.append(script)
    return found


def test_scripts_on_a_terminal_confirm_nothing(tmp_path: Path) -> None:
    dice = rng("c26 terminal")
    every = list(scripts(dice))
    counted("terminal_scripts", len(every))
    chosen = dice.sample(every, size(len(every), 6))
    found = confirmed(tmp_path, chosen, naive=False)
    result(
        "G22",
        "C26",
        "typed ahead, pasted with and without brackets, held down, clicked twice, "
        "after a change of size or focus; on a pseudo-terminal",
        "0 confirmed",
        f"{len(found)} of {len(chosen)} scripts {found or ''}",
        not found,
    )


def test_a_plain_dialog_is_confirmed_by_accident(tmp_path: Path) -> None:
    plain = [each for each in scripts(rng("c26 naive")) if not each[0]][13:16]
    assert confirmed(tmp_path, plain, naive=True)
