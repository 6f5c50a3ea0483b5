"""What one line of the checklist says."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from rich.cells import cell_len, set_cell_size

from runbooks.model import Block, Part, Row, Runbook, Step
from runbooks.target import Target
from state.acted import Acted
from state.standing import Command, Standing
from tui.display import display_text
from tui.widgets.signs import SEVERITY_LETTERS, signs
from tui.widgets.standings import Standings
from tui.widgets.wording import CLASS_WORDS, age, ended, proposal, reason, when

TONES = {
    Standing.PASS: "good",
    Standing.NA: "quiet",
    Standing.FAIL: "bad",
    Standing.WARN: "doubt",
    Standing.UNKNOWN: "doubt",
    Standing.WAIVED: "doubt",
    Standing.STALE: "doubt",
    Standing.PROPOSED: "doubt",
    Standing.IN_DOUBT: "bad",
    Standing.RUNNING: "busy",
}
LONGEST = 1000
"""Characters of a text that a line looks at: no terminal is wider."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, in display text.

    Attributes:
        sign: cursor, indent and sign; `tone` is its style.
        left: cut with `cut` where the line is too narrow.
        tone, weight, right_tone: names of the list's styles, or "".
    """

    sign: str
    left: str
    right: str
    tone: str = ""
    weight: str = ""
    right_tone: str = "quiet"
    cut: str = "…"


class RowText:
    """Turns rows into lines, from what is known at the moment of painting.

    Args:
        commands: part id to its last run.
        actions: of the run, by id.
    """

    def __init__(
        self,
        runbook: Runbook,
        target: Target,
        standings: Standings,
        commands: Mapping[str, Command],
        actions: Mapping[str, Acted] = MappingProxyType({}),
    ) -> None:
        self._runbook = runbook
        self._target = target
        self._standings = standings
        self._commands = commands
        self._actions = actions
        self._blocks = {p.id: b for b in runbook.blocks for p in b.parts}
        self._levels = {s.id: s.level for s in runbook.sections}
        self._class_words: dict[str, str] = {}
        self.dimmed: frozenset[str] = frozenset()
        """Ids of steps that no longer match the filter they are shown under."""
        self.folded: set[str] = set()
        """Ids of folded sections; the outline's own set."""
        self.unsaved: Callable[[], Container[str]] = frozenset
        """Ids of steps about which something is said that is not on disk."""

    def block(self, part_id: str) -> Block:
        """Return the block that holds a part."""
        return self._blocks[part_id]

    def line(
        self, row: Row, width: int, now: datetime, *, here: bool, marked: bool
    ) -> Line:
        """Return the line of *row*; *here* when the cursor is on it."""
        known = signs()
        cursor = known.cursor if here else known.mark if marked else " "
        if row.kind == "section":
            return self._section(row.id, cursor)
        if row.kind == "step":
            return self._step(row.id, width, cursor, now)
        return self._part(self._runbook.part_by_id[row.id], width, cursor, now)

    def _section(self, id: str, cursor: str) -> Line:
        known = signs()
        section = self._runbook.section_by_id[id]
        done, total = self._standings.section(id)
        fold = known.folded if id in self.folded else known.unfolded
        indent = " " * min(3, max(0, section.level - 2))
        return Line(
            f"{cursor} {indent}{fold} ",
            display_text(section.title[:LONGEST]),
            f"  {done}/{total} " if total else "",
            weight="section",
            right_tone="good" if total and done == total else "quiet",
            cut=known.cut,
        )

    def _step(self, id: str, width: int, cursor: str, now: datetime) -> Line:
        known = signs()
        step = self._runbook.step_by_id[id]
        state, standing = self._standings.state(id), self._standings.standing(id)
        indent = "  " * min(step.depth + 1, 6) + " "
        letter = SEVERITY_LETTERS[step.severity] if self._runbook.declares else ""
        text = display_text(step.text[:LONGEST])
        left = f"{letter} {text}" if letter else text
        sign = f"{cursor}{indent}{known.standing[standing]} "
        few, at = reason(step, state, standing), when(state, standing)
        stands = standing
        if proposed := proposal(state, standing):
            stands, few = proposed, f"{known.standing[proposed]} {few}"
        if step.part and not state.decision:
            few, at = self._run_of(self._runbook.part_by_id[step.part])
        if step.actions and standing is Standing.PENDING:
            few, at = self._action_of(step)
        old = f" {age(at, now):>4} "
        room = width - cell_len(sign) - cell_len(left) - len(old) - 2
        few = display_text(few[:LONGEST])
        few = shorten(few, max(room, width // 4), known.cut)
        dim = id in self.dimmed
        tone = "quiet" if dim else TONES.get(stands, "")
        loud = standing in LOUD
        if id in self.unsaved():
            few, old, tone, loud = "NOT SAVED", "      ", "bad", True
        return Line(
            sign,
            left,
            f"  {few}{old}",
            tone=tone,
            weight="quiet" if dim else "",
            right_tone=tone if loud else "quiet",
            cut=known.cut,
        )

    def _part(self, part: Part, width: int, cursor: str, now: datetime) -> Line:
        known = signs()
        block = self._blocks[part.id]
        indent = "     " if block.step else "   "
        command = self._commands.get(part.id)
        tone, right = "", ""
        if command:
            right = f"  {ended(command)} {age(command.at, now):>4} "
            tone = "busy" if not command.ending else "bad"
            if command.code == 0:
                tone = "good"
        first, _, more = part.text.strip()[:LONGEST].partition("\n")
        text = display_text(first.rstrip(" \\")) + (f" {known.cut}" if more else "")
        language = display_text(block.language[:8])
        return Line(
            f"{cursor}{indent}{known.part} ",
            f"{language} {known.dot} {self._class_word(part, block):<8}  {text}",
            right,
            tone=tone or "quiet",
            right_tone=tone or "quiet",
            cut=known.cut,
        )

    def _run_of(self, part: Part) -> tuple[str, str]:
        """How the last run of a step's part went and when, else what it may do."""
        sign = signs().part
        if command := self._commands.get(part.id):
            return f"{sign} {ended(command)}", command.at
        return f"{sign} {self._class_word(part, self._blocks[part.id])}", ""

    def _action_of(self, step: Step) -> tuple[str, str]:
        """How the step's last action went and when, else what it would do."""
        sign = signs().part
        for acted in reversed(list(self._actions.values())):
            if acted.step == step.id:
                return f"{sign} {acted.ending or 'under way'}", acted.at
        from runbooks.remedies import remedies

        for remedy in remedies(step, self._target):
            if remedy.action:
                return f"{sign} action", ""
        return "", ""

    def _class_word(self, part: Part, block: Block) -> str:
        word = self._class_words.get(part.id)
        if word is None:
            # Needs the shell parser: only for parts that come in sight.
            from runbooks.wish import class_as_run

            word = CLASS_WORDS[class_as_run(block, part).command_class]
            self._class_words[part.id] = word
        return word


def shorten(text: str, width: int, cut: str) -> str:
    """Return *text* in at most *width* cells, ending in *cut* when it is longer."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + cut


LOUD = frozenset(
    {
        Standing.FAIL,
        Standing.UNKNOWN,
        Standing.WARN,
        Standing.IN_DOUBT,
        Standing.RUNNING,
        Standing.PROPOSED,
        Standing.STALE,
    }
)
"""Standings whose reason is worth a colour."""
