"""The lines that `state.resume` tells, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from runbooks.model import Row, Runbook, Step
from state.acted import left_open, loose_ends
from state.comparing import Compared, Sort
from state.doubts import SAYS
from state.judging import age_of, effective
from state.resume import Item, Kind, moment
from state.standing import EMPTY, Answer, Standing, StepState
from state.versions import difference, kept

if TYPE_CHECKING:
    from runbooks.identity_of import Met

SOON = timedelta(days=1)
"""A waiver that ends within this time is told."""
_DONE = (Answer.PASS, Answer.FAIL, Answer.NA, Answer.WAIVE)


class Telling:
    """Tells what became of one run.

    Args:
        sorts: what became of each step.
        met: which systems the profile leads to now.
        now: with the time zone in which times are told.
    """

    def __init__(
        self, compared: Compared, sorts: Mapping[str, Sort], met: Met, now: datetime
    ) -> None:
        self._compared = compared
        self._state = compared.state
        self._steps = compared.runbook.step_by_id
        rows = compared.runbook.rows
        self._rows = {row.id: row for row in rows if row.kind != "section"}
        self._sorts = sorts
        self._met = met
        self._now = now

    def groups(self) -> Iterator[tuple[Kind, Sequence[Item]]]:
        """Yield each group in order, also where it is empty."""
        yield Kind.HANDED_OVER, tuple(self._handed_over())
        yield Kind.AT_WORK, (*self._running(), *self._in_doubt())
        yield Kind.LOOSE_ENDS, tuple(self._loose_ends())
        yield Kind.WORSE, tuple(self._worse())
        yield Kind.WAIVERS, tuple(self._waivers())
        yield Kind.SYSTEMS, tuple(self._systems())
        yield Kind.PROFILE, tuple(self._profile())
        yield Kind.BY_HAND, tuple(self._by_hand())
        yield Kind.UNCHANGED, self._of(Sort.UNCHANGED)
        yield Kind.EDITED, tuple(self._edited())
        yield Kind.MOVED, tuple(self._moved())
        yield Kind.NEW, self._of(Sort.NEW)
        yield Kind.REMOVED, tuple(self._removed())
        yield Kind.STALE, self._of(Sort.STALE)
        yield Kind.IN_DOUBT, self._of(Sort.IN_DOUBT)

    # ------------------------------------------------- what goes on, what is left

    def _handed_over(self) -> Iterator[Item]:
        for note in self._state.handed_over[self._compared.baseline.handed_over :]:
            yield Item(note.note, f"{note.by}, {self._moment(note.at)}")

    def _running(self) -> Iterator[Item]:
        for command in self._state.commands.values():
            if not command.ending:
                first = command.text.strip().partition("\n")[0]
                who = self._who(command.by, command.at)
                row = self._row(command.part)
                yield Item(first, f"{self._goes_on(command.id)}, {who}", row)
        for acted in self._state.actions.values():
            if not acted.ending:
                says = f"{self._goes_on(acted.id)}, {self._who(acted.by, acted.at)}"
                yield Item(acted.title, says, self._row(acted.step))

    def _goes_on(self, id: str) -> str:
        """Whether the supervisor of a command or action lives, or saw it end."""
        from runbooks.commands import attach

        running = attach(self._compared.directory / "outputs", id)
        if running is None:
            return SAYS
        if ending := running.ending():
            return SAYS if ending.ending == "in doubt" else "ended meanwhile"
        return "running" if running.alive() else SAYS

    def _in_doubt(self) -> Iterator[Item]:
        for doubt in self._state.doubts.values():
            row = self._row(doubt.step) or self._row(doubt.part)
            names = (self._steps[s].text for s in doubt.waits if s in self._steps)
            waits = tuple(f"settled once this passes: {name}" for name in names)
            by_whom = self._who(doubt.by, doubt.at)
            yield Item(doubt.title, f"{SAYS}, {by_whom}", row, waits)

    def _loose_ends(self) -> Iterator[Item]:
        actions = self._state.actions
        for said, acted in zip(left_open(actions), loose_ends(actions), strict=True):
            yield Item(said, self._moment(acted.at), self._row(acted.step))

    def _worse(self) -> Iterator[Item]:
        for step in self._compared.runbook.steps:
            state = self._known(step)
            if state.regressed_at and state.finding:
                was = f", was {state.passed}" if state.passed else ", passed before"
                when = self._moment(state.regressed_at)
                says = f"{state.finding.reason}{was}, {when}"
                yield self._item(step, says)

    def _waivers(self) -> Iterator[Item]:
        for step in self._compared.runbook.steps:
            decision = self._known(step).decision
            if decision is None or decision.answer is not Answer.WAIVE:
                continue
            try:
                last = datetime.fromisoformat(decision.until).replace(tzinfo=UTC)
            except ValueError:
                continue
            left = last + timedelta(days=1) - self._now
            if left <= SOON:
                how = "ended" if left <= timedelta() else "ends"
                who = f"waived by {decision.by}: {decision.note}"
                yield self._item(step, f"{how} {decision.until}, {who}")

    # -------------------------------------------------------- what it is against

    def _systems(self) -> Iterator[Item]:
        for table, began in self._state.systems.items():
            now = self._met.get(table, self._state.seen[table])
            if not isinstance(now, str) and now.id != began.id:
                yield Item(f"{table}: {now.says}", f"the run began with {began.says}")

    def _profile(self) -> Iterator[Item]:
        for name, before, now in self._compared.profile_changes():
            says = f"{before or 'nothing'} → {now or 'nothing'}"
            yield Item(name, says)

    def _by_hand(self) -> Iterator[Item]:
        for edit in self._state.edits[self._compared.baseline.edits :]:
            changes = ", ".join(
                f"{key} {before or 'nothing'} → {after or 'nothing'}"
                for key, (before, after) in edit.changes.items()
            )
            step = self._steps.get(edit.step)
            row = self._row(edit.step)
            yield Item(step.text if step else edit.step, changes, row, edit.refused)

    # ---------------------------------------------------------- step for step

    def _of(self, sort: Sort) -> tuple[Item, ...]:
        steps = self._compared.runbook.steps
        return tuple(
            self._item(step, self._stands(step))
            for step in steps
            if self._sorts[step.id] is sort
        )

    def _edited(self) -> Iterator[Item]:
        compared, was = self._compared, self._compared.was
        edited = [id for id in self._steps if self._sorts[id] is Sort.EDITED]
        before = (
            kept(compared.directory, compared.baseline.document) if edited else None
        )
        diffs: Mapping[str, Sequence[str]] = {}
        if before:
            ids = {id: was[id] for id in edited}
            diffs = difference(before, compared.runbook, ids)
        for id in edited:
            lines = diffs.get(id) or ("how it read before was not kept",)
            yield self._item(self._steps[id], self._counted(id), lines)

    def _counted(self, id: str) -> str:
        """What becomes of what was known of an edited step."""
        state = self._state.steps.get(id, EMPTY)
        decision = state.decision
        if self._standing(self._steps[id]) is not Standing.STALE:
            return self._stands(self._steps[id])
        if decision and decision.answer in _DONE:
            return f"{decision.answer} by {decision.by} counts no more"
        return "what was found counts no more"

    def _moved(self) -> Iterator[Item]:
        was, sections = self._compared.was, self._compared.runbook.section_by_id
        for id, sort in self._sorts.items():
            if sort is Sort.MOVED:
                step = self._steps[id]
                place = f"now in {sections[step.section].title}"
                known = f", was {was[id]}" if was[id] != id else ""
                yield self._item(step, f"{place}{known}; {self._stands(step)}")

    @cached_property
    def _before(self) -> Runbook | None:
        """The document as a person last saw it, if it was kept."""
        return kept(self._compared.directory, self._compared.baseline.document)

    def _removed(self) -> Iterator[Item]:
        for id, sort in self._sorts.items():
            if sort is Sort.REMOVED:
                state = self._state.steps.get(id, EMPTY)
                decision = state.decision
                said = "nobody had answered it"
                if decision:
                    when = self._moment(decision.at)
                    said = f"{decision.answer} by {decision.by}, {when}, is kept"
                elif state.finding:
                    said = f"{state.finding.result} was found; it is kept"
                old = self._before.step_by_id.get(id) if self._before else None
                yield Item(old.text if old else state.text or id, said)

    # --------------------------------------------------------------- in words

    def _item(self, step: Step, says: str, more: Sequence[str] = ()) -> Item:
        return Item(step.text, says, self._row(step.id), tuple(more))

    def _known(self, step: Step) -> StepState:
        return self._state.steps.get(step.id, EMPTY)

    def _standing(self, step: Step) -> Standing:
        return effective(step, self._known(step), self._now)

    def _stands(self, step: Step) -> str:
        """How a step stands, and of a stale one why."""
        state, standing = self._known(step), self._standing(step)
        if standing is Standing.IN_DOUBT:
            return SAYS
        if standing is not Standing.STALE:
            by = ""
            if standing is not Standing.PENDING and state.decision:
                by = f", said {state.decision.by}"
            return f"{standing}{by}" if standing is not Standing.PENDING else "open"
        decision = state.decision
        if decision and decision.digest not in ("", step.digest):
            return f"{decision.answer} by {decision.by} was said of another text"
        if decision and decision.answer is Answer.PASS and not decision.outdated:
            who = f"{decision.answer} by {decision.by}"
            return f"{who}, {_ago(decision.at, self._now)}, is too old"
        if state.outdated:
            return f"{state.outdated} since it was looked at"
        found = state.finding.result if state.finding else "an answer"
        return f"{found}, {_ago(state.probed_at, self._now)}, is too old"

    def _who(self, by: str, at: str) -> str:
        return f"{by}, {self._moment(at)}"

    def _moment(self, at: str) -> str:
        return moment(at, self._now)

    def _row(self, id: str) -> Row | None:
        """Return the row of a step or a part, None where the document has none."""
        return self._rows.get(id)


def _ago(at: str, now: datetime) -> str:
    hours = age_of(at, now) // timedelta(hours=1)
    if hours >= 48:
        return f"{hours // 24} days ago"
    return f"{hours} h ago" if hours else "within the hour"
