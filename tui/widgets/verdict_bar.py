"""The verdict in one line, and what blocks it in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from textual.content import Content

from runbooks.model import Runbook, Step
from runbooks.results import Result
from runbooks.tables import Level
from state.standing import Standing
from state.verdict import Verdict
from tui.display import content, joined
from tui.widgets.outline import OPEN
from tui.widgets.signs import signs
from tui.widgets.standings import Standings

WORDS = {
    "GO": "bold $text-success",
    "DONE": "bold $text-success",
    "GO WITH CONDITIONS": "bold $text-warning",
    "NO-GO": "bold $text-error",
    "OPEN": "bold",
}
BAR = 10
"""Cells of the progress bar."""
NOTHING_CHECKED = 4
"""The verdict's exit code while nobody has looked at anything."""
MOST = 5
"""How many of what blocks are named in the line, as far as it has room."""
SHORT = 24
"""Cells of a step's text where several stand in one line."""


def summary(verdict: Verdict, mine: int, *, brief: bool = False) -> Content:
    """Return the left of the bar: word, failing, could not look, open.

    Args:
        mine: how many of the open steps are the operator's own.
        brief: with the shortest words, for a narrow screen.
    """
    sign = signs().standing
    counts = verdict.counts
    style = "bold" if verdict.exit_code == NOTHING_CHECKED else WORDS[verdict.word]
    pieces = [content(verdict.word, style)]
    failing = counts.get(Standing.FAIL, 0)
    pieces.append(
        content(
            f"{sign[Standing.FAIL]}{failing} {'fail' if brief else 'failing'}",
            "$text-error" if failing else "$foreground-muted",
        )
    )
    for standing, word, short in (
        (Standing.UNKNOWN, "could not look", "unknown"),
        (Standing.IN_DOUBT, "in doubt", "in doubt"),
        (Standing.STALE, "too old", "old"),
        (Standing.WARN, "warning", "warn"),
    ):
        if number := counts.get(standing, 0):
            text = f"{sign[standing]}{number} {short if brief else word}"
            pieces.append(content(text, "$text-warning"))
    unanswered = sum(n for standing, n in counts.items() if standing in OPEN)
    own = f" ({mine} mine)" if mine else ""
    pieces.append(content(f"{sign[Standing.PENDING]}{unanswered} open{own}"))
    return joined(*pieces, between="  ")


def progress(verdict: Verdict, gate: str) -> Content:
    """Return the right of the bar: how much of the gate is done."""
    known = signs()
    full = verdict.done * BAR // verdict.total if verdict.total else 0
    word = f"{gate} " if gate else ""
    return joined(
        content(f"{word}{verdict.done}/{verdict.total}  "),
        content(known.full * full, "$text-success"),
        content(known.empty * (BAR - full), "$foreground-muted"),
    )


def blocking(
    verdict: Verdict,
    runbook: Runbook,
    standings: Standings,
    nothing_yet: Callable[[], str],
) -> tuple[Content, Content]:
    """Return what keeps the verdict from GO, in words, and the key that shows it.

    Failing steps come first, then what could not be looked at, by source, then
    the first open blockers. Where only people's answers are missing, that is said
    before all.

    Args:
        nothing_yet: says what to do, or what is done, while nothing is checked.
    """
    if not runbook.declares:
        wrong = [
            step.id
            for step in runbook.steps
            if standings.standing(step.id) in (Standing.FAIL, Standing.UNKNOWN)
        ]
        shown = islice(_in_words(wrong, runbook, standings), MOST)
        return joined(_plain(verdict), *shown, between="  "), content("")
    if not verdict.blocking:
        return _conditions(verdict, runbook), content("")
    ids = [step_id for step_id, _ in verdict.blocking]
    right = content(f" b {len(ids)} block", "$foreground-muted")
    if verdict.exit_code == NOTHING_CHECKED:
        first = f"nothing is checked yet: {nothing_yet()}"
        return content(first, "$foreground-muted"), right
    shown = islice(_in_words(ids, runbook, standings), MOST)
    people = _only_people(ids, runbook, standings)
    return joined(*people, *shown, between="  "), right


def _only_people(
    ids: list[str], runbook: Runbook, standings: Standings
) -> Iterator[Content]:
    """Say how many answers are missing, unless something stands in their way."""
    steps = [runbook.step_by_id[step_id] for step_id in ids]
    if not all(_waits(step, standings) for step in steps):
        return
    confirm = sum(step.level is Level.ASSIST for step in steps)
    numbers = ((confirm, "to confirm"), (len(steps) - confirm, "to say"))
    told = [f"{number} {what}" for number, what in numbers if number]
    yield content(f"only people are waited for: {', '.join(told)}")


def _waits(step: Step, standings: Standings) -> bool:
    """Whether *step* needs nothing but a person's answer."""
    standing = standings.standing(step.id)
    finding = standings.state(step.id).finding
    if step.level is Level.AUTO:
        return False
    if standing is Standing.UNKNOWN:
        return finding is None or not finding.source  # looking waits to be agreed to
    if standing is Standing.PROPOSED:
        return finding is not None and finding.result is not Result.FAIL
    return standing is Standing.PENDING


def _conditions(verdict: Verdict, runbook: Runbook) -> Content:
    """What stands in the way of a plain GO, the first of it in words."""
    of_steps = (
        f"{runbook.step_by_id[id].text}: {why}" for id, why in verdict.conditions
    )
    told = [*(f"loose end: {end}" for end in verdict.loose_ends), *of_steps]
    if not told:
        return content("nothing blocks", "$text-success")
    more = f", {len(told) - 1} more" if len(told) > 1 else ""
    return content(f"condition: {told[0]}{more}", "$text-warning")


def _in_words(
    ids: list[str], runbook: Runbook, standings: Standings
) -> Iterator[Content]:
    sign = signs().standing
    steps = [runbook.step_by_id[step_id] for step_id in ids]
    for step in steps:
        if standings.standing(step.id) is Standing.FAIL:
            text = f"{sign[Standing.FAIL]} {_brief(step)}"
            yield content(text, "$text-error")
    sources: Counter[str] = Counter()
    alone: list[str] = []
    for step in steps:
        if standings.standing(step.id) is Standing.UNKNOWN:
            finding = standings.state(step.id).finding
            if finding and finding.source:
                sources[finding.source] += 1
            else:
                alone.append(_brief(step))
    unseen = [f"{source}: {number} unknown" for source, number in sources.items()]
    for said in unseen + alone:
        yield content(f"{sign[Standing.UNKNOWN]} {said}", "$text-warning")
    for step in steps:
        standing = standings.standing(step.id)
        if standing not in (Standing.FAIL, Standing.UNKNOWN):
            yield content(f"{sign[standing]} {_brief(step)}", "$foreground-muted")


def _brief(step: Step) -> str:
    text = step.text
    if len(text) <= SHORT:
        return text
    return text[: SHORT - 1].rstrip() + signs().cut


def _plain(verdict: Verdict) -> Content:
    left = verdict.total - verdict.done
    if not verdict.total:
        return content("this file has no steps", "$foreground-muted")
    if not left:
        return content("everything is answered", "$text-success")
    return content(f"{left} of {verdict.total} to go", "$foreground-muted")
