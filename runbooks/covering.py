"""For which steps a signature stands: what ``covers`` of a step may name."""

from __future__ import annotations

from runbooks.model import Runbook, Step


def covered(runbook: Runbook, step: Step) -> list[Step]:
    """Return the steps for which a signature of *step* stands, in document order.

    They are what it names, without itself, as far as they count at its gate.
    """
    covers = step.options.covers
    named = {each.id for name in covers for each in called(runbook, name)} - {step.id}
    return [
        each
        for each in runbook.steps
        if each.id in named and (not runbook.declares or each.gate is step.gate)
    ]


def called(runbook: Runbook, name: str) -> list[Step]:
    """Return the steps that *name* means, of whatever gate.

    That is the id of a step, the beginning of ids with ``*`` behind it (``infra.*``),
    or the title or id of a section, which stands for those under it as well.
    """
    if name.endswith("*"):
        return [step for step in runbook.steps if step.id.startswith(name[:-1])]
    roots = [s.path for s in runbook.sections if name in (s.id, s.title)]
    of = runbook.section_by_id
    return [
        step
        for step in runbook.steps
        if step.id == name
        or any(of[step.section].path[: len(root)] == root for root in roots)
    ]
