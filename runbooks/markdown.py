"""Finds what a runbook is made of in GitHub-flavoured Markdown.

markdown-it-py's block rules do the reading. Their tokens are handled as they
come and never kept, and inline markup is read only where its text is shown:
a document of 10 MiB costs its model, not its token tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from runbooks.fences import kind
from runbooks.found import MAX_NESTING, Fence, Found, Heading, Siblings, Span, Task
from runbooks.inline import commonmark, definitions

Progress = Callable[[float], bool]
"""Is told how far reading is (0 to 1); answers True to cancel."""

_BOX = re.compile(r"\[(?:[ \t]|\n[ \t]*|([xX]))\](?=[ \t\n\v\f])")
"""GFM's task list item marker, at the start of a paragraph's content.

Whitespace has to follow it, before any other content: an empty box is none.
"""

_TOLD_EVERY = 4096


class Cancelled(Exception):
    """`Progress` answered True."""


@dataclass(slots=True, eq=False)
class _Container:
    """The document, or an open quote, list or item.

    Attributes:
        task: innermost task item here.
        fresh: nothing stands in it yet.
        tasks, items: of a list, its task items and the number of all items.
        opened: token of an item.
        prose: of a task item, the line after its first paragraph.
        holes: of a task item, lines that are steps or commands, not prose.
    """

    task: Task | None = None
    fresh: bool = True
    before: Siblings | None = None
    tasks: list[Task] = field(default_factory=list)
    items: int = 0
    opened: Token | None = None
    prose: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)


def find(source: str, progress: Progress | None = None) -> Found:
    """Return what *source* is made of; its lines end in ``\\n`` alone.

    Raises:
        Cancelled: *progress* said so.
    """
    parser = commonmark()
    state = _Reader(source, parser, progress)
    parser.block.tokenize(state, 0, state.lineMax)
    state.finish()
    state.found.references = state.env.get("references", {})
    return state.found


def first_word(info: str) -> str:
    """Return the first word of an info string, as GFM reads it."""
    words = info.split(None, 1)
    return unescapeAll(words[0]) if words else ""


class _Reader(StateBlock):
    """Takes each token once the next one comes: only then is it complete."""

    def __init__(
        self, source: str, parser: MarkdownIt, progress: Progress | None
    ) -> None:
        self.found = Found()
        self._stack = [_Container()]
        self._items: list[_Container] = []
        self._pending: Token | None = None
        self._leaf: Token | None = None
        self._fresh = False
        self._table: Token | None = None
        self._progress = progress
        self._countdown = _TOLD_EVERY
        self._take = {
            "paragraph_open": self._open_leaf,
            "heading_open": self._open_leaf,
            "inline": self._inline,
            "fence": self._fence,
            "code_block": self._span,
            "html_block": self._span,
            "table_open": self._table_open,
            "table_close": self._table_close,
            "hr": self._stand,
            "blockquote_open": self._open,
            "blockquote_close": self._close,
            "bullet_list_open": self._open,
            "ordered_list_open": self._open,
            "bullet_list_close": self._list_close,
            "ordered_list_close": self._list_close,
            "list_item_open": self._item_open,
            "list_item_close": self._item_close,
        }
        super().__init__(source, parser, {}, [])

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        self.finish()
        token = super().push(ttype, tag, nesting)
        self.tokens.clear()
        if ttype in self._take:
            self._pending = token
        if self.level >= MAX_NESTING and not self.found.too_deep:
            self.found.too_deep = self.line + 1
        self._countdown -= 1
        if not self._countdown:
            self._countdown = _TOLD_EVERY
            if self._progress and self._progress(self.line / (self.lineMax or 1)):
                raise Cancelled
        return token

    def finish(self) -> None:
        """Take the token that is pending."""
        token, self._pending = self._pending, None
        if token is not None:
            self._take[token.type](token)

    def _stand(self, token: Token) -> Siblings:
        """Note that a block stands here; return what stood directly before it."""
        container = self._stack[-1]
        self._fresh, container.fresh = container.fresh, False
        before, container.before = container.before, None
        return before or Siblings()

    def _span(self, token: Token) -> None:
        self._stand(token)
        self._cover(token, "html" if token.type == "html_block" else "code")

    def _cover(self, token: Token, kind: Literal["code", "html", "table"]) -> None:
        start, end = token.map or (0, 0)
        self.found.spans.append(Span(start, end, kind))

    def _table_open(self, token: Token) -> None:
        self._stand(token)
        self._table = token

    def _table_close(self, token: Token) -> None:
        if self._table:
            self._cover(self._table, "table")

    def _open(self, token: Token) -> None:
        self._stand(token)
        self._stack.append(_Container(self._stack[-1].task))

    def _close(self, token: Token) -> None:
        self._stack.pop()

    def _list_close(self, token: Token) -> None:
        closed = self._stack.pop()
        self._stack[-1].before = Siblings(closed.tasks, closed.items == 1)

    def _item_open(self, token: Token) -> None:
        self._stack[-1].items += 1
        item = _Container(self._stack[-1].task, opened=token)
        self._stack.append(item)
        self._items.append(item)

    def _item_close(self, token: Token) -> None:
        item = self._stack.pop()
        self._items.pop()
        if not item.prose or not item.opened or not item.task:
            return
        start, end = item.opened.map or (0, 0)
        if item.prose < end:
            item.task.prose = self._prose(item, end)
        if self._items:
            self._dig(start, end)

    def _dig(self, start: int, end: int) -> None:
        """Take lines out of the prose of the task item around them."""
        for item in reversed(self._items):
            if item.prose:
                item.holes.append((start, end))
                return

    def _prose(self, item: _Container, end: int) -> str:
        lines: list[str] = []
        at = item.prose
        for start, stop in [*item.holes, (end, end)]:
            for line in range(at, start):
                lines.append(self.src[self.bMarks[line] : self.eMarks[line]])
            at = max(at, stop)
        return dedent("\n".join(lines)).strip("\n")

    def _open_leaf(self, token: Token) -> None:
        self._leaf = token

    def _inline(self, token: Token) -> None:
        leaf, self._leaf = self._leaf, None
        if leaf is None:
            return
        before = self._stand(leaf)
        start, end = leaf.map or (0, 0)
        content = token.content
        if content.startswith("[") and "]:" in content and leaf.markup[:1] != "#":
            content = definitions(content, self.env)
            if not content:
                return
        if leaf.type == "heading_open":
            level = int(leaf.tag[1])
            self.found.headings[level] += 1
            if len(self._stack) == 1:
                self.found.items.append(Heading(start + 1, level, content))
            return
        if self._fresh and token.content.startswith("["):
            box = _BOX.match(token.content)
            if box and self._stack[-1].opened:
                self._task(box, token.content[box.end() :].strip(), end)
                return
        keeps = not before.paragraph and content.endswith(":")
        self._stack[-1].before = Siblings(
            before.tasks if keeps else (), keeps and before.only, content
        )

    def _task(self, box: re.Match[str], content: str, end: int) -> None:
        item = self._stack[-1]
        start = item.opened.map[0] if item.opened and item.opened.map else 0
        task = Task(start + 1, bool(box[1]), len(self._items) - 1, content)
        item.task, item.prose = task, end
        self._stack[-2].tasks.append(task)
        self.found.items.append(task)

    def _fence(self, token: Token) -> None:
        before = self._stand(token)
        self._cover(token, "code")
        self.found.fences[first_word(token.info)] += 1
        start, end = token.map or (0, 0)
        lines = token.content.removesuffix("\n").count("\n") + bool(token.content)
        if start + 1 + lines == end:
            self.found.unclosed.append(start + 1)
        task = self._stack[-1].task
        if kind(token.info) != "other":
            self._dig(start, end)
        fence = Fence(
            start + 1,
            self.sCount[start],
            token.info.strip(),
            token.content,
            task,
            before,
        )
        self.found.items.append(fence)
