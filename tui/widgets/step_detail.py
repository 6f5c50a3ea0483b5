"""What is known of the row under the cursor, as text.

Everything foreign passes `content`; markup is never parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.content import Content

from runbooks.model import Block, Part, Row, Runbook, Step
from runbooks.tables import Level
from runbooks.target import Target
from state.standing import Answer, Command, Standing, StepState
from tui.display import content
from tui.widgets.finding_text import (
    LOUD,
    ago,
    evidence_text,
    finding_text,
    labelled,
    plain,
    soak_text,
)
from tui.widgets.signs import signs
from tui.widgets.standings import Standings
from tui.widgets.text_view import QUIET, Paragraph
from tui.widgets.wording import (
    ANSWERS,
    CLASSES,
    GATES,
    LEVELS,
    SEVERITIES,
    STANDINGS,
    age,
    class_sentence,
    duration,
    ended,
    proposal,
)

if TYPE_CHECKING:
    from runbooks.classes import Classified
    from state.progress import Progress


@dataclass(frozen=True, slots=True)
class Detail:
    """What the pane says: one line at its head, and the text below it."""

    head: Content
    text: Sequence[Paragraph]


class StepDetail:
    """Writes the detail of a row.

    Args:
        commands: part id to its last run.
        progress: returns all that is known of the run.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        standings: Standings,
        commands: Mapping[str, Command],
        progress: Callable[[], Progress],
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._standings = standings
        self._commands = commands
        self._progress = progress
        self._blocks = {p.id: b for b in runbook.blocks for p in b.parts}
        self._of_step: dict[str, list[Block]] = {}
        for block in runbook.blocks:
            if block.step:
                self._of_step.setdefault(block.step, []).append(block)

    def of(self, row: Row) -> Detail:
        """Return what is known of *row*."""
        if row.kind == "step":
            return self._step(self._runbook.step_by_id[row.id])
        if row.kind == "part":
            return self._part(self._runbook.part_by_id[row.id])
        return self._section(row.id)

    # ---------------------------------------------------------------- a step

    def _step(self, step: Step) -> Detail:
        state, standing = (
            self._standings.state(step.id),
            self._standings.standing(step.id),
        )
        facts = [LEVELS[step.level]]
        if self._runbook.declares:
            facts = [SEVERITIES[step.severity], GATES[step.gate], *facts]
        if step.options.owner:
            facts.append(step.options.owner)
        dot = f" {signs().dot} "
        lines = [plain(step.text, "bold")]
        if step.part:
            part = self._runbook.part_by_id[step.part]
            facts.append(self._class_words(part))
            lines = [plain(step.text, QUIET)] if step.text != part.text.strip() else []
            lines += self._command(part)
        lines += self._where(step, state, standing)
        if step.options.covers:
            # Needs what few steps do.
            from tui.widgets.rollup_text import rollup_text

            lines += rollup_text(self._runbook, self._progress(), step)
        if state.soak:
            lines += soak_text(state.soak)
        if state.finding:
            lines += finding_text(state.finding, state)
        if step.options.hint:
            lines.append(labelled("hint", step.options.hint))
        if step.details.strip():
            lines.append(plain(step.details.strip("\n")))
        if state.finding:
            lines += evidence_text(state.finding)
        for text in state.notes:
            lines.append(labelled("note", text))
        for attached in state.attachments:
            known = f", sha256 {attached.digest[:12]}" if attached.digest else ""
            value = f"{attached.value}  ({attached.kind}{known}, {attached.by})"
            lines.append(labelled("attached", value))
        for block in self._of_step.get(step.id, ()):
            for part in block.parts:
                lines.append(labelled("command", self._in_short(part)))
        if step.options.needs:
            lines.append(labelled("needs", self._texts(step.options.needs)))
        lines += self._remedies(step)
        lines.append(labelled("line", f"{step.line} of {self._runbook.path.name}"))
        return Detail(content(dot.join(facts)), lines)

    def _where(
        self, step: Step, state: StepState, standing: Standing
    ) -> Iterator[Paragraph]:
        """Where the step stands, and what made it so."""
        word = STANDINGS[standing]
        if standing is Standing.PENDING:
            word = "ticked in the file, not confirmed" if step.checked else _call(step)
        elif standing is Standing.STALE and state.outdated:
            word = f"{state.outdated} since: look again"
        style = ""
        if (proposed := proposal(state, standing)) and state.finding:
            word = f"proposed: {proposed.value}, to be confirmed"
            style = LOUD[state.finding.result]
        yield labelled("stands", f"{signs().standing[standing]} {word}", style)
        if decision := state.decision:
            now = datetime.now(UTC)
            text = f"{ANSWERS[decision.answer]}, {decision.by}"
            if decision.until:
                text += f", until {decision.until}"
            text += f", {ago(age(decision.at, now))}"
            if decision.note:
                text += f": {decision.note}"
            if decision.answer is Answer.DONE and step.level is Level.AUTO:
                text += "; whether that is enough its probe decides"
            yield labelled("decided", text)

    def _remedies(self, step: Step) -> Iterator[Paragraph]:
        """What can be done about it, what that does, and how it is taken back."""
        if not (step.options.fix or step.actions):
            return
        from runbooks.remedies import remedies

        for remedy in remedies(step, self._target):
            kind = "action" if remedy.action else "fix"
            yield labelled(kind, remedy.text.strip())
            if remedy.undo:
                yield labelled("undo", remedy.undo)

    def _texts(self, ids: tuple[str, ...]) -> str:
        known = self._runbook.step_by_id
        return "; ".join(known[id].text if id in known else id for id in ids)

    def _in_short(self, part: Part) -> str:
        first = part.text.strip().partition("\n")[0]
        command = self._commands.get(part.id)
        return f"{first}  ({ended(command)})" if command else first

    # ---------------------------------------------------------------- a part

    def _part(self, part: Part) -> Detail:
        head = [self._blocks[part.id].language, self._class_words(part)]
        lines = [plain(part.title, QUIET)] if part.title else []
        lines += self._command(part)
        lines.append(labelled("line", f"{part.line} of {self._runbook.path.name}"))
        return Detail(content(f" {signs().dot} ".join(head)), lines)

    def _class_words(self, part: Part) -> str:
        said = self._class(part)
        word = CLASSES[said.command_class]
        return f"{word} (inferred)" if said.inferred else word

    def _class(self, part: Part) -> Classified:
        # Needs the shell parser: only for a part that is looked at.
        from runbooks.wish import class_as_run

        return class_as_run(self._blocks[part.id], part)

    def _command(self, part: Part) -> Iterator[Paragraph]:
        """What would run, what it does, what it asks for, how it went last time."""
        from runbooks.natures import nature
        from runbooks.placeholders import find

        block, said, kind = self._blocks[part.id], self._class(part), nature(part.text)
        yield plain(part.text.rstrip("\n"), "bold")
        yield labelled(
            "class", class_sentence(said.command_class, said.inferred, said.reason)
        )
        command = self._commands.get(part.id)
        if command:
            yield labelled("last run", _run(command))
            if command.text.strip() != part.text.strip():
                yield labelled("as run", command.text.strip())
        if kind.endless or kind.interactive:
            what = "needs the terminal" if kind.interactive else "runs until stopped"
            yield labelled("nature", f"{what}: {kind.reason}")
        if asked := find(part.text):
            names = ", ".join(dict.fromkeys(placeholder.text for placeholder in asked))
            yield labelled("asks for", names)
        if block.options.undo:
            yield labelled("undo", block.options.undo)
        if len(block.parts) > 1:
            whole = f"R runs all {len(block.parts)}, up to the first failure"
            if block.whole_refused:
                whole = f"one at a time: {block.whole_refused}"
            yield labelled("block", whole)

    # -------------------------------------------------------------- a section

    def _section(self, id: str) -> Detail:
        section = self._runbook.section_by_id[id]
        done, total = self._standings.section(id)
        lines = [plain(section.title, "bold")]
        if len(section.path) > 1:
            lines.append(labelled("in", " / ".join(section.path[:-1])))
        if total:
            lines.append(labelled("done", f"{done} of {total}"))
        lines.append(labelled("line", f"{section.line} of {self._runbook.path.name}"))
        return Detail(content("section"), lines)


def _call(step: Step) -> str:
    """What an open step waits for, as a sentence."""
    match step.level.value:
        case _ if step.options.use == "command":
            return "open: its command decides, r runs it"
        case "auto":
            return "open: a probe decides, p looks now"
        case "assist":
            return "open: a probe proposes, you confirm"
        case _ if step.note_required:
            return "open: a person says, with a note on where it is written down"
        case _:
            return "open: a person says"


def _run(command: Command) -> str:
    text = f"{ended(command)}, {command.by}, {ago(age(command.at, datetime.now(UTC)))}"
    return f"{text}, took {duration(command.seconds)}" if command.ending else text
