"""Documents that take a Markdown parser long, or much room: those of E21, and more."""

from __future__ import annotations

from collections.abc import Callable

MB = 1_000_000
Shape = Callable[[int], str]
"""Takes about how many characters the document is to have."""


def _times(unit: str) -> Shape:
    return lambda size: unit * (size // len(unit))


def _table(columns: int) -> Shape:
    def made(size: int) -> str:
        row = "|" + "x|" * columns + "\n"
        head = row + "|" + "-|" * columns + "\n"
        return head + row * max(0, (size - len(head)) // len(row))

    return made


def _stairs(mark: str) -> Shape:
    """Lines each of which is nested one deeper than the last, up to 400."""

    def made(size: int) -> str:
        steps = "".join(f"{mark * depth}x\n" for depth in range(1, 400))
        return (steps + "\n") * max(1, size // len(steps))

    return made


def _indented(size: int) -> str:
    steps = "".join("  " * depth + f"- [ ] step {depth}\n" for depth in range(300))
    return (steps + "\ntext\n\n") * max(1, size // len(steps))


def _wide(size: int) -> str:
    """A table of 2,000 by 200, as often as there is room."""
    one = _table(2000)(2000 * 2 * 202)
    return (one + "\n") * max(1, size // len(one))


SHAPES: dict[str, Shape] = {
    "quotes in quotes": _times("> " * 300 + "x\n\n"),
    "quotes, a step deeper each": _stairs("> "),
    "lists in lists": _indented,
    "open brackets": _times("["),
    "open links": _times("[a](b"),
    "emphasis that nothing closes": _times("*a **a _a __a "),
    "backticks of every length": lambda size: " ".join(
        "`" * (n % 400 + 1) for n in range(size // 200)
    ),
    "a table of 2,000 by 200": _wide,
    "a table of 2 columns": _table(2),
    "link definitions": lambda size: "".join(
        f"[{n}]: /u 't'\n" for n in range(size // 16)
    ),
    "HTML that nothing closes": _times("<a <!-- <![CDATA[ <?x "),
    "one line": _times("word "),
    "fences that nothing closes": _times("```sh\nls\n~~~\n"),
    "entities": _times("&#x41;&amp;&nosuch;"),
    "headings": _times("# a\n"),
    "bare tasks": _times("- [ ] a\n"),
    "empty lines": _times("\n"),
    "tables in TOML": _times("- [ ] a\n\n  ```toml step\n  a = [[[[1\n  ```\n"),
}
