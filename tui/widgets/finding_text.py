"""What a probe found, as text for the detail of a step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from runbooks.facts import BY_FACT
from runbooks.results import Finding, Reading, Result, Soaked
from state.standing import Standing, StepState
from tui.display import content, joined
from tui.widgets.signs import signs, trend
from tui.widgets.text_view import QUIET, Paragraph
from tui.widgets.wording import age, duration, soaking

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
    """Yield what was read, when, where, and what was expected of it.

    What was seen besides comes here where it says why nobody could judge.
    """
    if finding.reason.startswith(BY_FACT):
        fact = finding.reason.removeprefix(BY_FACT)
        yield labelled("by fact", f"{fact}, says the profile")
        return
    now = datetime.now(UTC)
    seen = (
        f"{finding.result.value}: {finding.reason}"
        if finding.reason
        else (finding.result.value)
    )
    took = ago(age(state.probed_at, now))
    if finding.seconds:
        took += f", took {duration(finding.seconds)}"
    line = content(seen, LOUD.get(finding.result, ""), lines=True)
    yield Paragraph(joined(line, content(f"  {took}", QUIET)), "looked")
    if state.regressed_at:
        since = ago(age(state.regressed_at, now))
        yield labelled("regressed", f"{since}, was: {state.passed}", "$text-error")
    if finding.source:
        yield labelled("source", finding.source)
    if finding.judged:
        yield from _table(finding)
    if finding.result is Result.UNKNOWN:
        yield from _seen(finding)


def evidence_text(finding: Finding) -> Iterator[Paragraph]:
    """Yield what was seen besides where readings were judged; it may be long."""
    if finding.result is not Result.UNKNOWN:
        yield from _seen(finding)


def _seen(finding: Finding) -> Iterator[Paragraph]:
    if finding.evidence.strip():
        label = "evidence" if finding.judged else "to do"
        yield labelled(label, finding.evidence.rstrip("\n"), QUIET)


def soak_text(soak: Soaked) -> Iterator[Paragraph]:
    """Yield how far a soak has come or how it went, with a trend line."""
    done = soaking(soak) if soak.due else f"{soak.looks} looks, {soak.failed} failed"
    span, every = duration(soak.span), duration(soak.every)
    text = f"{done}; {span}, every {every}, {soak.allowed} may fail"
    yield labelled("soak", text)
    if len(soak.trend) > 1:
        first, last = (
            _value(Reading(soak.reading, soak.trend[end], soak.unit)) for end in (0, -1)
        )
        said = f"{soak.reading} {first} to {last}".strip()
        yield labelled("trend", f"{trend(soak.trend)}  {said}", QUIET)


def _table(finding: Finding) -> Iterator[Paragraph]:
    """Readings against what was expected of them, in columns.

    Where they came from and how long that took stands above those of one look.
    """
    name = min(28, max(4, *(len(each.reading.name) for each in finding.judged)))
    expected = min(30, max(8, *(len(each.expected) for each in finding.judged)))
    head = f"  {'read':<{name}}  {'expected':<{expected}}  value"
    yield Paragraph(content(head, QUIET))
    for source, group in groupby(finding.judged, key=lambda each: each.source):
        looked = list(group)
        if source and source != finding.source:
            took = duration(looked[0].seconds)
            yield Paragraph(content(f"from {source}, took {took}", QUIET))
        for each in looked:
            loud = LOUD.get(each.result, "")
            sign = signs().standing[Standing[each.result.name]]
            line = joined(
                content(f"{sign} ", loud),
                content(f"{each.reading.name:<{name}}  {each.expected:<{expected}}  "),
                content(_value(each.reading), loud),
            )
            yield Paragraph(line)


def _value(reading: Reading) -> str:
    """The value for people; of a text, all that was kept."""
    from runbooks.quantities import shown  # not before a finding is on view

    return reading.value if isinstance(reading.value, str) else shown(reading)
