"""Runbooks made in memory."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from runbooks.model import Counts, Row, Runbook, Section, Step
from runbooks.tables import RunbookOptions, StepOptions
from state.author import Author

ANA = Author("ana", "", "bastion", 1)
BEN = Author("ben", "", "bastion", 2)


def step(
    step_id: str,
    text: str = "",
    section: str = "s",
    part: str | None = None,
    checked: bool = False,
    **options: object,
) -> Step:
    text = text or f"Step {step_id}"
    declared = StepOptions(**options)  # type: ignore[arg-type]
    digest = sha256(f"{text}{declared}".encode()).hexdigest()
    return Step(step_id, text, section, 1, checked, 0, digest, declared, part)


def runbook(
    *steps: Step, path: Path = Path("/r/book.md"), **options: object
) -> Runbook:
    data = "".join(f"{s.id} {s.digest} {s.section}\n" for s in steps).encode()
    names = dict.fromkeys(s.section for s in steps)
    return Runbook(
        path=path,
        title="Book",
        digest=sha256(data).hexdigest(),
        counts=Counts({}, 0, len(steps), {}),
        options=RunbookOptions(**options),  # type: ignore[arg-type]
        sections=tuple(Section(n, n.title(), 2, 1, ("Book", n.title())) for n in names),
        steps=steps,
        blocks=(),
        rows=tuple(Row("step", s.id) for s in steps),
        notices=(),
        problems=(),
        data=data,
    )
