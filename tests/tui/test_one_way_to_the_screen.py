"""Text reaches the screen, or is printed, in one way; what is sent is our own alone."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.target import Target
from tests.tui.real_walk import Walk, walking
from tui.display import display_text
from tui.sent import Walled, ours

TUI = Path(__file__).parents[2] / "tui"
MAKERS = ("content", "joined", "display_text")
"""What makes display text; types carry on what they return."""
TITLES = ("border_title", "border_subtitle", "tooltip", "sub_title", "placeholder")
"""Attributes and arguments of Textual's that take any string."""
ALONE = {
    "Content": "display.py",
    "Segment": "display.py line_filters.py",
    "Text": "display.py",
    "Static": "shown.py",
    "print": "printing.py",
    "input": "printing.py",
    "echo": "printing.py",
    "secho": "printing.py",
    "style": "printing.py",
    "prompt": "printing.py",
    "confirm": "printing.py",
}
"""What shows or prints text from anywhere, and the only files that call it."""
OF_TEXTUAL = {"Input", "TextArea", "OptionList", "Static"}
"""Widgets of Textual's that are in use: what they are given is in these rules."""
Found = Iterator[tuple[int, str]]


def other_ways(source: str, name: str) -> Found:
    """Yield line and name of each place that shows text in a way of its own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(called) | ast.Attribute(attr=called)):
                literal = all(isinstance(arg, ast.Constant) for arg in node.args)
                owner = getattr(node.func, "value", None)
                of_click = isinstance(owner, ast.Name) and owner.id == "click"
                bare = isinstance(node.func, ast.Name)
                if called in ALONE and (bare or of_click) and not literal:
                    if name not in ALONE[called]:
                        yield node.lineno, called
                elif called == "Option" and not _made(node.args[0]):
                    yield node.lineno, called
                elif called == "write" and _is_stream(owner) and name != "printing.py":
                    yield node.lineno, "write"
                for keyword in node.keywords:
                    if keyword.arg in ("placeholder",) and not _made(keyword.value):
                        yield node.lineno, keyword.arg
                    markup = keyword.arg == "markup"
                    if markup and getattr(keyword.value, "value", True):
                        yield node.lineno, "markup"
            case ast.Attribute(ast.Name("Content" | "Text"), attr):
                if name != "display.py":
                    yield node.lineno, attr
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=value):
                if attr in TITLES and not _made(value):
                    yield node.lineno, attr
            case ast.ImportFrom("textual.widgets", names):
                yield from (
                    (node.lineno, each.name)
                    for each in names
                    if each.name not in OF_TEXTUAL
                )


def _made(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in MAKERS
    return isinstance(value, ast.Constant)


def _is_stream(owner: ast.expr | None) -> bool:
    return isinstance(owner, ast.Attribute) and owner.attr in ("stdout", "stderr")


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: path.stem)
def test_there_is_one_way(path: Path) -> None:
    assert list(other_ways(path.read_text("utf-8"), path.name)) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Content(text)", "Content"),
        ("Content.styled(text, 'bold')", "styled"),
        ("Content.assemble('a', text)", "assemble"),
        ("Content.from_markup(text)", "from_markup"),
        ("Text(text)", "Text"),
        ("Segment(text, style)", "Segment"),
        ("Static(f'{text}')", "Static"),
        ("from textual.widgets import Label", "Label"),
        ("from textual.widgets import RichLog, Input", "RichLog"),
        ("box.border_title = text", "border_title"),
        ("self.tooltip = f'{text}'", "tooltip"),
        ("Input(placeholder=text)", "placeholder"),
        ("Option(text)", "Option"),
        ("self.notify(text, markup=True)", "markup"),
        ("print(text)", "print"),
        ("click.echo(text)", "echo"),
        ("click.confirm(f'{text}?')", "confirm"),
        ("sys.stderr.write(text)", "write"),
    ],
)
def test_other_ways_are_found(source: str, name: str) -> None:
    assert name in [found for _, found in other_ways(source, "any.py")]


def test_what_textual_sends_is_let_through() -> None:
    frame = "\x1b[1;1H\x1b[38;2;1;2;3;1m⟨U+202E⟩ ✓ Größe\x1b[0m\n\x1b[?2026h\x1b[>25u"
    assert ours(frame) == frame
    for alone in ("\x07", "\x1b]52;c;YQ==\x07", "\x1b]22;default\x07"):
        assert ours(alone) == alone


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07",
        "a\x1b]52;c;YQ==\x07",
        "\x1b]52;c;YQ==\x07\x1b[2J",
        "\x1b]8;;http://evil.test\x1b\\x",
        "\x1b[2J",
        "\x1b[5A",
        "\x1b[6n",
        "\x1bc",
        "\x1bP$qm\x1b\\",
        "\x9b31m",
        "ab\rc",
        "a\u202eb",
        "a\x07",
    ],
)
def test_nothing_else_is_sent(text: str) -> None:
    assert "\ufffd" in ours(text)
    stream = io.BytesIO()
    walled = Walled(io.TextIOWrapper(stream, "utf-8"))
    print(text, file=walled, flush=True)
    assert stream.getvalue().decode() != f"{text}\n"


def test_colours_of_plain_text_are_let_through() -> None:
    stream = io.BytesIO()
    walled = Walled(io.TextIOWrapper(stream, "utf-8"))
    print("\x1b[31mred\x1b[0m", file=walled, flush=True)
    assert stream.getvalue() == b"\x1b[31mred\x1b[0m\n"


async def test_the_raw_bytes_are_kept_and_the_screen_shows_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = "\x1b]0;title\x07 \x1b[31mred\x1b[0m \u202eleft \x9b2J end\n"
    source = tmp_path / "printed"
    source.write_text(printed, encoding="utf-8")
    text = f"# Book\n\n```bash {{class=observe}}\ncat {source}\n```\n"
    walk = Walk(tmp_path, text, Target(""))
    async with walking(walk, monkeypatch, size=(120, 30)):
        await walk.press("r")
        await walk.until(lambda: "left ⟨U+009B⟩2J end" in walk.text)
        assert "␛]0;title␇ red ⟨U+202E⟩left" in walk.text
        (kept,) = (
            path.read_bytes()
            for path in walk.run.outputs.iterdir()
            if path.is_file() and b"title" in path.read_bytes()
        )
    assert printed.encode() in kept
    assert display_text(printed) != printed
