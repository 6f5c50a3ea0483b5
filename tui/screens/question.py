"""The one dialog: everything that is missing before something may run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from runbooks.asking import EXPIRED, STANDS, Question, Reply
from tui.display import content, joined
from tui.keymap import bindings
from tui.screens.deliberate import TOO_QUICK, Deliberate
from tui.screens.left_once import LeftOnce
from tui.screens.question_rows import (
    facts,
    field,
    field_id,
    known,
    row,
    text_view,
    typed_label,
    typed_line,
)
from tui.widgets.choices import Choice, Choices
from tui.widgets.shown import Shown
from tui.widgets.text_view import Paragraph, TextView

SHOWN = 10.0
"""Seconds for which a secret is shown on the screen."""
FEW = 2
"""Lines that the command, and the list of the untrusted, have at least."""
FACT_LINES = 3
"""Lines that one fact may take, so that the choices stay in sight."""


TYPE_IT = "Type it: what is pasted does not count."


class QuestionScreen(
    ModalScreen[Reply | None], Deliberate[Reply | None], LeftOnce[Reply | None]
):
    """Asks once; dismissed with the reply, or with None when cancelled.

    Nothing runs by Enter alone, except after a line that was typed here. Where
    something is trusted or changed by it, only what a hand types after reading counts.

    Args:
        shown: writes down that these variables' values were shown.
    """

    CSS_PATH = "question.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings("question")

    def __init__(
        self,
        question: Question,
        shown: Callable[[Sequence[str]], None] = lambda names: None,
    ) -> None:
        super().__init__()
        self._shown = shown
        self._hiding: Timer | None = None
        self._question = question
        self._as_written = False
        self._texts: dict[str, Content] = {}
        self._names = 0
        """Cells of the column of names."""
        self._tight = False
        """Whether all that is read scrolls as one."""
        self._awake = False
        self._expired = False

    # ------------------------------------------------------------- what it shows

    def compose(self) -> ComposeResult:
        question = self._question
        box = Vertical(id="box", classes=f"-{question.command_class}")
        box.border_title = content(question.title)
        with box:
            with VerticalScroll(id="read", can_focus=False):
                if question.text:
                    yield text_view("command")
                yield from facts(question)
                if question.untrusted:
                    yield Shown(
                        content(
                            "This runbook is not trusted yet. It would be able to run, "
                            "look at and reach:"
                        ),
                        id="distrust",
                    )
                    yield text_view("untrusted")
            for asked in question.placeholders:
                yield field(asked)
            if label := typed_label(question):
                yield row(label, Input(id="word", compact=True))
            yield Shown(id="problem")
            yield Choices(self._choices(), id="choices")

    def _choices(self) -> list[Choice]:
        question = self._question
        cancel = Choice("cancel", "Cancel")
        verb = "run" if question.original else "probe"
        if question.untrusted:
            choices = [cancel, Choice("all", f"Trust this runbook and {verb}")]
            if question.original:
                choices.append(Choice("this", "Only this command"))
        else:
            choices = [cancel, Choice("run", verb.capitalize())]
        if question.placeholders:
            box = "[x]" if self._as_written else "[ ]"
            choices.append(Choice("as-written", f"{box} as written"))
        return choices

    def on_mount(self) -> None:
        self._show_command()
        if self._question.untrusted:
            lines = "\n".join(self._question.untrusted)
            self._show("untrusted", content(lines, lines=True))
        names = list(self.query(".name").results(Shown))
        width = max((cell_len(str(name.visual)) for name in names), default=0)
        self._names = min(width, 24)
        for name in names:
            name.styles.width = self._names
        self._fit()
        if self._only_values:
            self.woken()
        else:
            self.be_deliberate()
        if self._question.confirm:
            self.set_timer(STANDS, self._expire)

    def on_resize(self, event: events.Resize) -> None:
        self._fit()
        self.repainted()

    def _show_command(self) -> None:
        question = self._question
        if not question.text:
            return
        shown = content(
            question.original if self._as_written else question.text, lines=True
        )
        if question.original != question.text and not self._as_written:
            written = content(question.original, "dim", lines=True)
            shown = joined(written, shown, between="\n")
        self._show("command", shown)

    def _show(self, view: str, text: Content) -> None:
        self._texts[view] = text
        self.query_one(f"#{view}", TextView).show([Paragraph(text)])

    def _fit(self) -> None:
        """Give command and list of the untrusted the lines that are left.

        Where not even a few are, all that is read scrolls as one, so that what is
        typed and chosen stays in sight.
        """
        width = min(100, self.size.width) - 4
        choices = self.query_one(Choices).lines(width)
        # Frame, what is typed, the line for complaints.
        below = 2 + len(self.query("#box > .row")) + 1 + len(choices)
        read = self.query_one("#read")
        read.styles.max_height = room = max(1, self.size.height - below)
        # Room around the command.
        taken = 1 + 2 * len(self.query("#distrust")) + len(read.query(".row"))
        for fact in self.query(".fact").results(Shown):
            text = content(str(fact.visual))
            taken += min(len(text.wrap(width - self._names - 2)), FACT_LINES) - 1
        left = room - taken
        hidden = self._tight = left < FEW * len(self._texts)
        if hidden:
            left = sum(len(text.wrap(max(2, width))) for text in self._texts.values())
        for place, (name, text) in enumerate(self._texts.items()):
            wanted = len(text.wrap(max(2, width)))
            height = max(1, min(wanted, left // (len(self._texts) - place)))
            self.query_one(f"#{name}").styles.height = height
            left -= height
            hidden = hidden or height < wanted
        self.query_one("#box").border_subtitle = content(
            "PgUp PgDn scroll" if hidden else ""
        )

    # ------------------------------------------------------------ what is typed

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        return self._awake and self.is_active

    def asleep(self) -> None:
        self._awake = self.query_one(Choices).awake = False

    def woken(self) -> None:
        """Take keys from now on, in the first field that wants something."""
        self._awake = self.query_one(Choices).awake = True
        if self.focused is None:
            empty = [line for line in self.query(Input) if not line.value]
            (empty[0] if empty else self.query_one(Choices)).focus()

    def hurried(self) -> None:
        for line in self.query("#word").results(Input):
            line.call_later(line.clear)  # behind keys that are on their way to it
        if not self._expired:
            self._say(TOO_QUICK)

    def takes_pasted(self) -> bool:
        pasted_word = self._question.type_word and self._is_word(self.focused)
        if pasted_word:
            self._say(TYPE_IT)
        return not pasted_word

    def _is_word(self, widget: Widget | None) -> bool:
        return widget is not None and widget.id == "word"

    def _expire(self) -> None:
        """Do nothing any more but close."""
        self._expired = True
        for line in self.query(Input):
            line.disabled = True
        choices = self.query_one(Choices)
        choices.show([Choice("cancel", "Close")])
        self._complain(EXPIRED, choices)

    @on(Input.Submitted)
    def _next_field(self, event: Input.Submitted) -> None:
        if not self.is_active:
            return  # answered already
        fields = list(self.query("Input.value, #word").results(Input))
        later = fields[fields.index(event.input) + 1 :] if event.input in fields else []
        if later:
            later[0].focus()
        elif event.input.id == "word" or self._only_values:
            self._finish("")
        else:
            self.query_one(Choices).focus()

    @property
    def _only_values(self) -> bool:
        """Whether nothing but values is asked for: a typed line is the answer."""
        return not (self._question.confirm or self._question.untrusted)

    def on_key(self, event: events.Key) -> None:
        typed = self.focused
        if event.key in ("up", "down") and isinstance(typed, Input):
            for asked in self._question.placeholders:
                if typed.id == field_id(asked):
                    if values := known(asked):
                        step = 1 if event.key == "down" else -1
                        here = typed.value in values
                        at = values.index(typed.value) + step if here else 0
                        typed.value = values[at % len(values)]
                        typed.cursor_position = len(typed.value)
                    event.stop()

    def action_choose(self, number: int) -> None:
        for choices in self.query(Choices):  # none before it is drawn
            choices.pick(number)

    @on(Choices.Picked)
    def _picked(self, event: Choices.Picked) -> None:
        if not self.is_active:
            return  # answered already
        if event.choice == "cancel":
            self.dismiss(None)
        elif self._expired:
            self._say(EXPIRED)
        elif event.choice == "as-written":
            self._as_written = not self._as_written
            for line in self.query("Input.value").results(Input):
                line.disabled = self._as_written
            self.query_one(Choices).show(self._choices())
            self._show_command()
        else:
            self._finish(event.choice)

    def action_show_secrets(self) -> None:
        """Show the values that are hidden, or hide them again."""
        secret = [a for a in self._question.placeholders if a.secret]
        if not secret:
            return
        if self._hiding:
            self._hide_secrets()
            return
        self._shown([asked.placeholder.variable for asked in secret])
        self._hiding = self.set_timer(SHOWN, self._hide_secrets)
        self._set_hidden(False)

    def _hide_secrets(self) -> None:
        if self._hiding:
            self._hiding.stop()
        self._hiding = None
        self._set_hidden(True)

    def _set_hidden(self, hidden: bool) -> None:
        for asked in self._question.placeholders:
            if asked.secret:
                self.query_one(f"#{field_id(asked)}", Input).password = hidden

    def action_scroll_text(self, pages: int) -> None:
        if self._tight:
            read = self.query_one("#read", VerticalScroll)
            step = pages * max(1, read.size.height - 1)
            read.scroll_relative(y=step, animate=False)
            return
        for view in self.query(TextView):
            view.scroll_by(pages * max(1, view.size.height - 1))

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _finish(self, choice: str) -> None:
        """Reply, or say what is missing and go there."""
        question = self._question
        if self._expired:
            self._say(EXPIRED)
            return
        if question.untrusted and choice not in ("all", "this"):
            self._complain("Choose whether to trust it.", self.query_one(Choices))
            return
        values = {}
        for asked in () if self._as_written else question.placeholders:
            line = self.query_one(f"#{field_id(asked)}", Input)
            if not line.value:
                self._complain(f"{asked.placeholder.text} has no value yet.", line)
                return
            values[asked.placeholder.variable] = line.value
        typed, reason = "", ""
        if typed_label(question):
            line = self.query_one("#word", Input)
            typed, reason = typed_line(question, line.value)
            if typed != question.type_word:
                self._complain(f"Type {question.type_word} to go on.", line)
                return
            if question.arm and not reason:
                self._complain("Say why: a ticket, or a few words.", line)
                return
        cwd = self.query_one("#cwd", Input).value if question.cwd else ""
        reply = Reply(
            values=values,
            as_written=self._as_written,
            trust="all" if choice == "all" else "this" if choice == "this" else "",
            typed=typed,
            reason=reason,
            cwd="" if cwd == question.cwd else cwd,
        )
        self.confirm(partial(self.dismiss, reply))

    def _complain(self, problem: str, where: Input | Choices) -> None:
        self._say(problem)
        where.focus()

    def _say(self, problem: str) -> None:
        self.query_one("#problem", Shown).show(content(problem))
