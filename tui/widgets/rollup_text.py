"""What a signature stands for, as text for the detail of its step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runbooks.model import Runbook, Step
from runbooks.results import Result
from state.needs import unmet
from state.rollup import Rollup, rollup
from state.standing import EMPTY, Signed
from tui.widgets.finding_text import LOUD, labelled
from tui.widgets.signs import signs
from tui.widgets.text_view import QUIET, Paragraph

if TYPE_CHECKING:
    from state.progress import Progress

SHORT = 12
"""Characters of a digest that people compare; the journal has all."""


def rollup_text(
    runbook: Runbook, progress: Progress, step: Step
) -> Iterator[Paragraph]:
    """Yield how what *step* covers stands, what holds a signature up, and the waivers.

    Where it is signed: what was, and how far that differs by now.
    """
    found = rollup(runbook, progress, step)
    yield labelled("covers", found.summary)
    decision = progress.steps.get(step.id, EMPTY).decision
    if decision and decision.signed:
        yield from _since(decision.signed, found)
    for each in found.failing:
        yield labelled("fails", each.text, LOUD[Result.FAIL])
    for each, waiver in found.waived:
        role = f" ({waiver.role})" if waiver.role else ""
        said = f"{waiver.by}{role}, until {waiver.until}: {waiver.note}"
        yield labelled("waived", f"{each.text} {signs().dot} {said}")
    if first := unmet(runbook, progress.steps, step.id):
        yield labelled("not yet", "; ".join(first), LOUD[Result.WARN])


def _since(signed: Signed, now: Rollup) -> Iterator[Paragraph]:
    yield labelled("signed", f"{signed.summary}; sha256:{signed.digest[:SHORT]}")
    if signed.digest == now.digest:
        return
    before = dict(signed.steps)
    changed = {id: s for id, s in now.standings.items() if before.get(id) != s}
    gone = len(before.keys() - now.standings.keys())
    counts = Counter(changed.values())
    said = [f"{number} now {word}" for word, number in counts.items()]
    said += [f"{gone} not there any more"] if gone else []
    differs = f"sha256:{now.digest[:SHORT]} now, not what was signed: "
    differs += ", ".join(said) or "what was found or said differs, not how it stands"
    yield labelled("since", differs, LOUD[Result.WARN] if said else QUIET)
