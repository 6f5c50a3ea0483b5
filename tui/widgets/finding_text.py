"""What a probe found, as text for the detail of a step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from textual.content import Content

from runbooks.results import Finding, Reading, Result
from state.standing import StepState
from tui.display import content
from tui.widgets.text_view import QUIET, Paragraph
from tui.widgets.wording import age, duration

LOUD = {
    Result.PASS: "$text-success",
    Result.WARN: "$text-warning",
    Result.UNKNOWN: "$text-warning",
    Result.FAIL: "$text-error",
}


def labelled(label: str, text: str, style: str = "") -> Paragraph:
    """Return foreign *text* behind a label."""
    return Paragraph(content(text, style, lines=True), label)


def plain(text: str, style: str = "") -> Paragraph:
    """Return foreign *text* over the whole width."""
    return Paragraph(content(text, style, lines=True))


def ago(time: str) -> str:
    """Return an age of `wording.age` as people say it."""
    return (
        "just now"
        if time == "now"
        else f"{time} ago"
        if time[-1:].isalpha()
        else "once"
    )


def finding_text(finding: Finding, state: StepState) -> Iterator[Paragraph]:
    """Yield what was read, when, where, and what was expected of it."""
    now = datetime.now(UTC)
    seen = (
        f"{finding.result.value}: {finding.reason}"
        if finding.reason
        else (finding.result.value)
    )
    took = f"{ago(age(state.probed_at, now))}, took {duration(finding.seconds)}"
    line = content(seen, LOUD.get(finding.result, ""), lines=True)
    yield Paragraph(
        Content.assemble(line, Content.styled(f"  {took}", QUIET)), "looked"
    )
    if state.was and state.was != finding.result.value:
        yield labelled("before", state.was)
    if finding.source:
        yield labelled("source", finding.source)
    if finding.judged:
        yield from _table(finding)
    if finding.evidence.strip():
        yield labelled("evidence", finding.evidence.rstrip("\n"), QUIET)


def _table(finding: Finding) -> Iterator[Paragraph]:
    """Readings against what was expected of them, in columns."""
    rows = [
        (
            judged.reading.name,
            judged.expected,
            _value(judged.reading),
            judged.result,
        )
        for judged in finding.judged
    ]
    name = min(28, max(4, *(len(row[0]) for row in rows)))
    expected = min(24, max(8, *(len(row[1]) for row in rows)))
    head = f"{'read':<{name}}  {'expected':<{expected}}  value"
    yield Paragraph(Content.styled(head, QUIET))
    for label, bound, value, result in rows:
        line = Content.assemble(
            content(f"{label:<{name}}  {bound:<{expected}}  "),
            content(f"{value}  {result.value}", LOUD.get(result, "")),
        )
        yield Paragraph(line)


def _value(reading: Reading) -> str:
    """The value for people; of a text, all that was kept."""
    from runbooks.quantities import shown  # not before a finding is on view

    return reading.value if isinstance(reading.value, str) else shown(reading)
