"""Where a run stands, a sentence a line, for eyes, ears and programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbooks.tables import Gate, Level
from state import crew
from state.author import current
from state.comparing import Compared
from state.doubts import beside_steps
from state.filesystems import warning
from state.lever import Lever
from state.resume import Kind, resumption
from state.standing import Standing
from state.verdict import effective, verdict
from tui.cli.json_text import VERSION, encode
from tui.cli.standing import progress_of
from tui.widgets.wording import GATES, brief

if TYPE_CHECKING:
    from runbooks.model import Runbook, Step

WHO = {
    Level.AUTO: "a probe decides",
    Level.ASSIST: "a person confirms",
    Level.ATTEST: "a person says",
}
DONE = frozenset({Standing.PASS, Standing.NA, Standing.WAIVED})
"""Standings that need nobody any more."""

TOLD = frozenset(
    {Kind.HANDED_OVER, Kind.AT_WORK, Kind.LOOSE_ENDS, Kind.UNCHANGED, Kind.IN_DOUBT}
)
"""What changed that has lines of its own, or needs none."""


class Status:
    """A run as it stands at this moment, read without taking part in it.

    Raises:
        StateError: the run's files cannot be read.
    """

    def __init__(self, directory: Path, runbook: Runbook) -> None:
        self._directory = directory
        self._runbook = runbook
        self._now = datetime.now(UTC)
        us = current()
        self._progress = progress_of(directory)
        compared = Compared.of_files(directory, runbook, self._progress)
        self._since = resumption(compared).groups
        self._members = crew.others(self._progress.members, us)
        self._holder = Lever(directory / "lever", us).holder()
        self._loose = beside_steps(self._progress)
        self._verdict = verdict(
            runbook, self._progress.steps, self._now, loose_ends=self._loose
        )

    # ------------------------------------------------------------------- text

    def text(self, only_open: bool = False) -> Iterator[str]:
        """Yield the lines; of steps those that are not done, if *only_open*."""
        yield f"{self._runbook.title}: {self._verdict.word}"
        yield from self._head()
        section = ""
        for step in self._runbook.steps:
            standing = self._standing(step)
            if only_open and standing in DONE:
                continue
            if step.section != section:
                section = step.section
                yield ""
                yield f"Section: {self._runbook.section_by_id[section].title}"
            yield self._line(step, standing)

    def _head(self) -> Iterator[str]:
        progress, verdict = self._progress, self._verdict
        on = f" against {progress.target}" if progress.target else ""
        yield f"Run {self._directory.name}{on}"
        gate = " before launch" if self._runbook.declares else ""
        yield f"{verdict.done} of {verdict.total} done{gate}{self._counted()}"
        yield f"Last touched by {progress.acted_by} at {_time(progress.acted_at)}"
        if progress.document != self._runbook.digest:
            yield "The runbook has changed since this run was last open"
        if wrong := warning(self._directory):
            yield wrong
        for note in progress.handed_over[-3:]:
            yield f"Handed over by {note.by} at {_time(note.at)}: {note.note}"
        for member in self._members:
            yield f"On now: {member}"
        if self._holder:
            gone = "" if self._holder.alive else ", gone without giving it back"
            yield f"Lever: {self._holder}{self._holder.at}{gone}"
        if (arming := progress.arming) and arming.left(self._now):
            yield f"Armed: {arming.by} until {_time(arming.until)}: {arming.reason}"
        for text in self._at_work:
            yield f"At work: {text}"
        for doubt in self._progress.doubts.values():
            yield f"In doubt: {_sentence(str(doubt))} Started by {doubt.by}"
        for end in self._loose:
            yield f"Loose end: {end}"
        yield from self._changes()

    def _changes(self) -> Iterator[str]:
        """What changed since a person last looked, as coming back to the run shows."""
        for kind, items in self._since.items():
            for item in () if kind in TOLD else items:
                says = f" {_sentence(item.says)}" if item.says else ""
                yield f"{kind.value}: {_sentence(item.text)}{says}"
                for line in item.more:
                    yield f"  {line}"

    @property
    def _at_work(self) -> Iterator[str]:
        for command in self._progress.commands.values():
            if not command.ending:
                yield f"{' '.join(command.text.split())}, started by {command.by}"
        for acted in self._progress.actions.values():
            if not acted.ending:
                yield f"{acted.title}, started by {acted.by}"

    def _counted(self) -> str:
        """How many stand how, what is wrong first."""
        bad = (Standing.IN_DOUBT, Standing.FAIL, Standing.UNKNOWN, Standing.STALE)
        order = (*bad, Standing.WARN, Standing.PROPOSED, Standing.PENDING)
        counts = self._verdict.counts
        words = [f"{counts[s]} {brief(s)}" for s in order if counts.get(s)]
        return f": {', '.join(words)}" if words else ""

    def _line(self, step: Step, standing: Standing) -> str:
        facts = []
        if step.options.severity:
            facts.append(step.severity.value)
        if step.gate is not Gate.GO:
            facts.append(GATES[step.gate])
        if standing is Standing.PENDING:
            facts.append(WHO[step.level])
        told = (step.text, ", ".join(facts), self._reason(step, standing))
        text = " ".join(_sentence(each) for each in told if each)
        return f"{brief(standing)}: {text} Id {step.id}"

    def _standing(self, step: Step) -> Standing:
        return effective(step, self._progress.steps.get(step.id), self._now)

    def _reason(self, step: Step, standing: Standing) -> str:
        """Who said so and why, or what was found."""
        state = self._progress.steps.get(step.id)
        if state is None:
            return ""
        decision, words = state.decision, []
        if decision:
            until = f" until {decision.until}" if decision.until else ""
            note = f": {decision.says}" if decision.says else ""
            words.append(f"said {decision.answer} by {decision.by}{until}{note}")
        if state.finding and standing is not Standing.PENDING:
            words.append(f"found {state.finding.result}: {state.finding.reason}")
        return ", ".join(words)

    # ------------------------------------------------------------------- json

    def json(self) -> Iterator[str]:
        """Yield one object, documented in docs/json.md."""
        progress, verdict, holder = self._progress, self._verdict, self._holder
        yield encode(
            {
                "version": VERSION,
                "run": self._directory.name,
                "directory": str(self._directory),
                "runbook": progress.runbook,
                "title": self._runbook.title,
                "target": progress.target,
                "verdict": verdict.word,
                "exit_code": verdict.exit_code,
                "done": verdict.done,
                "total": verdict.total,
                "by": progress.acted_by,
                "at": progress.acted_at,
                "changed": progress.document != self._runbook.digest,
                "crew": [str(member) for member in self._members],
                "lever": holder and {"holder": str(holder), "alive": holder.alive},
                "at_work": list(self._at_work),
                "loose_ends": list(self._loose),
                "handed_over": [
                    {"note": note.note, "by": note.by, "at": note.at}
                    for note in progress.handed_over
                ],
                "in_doubt": [str(each) for each in progress.doubts.values()],
                "since": {
                    kind.name.lower(): [
                        {"text": i.text, "says": i.says, "more": i.more} for i in items
                    ]
                    for kind, items in self._since.items()
                },
                "steps": [self._object(step) for step in self._runbook.steps],
            }
        )

    def _object(self, step: Step) -> Mapping[str, Any]:
        standing = self._standing(step)
        return {
            "id": step.id,
            "text": step.text,
            "section": step.section,
            "severity": step.severity,
            "gate": step.gate,
            "level": step.level,
            "standing": standing.value,
            "reason": self._reason(step, standing),
        }


def _sentence(text: str) -> str:
    """Return *text* on one line with a full stop, so that it is read as a sentence."""
    line = " ".join(text.split())
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _time(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%MZ}"
    except ValueError:
        return at or "no known time"
