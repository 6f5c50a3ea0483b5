"""The detail of a row, as text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.cells import cell_len

from runbooks.model import Row
from runbooks.parsing import parse
from runbooks.target import Target
from state.progress import Progress
from state.standing import Answer, Attachment, Command, Decision, StepState
from tests.tui.walking import BAD, WEIGHTY
from tui.display import content
from tui.widgets.standings import Standings
from tui.widgets.step_detail import StepDetail
from tui.widgets.text_view import Paragraph


def detail(
    text: str,
    row: Row | None = None,
    states: dict[str, StepState] | None = None,
    commands: dict[str, Command] | None = None,
) -> str:
    runbook = parse(text.encode(), Path("launch.md"))
    progress = Progress(steps=states or {})
    standings = Standings(runbook, progress.steps)
    details = StepDetail(
        runbook, Target(""), standings, commands or {}, lambda: progress
    )
    made = details.of(row or runbook.rows[2])
    lines = [made.head.plain]
    for paragraph in made.text:
        lines += [line.plain for line in paragraph.lines(60)]
    assert all(cell_len(line) <= 60 for line in lines[1:])
    return "\n".join(lines)


def test_a_step_says_who_decides_it_and_when_it_counts() -> None:
    shown = detail(WEIGHTY)
    assert "blocker · before launch · say" in shown
    assert "with a note on where" in shown and "Look at the last drill." in shown
    assert "a probe decides" in detail(WEIGHTY, Row("step", "logs"))


def test_readings_stand_against_what_was_expected() -> None:
    now = datetime.now(UTC).isoformat()
    state = StepState(finding=BAD, probed_at=now, passed="20 h", regressed_at=now)
    shown = detail(WEIGHTY, Row("step", "logs"), {"logs": state})
    assert "✗ age   <= 26 h   31 h" in shown and "took 400 ms" in shown
    assert "regressed just now, was: 20 h" in shown and "last backup yesterday" in shown


def test_what_a_probe_proposes_is_said() -> None:
    text = WEIGHTY.replace('level = "auto"', 'level = "assist"')
    state = StepState(finding=BAD, probed_at=datetime.now(UTC).isoformat())
    shown = detail(text, Row("step", "logs"), {"logs": state})
    assert "◇ proposed: fail, to be confirmed" in shown


def test_decision_notes_and_evidence_are_told() -> None:
    at = datetime.now(UTC).isoformat()
    state = StepState(
        decision=Decision(Answer.WAIVE, "cleo", at, "no time", "2099-01-02"),
        notes=("look again",),
        attachments=(Attachment("link", "https://x.org", "ben", at),),
    )
    shown = detail(WEIGHTY, states={"restore": state})
    for wanted in ("cleo", "no time", "2099-01-02", "look again", "https://x.org"):
        assert wanted in shown


def test_a_part_says_its_class_placeholders_and_last_run() -> None:
    text = "# A\n\n- [ ] x\n\n```bash\nkubectl delete pod <pod-name>\nls\n```\n"
    runbook = parse(text.encode(), Path("launch.md"))
    part = runbook.blocks[0].parts[0]
    command = Command("c", part.id, part.text, "ana", "", 1, "exit", 2.0)
    row = Row("part", part.id)
    shown = detail(text, row, commands={part.id: command})
    assert "kubectl delete pod <pod-name>" in shown
    assert "destroys things (inferred)" in shown
    assert "asks for  <pod-name>" in shown
    assert "exit 1, ana" in shown and "took 2 s" in shown
    assert "R runs all 2" in shown


def test_markup_and_escapes_in_a_document_are_only_text() -> None:
    shown = detail("# A\n\n## B\n\n- [ ] [/x] [@click=app.quit]q[/]\n\n  \x1b[31m`c`\n")
    assert "[@click=app.quit]q[/]" in shown and "\x1b" not in shown


def test_text_hangs_right_of_its_label() -> None:
    paragraph = Paragraph(content("word " * 30), "label")
    first, *rest = [line.plain for line in paragraph.lines(40)]
    assert first.startswith("label     word")
    assert rest and all(line.startswith(" " * 10 + "word") for line in rest)
