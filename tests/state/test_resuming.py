"""Coming back: the list of runs, what changed, and where one goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from runbooks.errors import StateError
from runbooks.model import Runbook, Step
from state.comparing import Compared, Sort
from state.deciding import decide, note
from state.drift import Drift, drift
from state.resume import in_short, resumption, since
from state.run import Run
from state.runs import latest, runs
from state.standing import Answer, Standing
from state.verdict import effective
from tests.state.books import ANA, BEN, runbook, step


def digests(*steps: Step) -> dict[str, str]:
    return {one.id: one.digest for one in steps}


A, B, C = (step(name) for name in "abc")


@pytest.mark.parametrize(
    "now, expected",
    [
        ([A, B, C], Drift()),
        ([C, A, B], Drift(moved={"c": "c"})),
        ([step("a", section="t"), B, C], Drift(moved={"a": "a"})),
        ([A, B, C, step("d")], Drift(new=("d",))),
        ([A, C], Drift(removed=("b",))),
        ([A, step("b", "Other"), C], Drift(edited=("b",))),
        ([A, C, step("z", "Step b")], Drift(moved={"b": "z"})),
        ([A, step("x", "Other"), C], Drift(edited=("x",), moved={"b": "x"})),
        (
            [A, step("x", "X"), step("y", "Y"), C],
            Drift(new=("x", "y"), removed=("b",)),
        ),
    ],
)
def test_drift(now: list[Step], expected: Drift) -> None:
    before = digests(A, B, C)
    assert drift(before, runbook(*now), dict.fromkeys(before, "s")) == expected


def reopened(home: Path, before: Runbook, after: Runbook) -> Run:
    run = Run.create(home, before, "", ANA)
    for one in before.steps:
        decide(run, one, Answer.PASS, "seen")
    run.close()
    return Run.open(run.directory, after, BEN)


def test_what_is_known_of_a_moved_step_moves_with_it(home: Path) -> None:
    after = runbook(A, C, step("z", "Step b"))
    run = reopened(home, runbook(A, B, C), after)
    decision = run.progress["z"].decision
    assert decision and decision.by == "ana" and "b" not in run.progress
    now = datetime.now(UTC)
    assert effective(after.steps[2], run.progress["z"], now) is Standing.PASS


def test_an_edited_step_is_stale_and_told(home: Path) -> None:
    after = runbook(A, step("b", "Other"), step("c", "More"), step("d"))
    run = reopened(home, runbook(A, B, C), after)
    told = resumption(Compared.of_run(run), now=datetime.now(UTC))
    assert told.again == ("b", "c") and told.worth
    assert in_short(Compared.of_run(run)).startswith("2 steps edited, 1 new since ")
    run.know_changes()
    again = Run.open(run.directory, after, BEN)
    assert in_short(Compared.of_run(again)).startswith("2 steps stale")


def test_nothing_changed_says_nothing(home: Path) -> None:
    book = runbook(A, B)
    compared = Compared.of_run(reopened(home, book, book))
    told = resumption(compared)
    assert in_short(compared) == "" and not told.worth
    assert set(told.sorts.values()) == {Sort.UNCHANGED} and told.stands == 2


def test_since_is_told_in_the_readers_time() -> None:
    now = datetime(2026, 6, 11, 9, tzinfo=timezone(timedelta(hours=2)))
    assert since("2026-06-11T05:02:00+00:00", now) == " since 07:02"
    assert since("2026-06-10T15:02:00+00:00", now) == " since yesterday 17:02"
    assert since("2026-06-01T15:02:00+00:00", now) == " since 2026-06-01 17:02"
    assert since("", now) == ""


def test_runs_tell_how_far_and_who(home: Path) -> None:
    assert runs(home) == []
    book = runbook(A, B, path=home / "book.md")
    first = Run.create(home, book, "prod", ANA)
    decide(first, A, Answer.PASS)
    first.close()
    second = Run.create(home, book, "prod", BEN)
    for one in (A, B):
        decide(second, one, Answer.PASS)
    second.close()
    later, earlier = runs(home)
    assert (later.done, later.total, later.by, later.unfinished) == (2, 2, "ben", False)
    assert (earlier.done, earlier.by, earlier.title) == (1, "ana", "Book")
    assert earlier.runbook == home / "book.md" and earlier.unfinished
    assert latest(home, book, "prod") == first.directory
    assert latest(home, book, "other") is None
    Run.open(first.directory, book, BEN).close()
    assert runs(home)[0].directory == first.directory


def test_a_run_without_progress_toml_is_told_from_its_journal(home: Path) -> None:
    path = home.parent / "book.md"
    path.parent.mkdir(parents=True)
    path.write_text("- [ ] Step a\n- [ ] Step b\n")
    run = Run.create(home, runbook(A, B, path=path), "prod", ANA)
    note(run, "a", "x")
    run.close()
    (run.directory / "progress.toml").write_text("[run]\ncut")
    (found,) = runs(home)
    assert (found.title, found.target, found.by) == ("Book", "prod", "ana")
    assert found.unfinished and not found.problem
    (run.directory / "journal.jsonl").write_text("")
    assert runs(home)[0].problem


def test_a_state_home_that_is_a_file_is_said(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "runs").write_text("")
    with pytest.raises(StateError, match="not a directory"):
        runs(home)
