"""The checklist: what its lines say, folding, filters, and what a move costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.model import Row
from runbooks.parsing import parse
from runbooks.results import Finding, Result
from runbooks.target import Target
from state.standing import Answer, Command, Decision, Standing, StepState
from tests.tui.terminals import Terminal, terminal
from tests.tui.walking import WEIGHTY
from tui.display import use_ascii
from tui.widgets.outline import Filter, Outline
from tui.widgets.row_text import RowText
from tui.widgets.standings import Standings
from tui.widgets.step_list import fit
from tui.widgets.wording import age

NOW = datetime(2026, 6, 11, 12, 0, tzinfo=UTC)
LONG = "".join(
    f"## Section {s}\n\n" + "".join(f"- [ ] Step {s}.{n}\n" for n in range(40))
    for s in range(250)
)


def texts(runbook_text: str, states: dict[str, StepState] | None = None) -> list[str]:
    runbook = parse(runbook_text.encode(), Path("x.md"))
    standings = Standings(runbook, states or {})
    row_text = RowText(runbook, Target(""), standings, {})
    shown = []
    for row in runbook.rows:
        line = row_text.line(row, 60, NOW, here=False, marked=False)
        shown.append(f"{line.sign}{line.left}{line.right}")
    return shown


def test_a_line_says_sign_severity_text_reason_and_age() -> None:
    at = datetime.now(UTC).isoformat()
    digest = parse(WEIGHTY.encode(), Path("x.md")).step_by_id["index"].digest
    said = Decision(Answer.PASS, "ben", at, digest=digest)
    lines = texts(WEIGHTY, {"index": StepState(decision=said)})
    assert "○ B Backups restored" in lines[2] and "say" in lines[2]
    assert "✓ M Index rebuilt" in lines[3] and "said ben" in lines[3]
    assert "probe" in lines[4]
    assert lines[0].rstrip().endswith("1/3")


@pytest.mark.parametrize(
    ("result", "sign", "tone"), [(Result.FAIL, "✗", "bad"), (Result.PASS, "✓", "good")]
)
def test_a_proposal_is_told_by_its_sign_and_tone(
    result: Result, sign: str, tone: str
) -> None:
    text = WEIGHTY.replace('level = "auto"', 'level = "assist"')
    finding = Finding(result, "31 h")
    state = StepState(finding=finding, probed_at=datetime.now(UTC).isoformat())
    runbook = parse(text.encode(), Path("x.md"))
    row_text = RowText(runbook, Target(""), Standings(runbook, {"logs": state}), {})
    line = row_text.line(Row("step", "logs"), 80, NOW, here=False, marked=False)
    assert "◇" in line.sign and f"{sign} 31 h?" in line.right
    assert line.tone == line.right_tone == tone


def test_every_standing_has_a_sign_of_its_own_in_ascii_too() -> None:
    from tui.widgets.signs import ASCII, UNICODE

    for known in (UNICODE, ASCII):
        assert len(set(known.standing.values())) == len(Standing)
    use_ascii()
    try:
        assert all(line.isascii() for line in texts(WEIGHTY))
    finally:
        use_ascii(False)


def test_folding_hides_what_is_below_and_reveal_shows_it() -> None:
    runbook = parse(b"# A\n\n## B\n\n- [ ] one\n\n## C\n\n- [ ] two\n", Path("x.md"))
    outline = Outline(runbook)
    b = next(section.id for section in runbook.sections if section.title == "B")
    outline.toggle(b)
    assert [row.kind for row in outline.rows] == [
        "section",
        "section",
        "section",
        "step",
    ]
    one = Row("step", runbook.steps[0].id)
    assert outline.index(one) is None and outline.reveal(one)
    assert outline.index(one) is not None
    assert not outline.reveal(Row("part", one.id)), "there is no such row"


def test_a_filter_keeps_sections_of_what_it_keeps_and_no_others() -> None:
    runbook = parse(b"# A\n\n## B\n\n- [ ] one\n\n## C\n\n- [ ] two\n", Path("x.md"))
    outline = Outline(runbook)
    outline.narrow(Filter.OPEN, lambda step: step.text == "two")
    titles = [
        runbook.section_by_id[row.id].title
        if row.kind == "section"
        else runbook.step_by_id[row.id].text
        for row in outline.rows
    ]
    assert titles == ["A", "C", "two"]


def test_progress_of_a_section_counts_those_below_and_follows_one_step() -> None:
    runbook = parse(WEIGHTY.encode(), Path("x.md"))
    states: dict[str, StepState] = {}
    standings = Standings(runbook, states)
    top, before = runbook.sections[0].id, runbook.sections[1].id
    step = runbook.step_by_id["index"]
    said = Decision(Answer.PASS, "ben", datetime.now(UTC).isoformat())
    states["index"] = StepState(decision=said)
    assert set(standings.look(step)) == {top, before}
    assert standings.section(top) == standings.section(before) == (1, 3)


@pytest.mark.parametrize("text", ["plain", "漢字漢字漢字", "e\u0301" * 30, "👍" * 30])
@pytest.mark.parametrize("width", [0, 1, 2, 7, 20])
def test_fit_fills_its_cells_exactly(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(fit(text, width, "…")) == width


def test_age_is_short_and_never_fails() -> None:
    assert age("2026-06-11T11:51:00+00:00", NOW) == "9m"
    assert age("2026-06-11T11:59:30+00:00", NOW) == "now"
    assert age("2026-06-09T11:00:00+00:00", NOW) == "2d"
    assert [age(odd, NOW) for odd in ("", "yesterday", "2026-06-11")] == ["–"] * 3


def test_a_part_tells_its_class_and_its_last_exit_code() -> None:
    runbook = parse(b"# A\n\n- [ ] x\n\n```bash\nls /\n```\n", Path("x.md"))
    part = runbook.blocks[0].parts[0]
    command = Command("c", part.id, "ls /", "ana", NOW.isoformat(), 2, "exit", 1.0)
    row_text = RowText(runbook, Target(""), Standings(runbook, {}), {part.id: command})
    line = row_text.line(Row("part", part.id), 60, NOW, here=False, marked=False)
    assert "looks" in line.left and "ls /" in line.left and "exit 2" in line.right


PROGRAM = """
from pathlib import Path
from tests.tui.test_step_list import LONG
from tests.tui.walking import walk
from tui.screens import board
board.REST = {rest}
# The full minute repaints clock and ages: not while bytes are counted.
board.Board._every_minute = lambda self: None
app, engine = walk(Path({home!r}), LONG)
app.run(mouse=False)
"""


def settle(shown: Terminal, quiet: float = 0.5) -> bytes:
    """Read until nothing has come for *quiet* seconds."""
    came = b""
    last = time.monotonic()
    while time.monotonic() - last < quiet:
        if more := shown.read(0.02):
            came += more
            last = time.monotonic()
    return came


def after(shown: Terminal, key: bytes) -> bytes:
    """Type a key; return what it makes the program write."""
    before = len(shown.seen)
    shown.type(key)
    shown.until(lambda: len(shown.seen) > before)
    settle(shown)
    return shown.seen[before:]


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["colours", "none"])
def test_a_cursor_move_writes_two_rows_and_nothing_else(
    tmp_path: Path, env: dict[str, str]
) -> None:
    program = PROGRAM.format(home=str(tmp_path / "runs"), rest=1000)
    with terminal(program, tmp_path, env) as shown:
        shown.until(b"Step 0.3")
        settle(shown, 1.0)
        moves = [after(shown, b"j") for _ in range(3)]
        assert all(move.count(b"Step 0.") == 2 for move in moves)
        assert max(map(len, moves)) <= 600
        # A stock list writes 14,000 bytes for any move.
        assert len(after(shown, b"\x1b[6~")) <= 7000
        assert settle(shown) == b""


def test_the_detail_follows_the_rest_in_few_bytes(tmp_path: Path) -> None:
    program = PROGRAM.format(home=str(tmp_path / "runs"), rest=0.15)
    with terminal(program, tmp_path) as shown:
        shown.until(b"Step 0.3")
        settle(shown, 1.0)
        for _ in range(3):
            move = after(shown, b"j")
            assert move.count(b"Step 0.") == 3
            # 4 KiB is the limit; a detail of three lines needs a fraction of it.
            assert len(move) <= 600 + 800
