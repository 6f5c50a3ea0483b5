"""The rows of the one dialog: facts to read, fields to fill in."""

from __future__ import annotations

from collections.abc import Iterator

from textual.containers import Horizontal
from textual.widgets import Input

from runbooks.asking import Asked, Question
from tui.display import content, display_text
from tui.widgets.shown import Shown
from tui.widgets.text_view import TextView
from tui.widgets.wording import class_sentence


def facts(question: Question) -> Iterator[Horizontal]:
    """What will run, against what, where, and how it is taken back.

    A probe runs nowhere in particular, and has nothing that could be taken back.
    """
    if question.text:
        said = question.command_class, question.inferred, question.reason
        yield _fact("does", class_sentence(*said))
    if question.target:
        yield _fact("target", question.target)
    if question.cwd:
        where = Input(question.cwd, id="cwd", compact=True, select_on_focus=False)
        yield row("where", where)
    for name, text in question.facts:
        yield _fact(name, text)
    if question.confirm and (question.original or question.undo):
        yield _fact("undo", question.undo or "nobody said how to take it back")


def field(asked: Asked) -> Horizontal:
    """Where the value of a placeholder is typed, or taken from those known."""
    more = len(known(asked)) - bool(asked.remembered)
    hint = f"Up, Down: {more} known" if more > 0 else "a value"
    if asked.secret:
        hint = "hidden; F2 shows it"
    value = Input(
        asked.remembered,
        placeholder=display_text(hint),
        id=field_id(asked),
        classes="value",
        compact=True,
        password=asked.secret,
    )
    return row(asked.placeholder.text, value)


def typed_label(question: Question) -> str:
    """What the one line is for that is typed before something changes, or ""."""
    if question.type_word:
        return f"type {question.type_word}" + (" and why" if question.arm else "")
    return "why" if question.arm else ""


def typed_line(question: Question, line: str) -> tuple[str, str]:
    """Return the word and the reason in that line."""
    if not question.type_word:
        return "", line.strip()
    if not question.arm:
        return line, ""
    word = question.type_word
    if not line.startswith(f"{word} "):
        return line.strip(), ""
    return word, line.removeprefix(word).strip()


def field_id(asked: Asked) -> str:
    return f"value-{asked.placeholder.variable}"


def known(asked: Asked) -> list[str]:
    """Values to choose from, the remembered one first, each once."""
    values = [value for value in (asked.remembered, *asked.candidates) if value]
    return list(dict.fromkeys(values))


def text_view(id: str) -> TextView:
    view = TextView(id=id)
    # Tab goes to what can be answered; the keys for pages scroll all the same.
    view.can_focus = False
    return view


def _fact(name: str, value: str) -> Horizontal:
    return row(name, Shown(content(value), classes="fact"))


def row(name: str, value: Shown | Input) -> Horizontal:
    return Horizontal(Shown(content(name), classes="name"), value, classes="row")
