"""Streams of keys that no hand meant for the dialog that they come to, and two desks.

`Desk` is a dialog without its picture: the clock for hands, the table of keys, the line
that is typed and the door are those of the product. `Naive` asks as many programs do:
yes or no, with the focus on OK; or for a word, whenever it comes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runbooks.asking import Place, Question, Reply
from runbooks.errors import RefusedError
from runbooks.gate import Door
from runbooks.parsing import parse
from runbooks.target import Target
from runbooks.wish import Wish
from tui import hands
from tui.hands import Hands
from tui.keymap import KEYS
from tui.observing import NothingKept
from tui.screens.question_rows import typed_label, typed_line

TARGET = "prod-eu"
BOOK = b"# Walk\n\n```bash\ntouch one\n```\n\n```bash\nrm -r two\n```\n"
LENGTH = 50
Stroke = tuple[float, str]
"""When a key is read, in seconds, and its name."""
ACTIONS = {name: key.action for key in KEYS["question"] for name in key.keys.split(",")}
OTHERS = ["enter", "enter", "tab", "backspace", "escape", "y", "n", "o", "r", "space"]
TYPED = [*"prod-eu", *"abcxyz013456789"]
CHOOSING = ["2", "right", "down", "left", "up"]
"""What leads to the choice that runs, where no word is asked for."""


class Ledger(NothingKept):
    """Lets everything, and counts what was let."""

    def __init__(self, armed: bool) -> None:
        super().__init__(lambda digest: True)
        self._armed = armed

    def armed(self) -> object:  # type: ignore[override]
        return self if self._armed else None

    def arm(self, reason: str) -> None: ...

    def take_lever(self) -> None: ...


@dataclass(frozen=True)
class Asked:
    """A question that the door asks, and the door."""

    door: Door
    wish: Wish
    question: Question

    @property
    def phrase(self) -> list[str]:
        """The keys that confirm, at a hand's pace once it was read."""
        question = self.question
        typed = question.type_word + (" why" if question.arm else "")
        return (
            [*("space" if c == " " else c for c in typed), "enter"] if typed else ["2"]
        )

    def is_let(self, reply: Reply) -> bool:
        try:
            self.door.admit(self.wish, self.question, reply)
        except RefusedError:
            return False
        return True


def asked(place: Path) -> list[Asked]:
    """Return a change, something that destroys, and that while nobody is armed."""
    runbook = parse(BOOK, place / "walk.md")
    where = Place(place / "outputs", place / "context", place, lambda: ())
    found = []
    for number, armed in ((0, True), (1, True), (1, False)):
        door = Door(
            runbook,
            Target(TARGET),
            Ledger(armed),
            where,
            inputs=dict,
            unmet=lambda step: (),
        )
        wish = door.wish(runbook.blocks[number].parts[0].id)
        found.append(Asked(door, wish, door.look(wish)))
    assert [each.question.type_word for each in found] == ["", TARGET, TARGET]
    assert [each.question.arm for each in found] == [False, False, True]
    return found


# ------------------------------------------------------------------------ streams


def calm(dice: random.Random, asked: Asked) -> Iterator[Stroke]:
    """A hand's pace and everything but the phrase: near misses of it, too.

    Without its last letter: behind a near miss, that one and Enter are the phrase.
    """
    names = [*OTHERS, *(key for key in TYPED if key != TARGET[-1])]
    near = [*TARGET[:-1], "enter"] if asked.question.type_word else ["enter", "tab"]
    keys: list[str] = []
    while len(keys) < LENGTH:
        keys += near if dice.random() < 0.1 else [dice.choice(names)]
    yield from _paced(keys, lambda: dice.uniform(0.021, 0.6))


def pasted(dice: random.Random, asked: Asked) -> Iterator[Stroke]:
    """Anything with the phrase in it, from a clipboard."""
    keys = _with_phrase(dice, asked)
    pace = dice.choice([0.0, 0.001, 0.005, 0.019])
    start = dice.uniform(0, 3)
    # The key that opens it belongs to what is pasted, or came before.
    yield from _paced(keys, lambda: pace, dice.choice([0.0, start]))


def ahead(dice: random.Random, asked: Asked) -> Iterator[Stroke]:
    """The phrase before it could be read, then something else at a hand's pace."""
    for key in asked.phrase:
        yield dice.uniform(0, 0.4) / 10, key
    rest = [dice.choice([*OTHERS, *TYPED]) for _ in range(LENGTH - len(asked.phrase))]
    yield from _paced(rest, lambda: dice.uniform(0.03, 0.4))


def held(dice: random.Random, asked: Asked) -> Iterator[Stroke]:
    """Keys that are held down from before on, one after the other."""
    keys = dice.sample(["r", "enter", "tab", "y", "o", "escape"], 2)
    if not asked.question.type_word:
        keys = [dice.choice(["2", "2", *keys]), *keys]
    every, delay = dice.uniform(0.02, 0.1), dice.uniform(0.2, 0.9)
    share = LENGTH // len(keys)
    for number, key in enumerate(keys):
        for again in range(share):
            first = delay if again == 1 else every
            yield first if again else 0.0 if number == 0 else every, key


STREAMS = (calm, pasted, ahead, held)


def _paced(
    keys: list[str], gap: Callable[[], float], start: float = 0.0
) -> Iterator[Stroke]:
    for number, key in enumerate(keys[:LENGTH]):
        yield start if number == 0 and start else gap(), key


def _with_phrase(dice: random.Random, asked: Asked) -> list[str]:
    keys = [dice.choice([*OTHERS, *TYPED, *CHOOSING]) for _ in range(LENGTH)]
    at = dice.randrange(LENGTH - len(asked.phrase) + 1)
    keys[at : at + len(asked.phrase)] = asked.phrase
    return keys


# -------------------------------------------------------------------------- desks


@dataclass
class Desk:
    """What `r` opens, without its picture.

    Attributes:
        paints: seconds from the key to the picture.
        let: how often the door let it.
    """

    asked: Asked
    paints: float
    let: int = 0
    opened: int = 0
    _hands: Hands | None = None
    _reply: Reply | None = None
    _line: str = ""
    _cursor: int = 0
    _typing: bool = False
    _since: float = field(default=0.0)

    def press(self, key: str, at: float) -> None:
        """Take a key that is read at this time."""
        self.rest(at)
        if self._hands is None:
            if key == "r":
                self._open(at)
            return
        if not self._hands.takes(at):
            self._reply = None
            if self._hands.too_quick:
                self._line = ""
            return
        if self._typing and key == "space":
            self._line += " "
        elif self._typing and len(key) == 1:
            self._line += key
        elif self._typing and key == "backspace":
            self._line = self._line[:-1]
        elif key == "tab":
            self._typing = bool(typed_label(self.asked.question)) and not self._typing
        elif key == "enter":
            self._enter()
        elif ACTIONS.get(key) == "cancel" or (
            not self._typing and ACTIONS.get(key) == "choose(1)"
        ):
            self._hands = None
        elif not self._typing and ACTIONS.get(key) == "choose(2)":
            self._finish()
        elif not self._typing and key in CHOOSING:
            self._cursor = int(key in ("right", "down"))

    def rest(self, at: float) -> None:
        """Let time pass until then."""
        if self._hands and self._reply and self._hands.confirms(at):
            self.let += self.asked.is_let(self._reply)
            self._hands = self._reply = None

    def _open(self, at: float) -> None:
        self._hands, self._reply, self._line, self._cursor = Hands(), None, "", 0
        self._typing = bool(typed_label(self.asked.question))
        self._hands.painted(at + self.paints)
        self.opened += 1

    def _enter(self) -> None:
        if self._typing or self._cursor:
            self._finish()
        else:
            self._hands = None

    def _finish(self) -> None:
        assert self._hands is not None
        question = self.asked.question
        typed, reason = typed_line(question, self._line)
        if typed == question.type_word and (reason or not question.arm):
            self._reply = Reply(typed=typed, reason=reason)
            self._hands.answered()


class Naive:
    """Asks yes or no with the focus on OK, or for the word; has no clock."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.let = 0
        self._line: str | None = None

    def press(self, key: str, at: float) -> None:
        word = self.asked.question.type_word
        if self._line is None:
            self._line = "" if key == "r" else None
        elif key == "escape" or (not word and key == "n"):
            self._line = None
        elif not word and key in ("y", "enter"):
            self.let, self._line = self.let + 1, None
        elif key == "enter":
            self.let += self._line.partition(" ")[0] == word
            self._line = None
        else:
            self._line += {"space": " "}.get(key, key if len(key) == 1 else "")

    def rest(self, at: float) -> None: ...


def play(desk: Desk | Naive, strokes: Iterator[Stroke], start: float = 100.0) -> None:
    """Open it with ``r`` and press what follows."""
    at = start
    desk.press("r", at)
    for gap, key in strokes:
        at += gap
        desk.press(key, at)
    desk.rest(at + 10 * hands.REST)
