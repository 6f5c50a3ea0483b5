"""A verdict for people and for machines, without a screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from tui.cli.json_text import VERSION, encode
from tui.cli.printing import Line, Painted

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step
    from runbooks.results import Finding
    from state.standing import StepState
    from state.verdict import Verdict
    from tui.cli.looking import Look

OPEN = {
    "auto": "no probe: a person looks and decides",
    "assist": "a person confirms it",
    "attest": "a person says so",
}
"""Why a step that nobody looked at is open, by its level."""
_ORDER = ("fail", "unknown", "warn", "proposed", "pending", "stale")
_WAITING = ("proposed", "pending")
_COLOURS = {
    "fail": "red",
    "unknown": "magenta",
    "warn": "yellow",
    "proposed": "cyan",
    "pass": "green",
    "NO-GO": "red",
    "GO": "green",
    "DONE": "green",
    "GO WITH CONDITIONS": "yellow",
}


@dataclass(frozen=True)
class Report:
    """The verdict and what it rests on.

    Attributes:
        steps: those to list, in document order.
        looks: what was seen just now, by step id.
        requests: how often each source was asked.
    """

    runbook: Runbook
    steps: Sequence[Step]
    progress: Mapping[str, StepState]
    looks: Mapping[str, Look]
    verdict: Verdict
    now: datetime
    requests: Mapping[str, int] = field(default_factory=dict)

    def text(self) -> Iterator[Line]:
        """Yield a line a step, grouped by section, what is wrong first."""
        for section_id, group in groupby(self.steps, key=lambda step: step.section):
            section = self.runbook.section_by_id.get(section_id)
            yield (section.title if section else section_id,)
            for step in sorted(group, key=self._rank):
                word = self.standing(step)
                weight = f" {step.severity}" if step.options.severity else ""
                reason = self.reason(step)
                told = f"  {reason}" if reason else ""
                shown = "open" if word == "pending" else word
                yield (
                    "  ",
                    Painted(f"{shown:8}", _COLOURS.get(word, "")),
                    f"{weight} {step.text}{told}",
                )
        yield from self._sources()
        for end in self.verdict.loose_ends:
            yield "loose end     ", Painted(end, _COLOURS["warn"])
        word, done = self.verdict.word, self.verdict.done
        if not self.verdict.total:
            yield ("nothing here can be decided by a machine",)
        waiting = sum(self.standing(each) in _WAITING for each in self.steps)
        more = f", {waiting} wait for a person" if waiting else ""
        last = f"{done} of {self.verdict.total}{more}"
        yield Painted(word, _COLOURS.get(word, "")), f"  {last}"

    def _sources(self) -> Iterator[Line]:
        """Yield what could not be looked at, each source once, and what was asked."""
        from state.announcing import failures

        found = {step_id: look.finding for step_id, look in self.looks.items()}
        for source, said in failures(found).items():
            told = Painted(f"{source}: {said}", _COLOURS["unknown"])
            yield "could not look  ", told
        if self.requests:
            asked = sorted(self.requests.items())
            yield (f"requests  {', '.join(f'{s} {n}' for s, n in asked)}",)

    def json(self) -> str:
        """Return one object, documented in docs/json.md."""
        return encode(
            {
                "version": VERSION,
                "path": str(self.runbook.path),
                "title": self.runbook.title,
                "verdict": self.verdict.word,
                "exit_code": self.verdict.exit_code,
                "done": self.verdict.done,
                "total": self.verdict.total,
                "loose_ends": list(self.verdict.loose_ends),
                "requests": dict(sorted(self.requests.items())),
                "steps": [self._object(step) for step in self.steps],
            }
        )

    def _object(self, step: Step) -> dict[str, Any]:
        finding = self._finding(step)
        return {
            "id": step.id,
            "text": step.text,
            "section": step.section,
            "severity": step.severity,
            "gate": step.gate,
            "level": step.level,
            "result": self.standing(step),
            "reason": self.reason(step),
            "readings": [
                {
                    **asdict(judged.reading),
                    "expected": judged.expected,
                    "result": judged.result,
                    "source": judged.source,
                    "seconds": round(judged.seconds, 3),
                }
                for judged in (finding.judged if finding else ())
            ],
            "evidence": self._evidence(step),
            "seconds": round(finding.seconds, 3) if finding else 0.0,
        }

    def _rank(self, step: Step) -> tuple[int, int, int]:
        """What goes wrong comes first, also among what is only proposed."""
        word, seen = self.standing(step), self._finding(step)
        proposed = seen.result.value if seen and word == "proposed" else ""
        return _place(word), _place(proposed), step.line

    def _finding(self, step: Step) -> Finding | None:
        """Return what was seen just now, else what the run knows."""
        seen, state = self.looks.get(step.id), self.progress.get(step.id)
        return seen.finding if seen else state.finding if state else None

    def _evidence(self, step: Step) -> str:
        """Return what was seen besides, or what a person's signature stands for."""
        state, finding = self.progress.get(step.id), self._finding(step)
        decision = state.decision if state else None
        if decision and decision.signed:
            return str(decision.signed)
        return finding.evidence if finding else ""

    def standing(self, step: Step) -> str:
        """Return how *step* stands, in one word."""
        from state.verdict import effective

        seen = self.looks.get(step.id)
        standing = effective(step, self.progress.get(step.id), self.now).value
        attested = step.level == "attest" and step.probes
        if standing == "pending" and seen and not attested:
            return seen.finding.result.value  # a command that was not allowed to run
        return standing

    def reason(self, step: Step) -> str:
        """Return why in a few words, or ""; a person's where that is what counts."""
        from state.judging import decision_counts

        state, finding = self.progress.get(step.id), self._finding(step)
        decision = state.decision if state else None
        counts = finding is None or decision_counts(step, state, self.now)
        if decision and counts:
            how = "done by hand," if decision.answer == "done" else "said by"
            return f"{how} {decision.by}: {decision.says}".rstrip(": ")
        standing = self.standing(step)
        if finding is None:
            return OPEN[step.level]
        if standing == "proposed":
            return f"{finding.result}: {finding.reason}"
        if standing == "pending" and step.level == "attest":
            seen = finding.reason if finding.result != "unknown" else ""
            return f"{OPEN[step.level]}; seen: {seen}" if seen else OPEN[step.level]
        return finding.reason


def _place(word: str) -> int:
    return _ORDER.index(word) if word in _ORDER else len(_ORDER)
