"""Parsing never raises, and what it returns hangs together, whatever the bytes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.linting import lint
from runbooks.model import Runbook
from runbooks.parsing import parse

PATH = Path("book.md")

MARGINS = st.sampled_from(
    ["", "", "", " ", "  ", "    ", "\t", "> ", "- ", "1. ", "- - "]
)
LINES = st.sampled_from(
    [
        *("# h", "## h", "h", "===", "---", "[ ] a", "[x] a", "- [ ] a", "* [X] b", ""),
        *("```sh", "```", "~~~", "ls | wc", "$ ls", "# c", "cat <<E", "E", "text:"),
        *("```toml step", "```toml action", "```toml runbook", "id = 'a'", "id = 3"),
        *("severity = 'x'", "use = 'http'", "probe = {}", "```sh {name=a}", "```sh {a"),
        *("<!--", "-->", "<div>", "| a | b |", "|---|---|", "[a]: /u", "-[ ] c", "☐ d"),
        *("é\u2028x", "\u202e", "\x00", "\x1b[31m", "a\\", "`", "[", "</pre>", "..."),
    ]
)
DOCUMENTS = st.lists(st.tuples(MARGINS, LINES), max_size=25).map(
    lambda lines: "\n".join(margin + line for margin, line in lines)
)


def assert_hangs_together(runbook: Runbook, lines: int) -> None:
    steps = {step.id for step in runbook.steps}
    parts = [part for block in runbook.blocks for part in block.parts]
    sections = {section.id for section in runbook.sections}
    blocks = {block.id for block in runbook.blocks}
    assert len(steps) == len(runbook.steps)
    assert len(sections) == len(runbook.sections)
    assert len(blocks) == len(runbook.blocks)
    assert len({part.id for part in parts}) == len(parts)
    standing = {step.part for step in runbook.steps if step.part}
    assert {part.id for part in parts} & steps == standing
    rows = [(row.kind, row.id) for row in runbook.rows]
    assert len(set(rows)) == len(rows)
    assert [i for kind, i in rows if kind == "step"] == [s.id for s in runbook.steps]
    assert [i for kind, i in rows if kind == "section"] == [
        s.id for s in runbook.sections
    ]
    assert [i for kind, i in rows if kind == "part"] == [
        part.id for part in parts if part.id not in standing
    ]
    for step in runbook.steps:
        assert step.section in sections
        assert 1 <= step.line <= lines
        assert "\n" not in step.text
    for block in runbook.blocks:
        assert block.step is None or block.step in steps
        assert block.section in sections
    tasks = [step for step in runbook.steps if step.part is None]
    assert runbook.counts.checked + runbook.counts.unchecked == len(tasks)
    for problem in runbook.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.problem and problem.remedy
    for notice in runbook.notices:
        assert 1 <= notice.line <= lines
        assert notice.line not in {step.line for step in tasks}
    f"{runbook}".encode()


@settings(max_examples=250, deadline=None)
@given(DOCUMENTS)
def test_documents(text: str) -> None:
    runbook = parse(text.encode(), PATH)
    assert_hangs_together(runbook, text.count("\n") + 1)
    lint(runbook)
    written = text.split("\n")
    for step in runbook.steps:
        if step.part is None:
            assert "[" in written[step.line - 1] + "".join(written[step.line :])
    crlf = parse(text.replace("\n", "\r\n").encode(), PATH)
    assert crlf.steps == runbook.steps
    assert crlf.counts == runbook.counts
    assert crlf.problems == runbook.problems


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), DOCUMENTS)
def test_any_bytes(data: bytes, sidecar: str) -> None:
    runbook = parse(data, PATH, sidecar.encode())
    assert_hangs_together(runbook, data.count(b"\n") + data.count(b"\r") + 1)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text(text: str, sidecar: str) -> None:
    data = text.encode("utf-8", "replace")
    parse(data, PATH, sidecar.encode("utf-8", "replace"))
