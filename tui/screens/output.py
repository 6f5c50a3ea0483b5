"""The output of a command on the full screen: find, wrap, follow, save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.display import content
from tui.keymap import bindings
from tui.screens.left_once import LeftOnce
from tui.widgets.answer_line import AnswerLine, Field, Prompt
from tui.widgets.edge_line import EdgeLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.output_view import OutputView
from tui.widgets.outputs import Outputs
from tui.widgets.signs import signs

if TYPE_CHECKING:
    from tui.engine import Engine

HINTS = (
    "/ find",
    "n N next",
    "w wrap",
    "f follow",
    ". stop",
    "o other",
    "l level",
    "s save",
)
WHILE_TYPING = frozenset({"back", "help", "command_palette"})


class OutputScreen(LeftOnce[None]):
    """Shows one of the outputs; `o` goes to the next."""

    CSS_PATH = "output.tcss"
    AUTO_FOCUS = "#output"
    BINDINGS: ClassVar[list[BindingType]] = bindings("output", "find", "pager", "back")

    def __init__(self, outputs: Outputs, engine: Engine) -> None:
        super().__init__()
        self._outputs = outputs
        self._engine = engine
        self._wanted = ""

    def compose(self) -> ComposeResult:
        yield EdgeLine(signs().rule, id="output-head")
        yield OutputView(id="output")
        yield AnswerLine(id="answer")
        yield EdgeLine(id="output-status")
        yield KeyHints(HINTS, id="output-keys")

    @property
    def view(self) -> OutputView:
        return self.query_one(OutputView)

    @property
    def answer(self) -> AnswerLine:
        return self.query_one(AnswerLine)

    def on_mount(self) -> None:
        self.view.show(self._outputs.scrollback)
        self.set_interval(0.5, self._show_head)
        self._show_head()

    def _show_head(self) -> None:
        outputs, view = self._outputs, self.view
        facts = [
            outputs.place(),
            outputs.ending(),
            _lines(outputs.scrollback.lost + outputs.scrollback.count),
            "follows" if view.follow else "stays",
            "wrapped" if view.wrap else "",
            view.least.words,
        ]
        dot = f" {signs().dot} "
        self.query_one("#output-head", EdgeLine).show(
            content(f"{outputs.title()} ", "bold"),
            content(
                f" {dot.join(fact for fact in facts if fact)}", "$foreground-muted"
            ),
        )

    def say(self, sentence: str) -> None:
        self.query_one("#output-status", EdgeLine).show(content(sentence))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # Asked for the list of keys too, which may be before anything is composed.
        typing = any(line.prompt for line in self.query(AnswerLine))
        return not typing or action in WHILE_TYPING

    def _scroll(self, lines: int) -> None:
        self.view.scroll_by(lines)
        self._show_head()

    def action_scroll_down(self) -> None:
        self._scroll(1)

    def action_scroll_up(self) -> None:
        self._scroll(-1)

    def action_page_down(self) -> None:
        self._scroll(max(1, self.view.size.height - 1))

    def action_page_up(self) -> None:
        self._scroll(-max(1, self.view.size.height - 1))

    def action_scroll_home(self) -> None:
        self._scroll(-self.view.line_count)

    def action_scroll_end(self) -> None:
        self._scroll(self.view.line_count)

    def action_wrap(self) -> None:
        self.view.set_wrap(not self.view.wrap)
        self._show_head()

    def action_level(self) -> None:
        self.view.set_least(self.view.least.after)
        self._show_head()

    def action_follow(self) -> None:
        self.view.set_follow(not self.view.follow)
        self._show_head()

    def action_outputs(self) -> None:
        if self._outputs.show_next():
            self.view.show(self._outputs.scrollback)
            self._show_head()
        else:
            self.say("There is no other output.")

    def action_stop(self) -> None:
        id, name = self._outputs.to_stop()
        if id:
            self._engine.stop(id)
            self.say(f"Stopping: {name}")
        else:
            self.say("No command is running.")

    def action_copy(self) -> None:
        from tui.copying import copy

        self.say(copy(self.app, self._outputs.scrollback.text()))

    def action_back(self) -> None:
        if self.answer.prompt is not None:
            self._close_answer()
        else:
            self.dismiss(None)

    def action_help(self) -> None:
        self.app.action_help()  # type: ignore[attr-defined]

    # ------------------------------------------------------ finding and saving

    def action_find(self) -> None:
        hint = "Enter finds; n and N find the next and the one before."
        self.answer.ask(
            Prompt("find", "find", hint, (Field("text", "find", self._wanted),))
        )

    def action_find_next(self, step: int = 1) -> None:
        if not self._wanted:
            self.action_find()
        elif not self.view.find(self._wanted, step):
            self.say(f"“{self._wanted}” is nowhere in what is kept here.")
        self._show_head()

    def action_find_previous(self) -> None:
        self.action_find_next(-1)

    def action_save(self) -> None:
        path = Path.cwd() / f"output-{self._outputs.shown[:8]}.txt"
        hint = "Enter writes it; a file that is there already is left alone."
        self.answer.ask(Prompt("save", "save", hint, (Field("text", "to", str(path)),)))

    @on(AnswerLine.Given)
    def give(self, message: AnswerLine.Given) -> None:
        self._close_answer()
        text = message.values["text"]
        if message.prompt.purpose == "find":
            self._wanted = text
            self.action_find_next()
        else:
            self.say(
                self._outputs.save(Path(text).expanduser(), self._engine.run.outputs)
            )

    def _close_answer(self) -> None:
        self.answer.close()
        self.view.focus()


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"
