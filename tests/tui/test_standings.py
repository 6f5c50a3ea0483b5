"""The numbers beside the sections, which are those of the verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.parsing import read
from runbooks.tables import Severity
from state.standing import Answer, Decision, StepState
from state.verdict import verdict
from tests.state.books import runbook, step
from tui.widgets.standings import Standings

SEED = Path(__file__).parents[1] / "golden" / "production-checklist.md"
NOW = datetime.now(UTC)


def decided() -> StepState:
    return StepState(decision=Decision(Answer.PASS, "ana", NOW.isoformat()))


def test_sections_of_the_customers_document_add_up_to_the_verdict() -> None:
    book = read(SEED)
    standings = Standings(book, {})
    top = [s.id for s in book.sections if s.level == 1]
    assert sum(standings.section(id)[1] for id in top) == 197
    assert verdict(book, {}, NOW).total == 197


@pytest.mark.parametrize("severity", [None, Severity.MAJOR])
def test_commands_count_nowhere_beside_tasks_that_declare_nothing(
    severity: Severity | None,
) -> None:
    beside, alone = step("b", part="p"), step("c", section="t", part="q")
    book = runbook(step("a", severity=severity), beside, alone)
    states = {"a": decided()}
    standings = Standings(book, states)
    later = 1 if severity else 0
    assert (standings.section("s"), standings.section("t")) == ((1, 1), (0, later))
    states |= {"b": decided(), "c": decided()}
    for one in (beside, alone):
        standings.look(one)
    assert (standings.section("s"), standings.section("t")) == ((1, 1), (later, later))
    standings.look_again()
    assert (standings.section("s"), standings.section("t")) == ((1, 1), (later, later))
