"""What a person may say, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.model import Step
from runbooks.results import Finding, Result
from runbooks.tables import Level, ProbeSpec, Role, Severity
from state import entries
from state.deciding import attach, decide, decide_all, note, withdraw
from state.run import Run
from state.standing import Answer, Standing
from state.verdict import effective, verdict
from tests.state.books import ANA, BEN, runbook, step

PROBE = ProbeSpec("http")
AUTO = step("auto", level=Level.AUTO, probe=PROBE)
ASSIST = step("assist", level=Level.ASSIST, probe=PROBE)
ATTEST = step("attest")
BLOCKER = step("blocker", severity=Severity.BLOCKER)
LAX = step("lax", severity=Severity.BLOCKER, note="optional")
BOOK = runbook(AUTO, ASSIST, ATTEST, BLOCKER, LAX)


@pytest.fixture
def run(home: Path) -> Run:
    return Run.create(home, BOOK, "", ANA)


def find(run: Run, one: Step, result: Result) -> None:
    data = entries.probe_finished(Finding(result, "why"))
    run.record(Kind.PROBE_FINISHED, one.id, data)


def refused(
    run: Run, one: Step, answer: Answer, note: str = "", until: str = ""
) -> str:
    before = run.seq
    with pytest.raises(RefusedError) as error:
        decide(run, one, answer, note, until)
    assert run.seq == before
    return str(error.value)


@pytest.mark.parametrize("result", Result)
def test_nobody_passes_what_a_probe_decides(run: Run, result: Result) -> None:
    find(run, AUTO, result)
    assert "A probe decides" in refused(run, AUTO, Answer.PASS, "I saw it")


@pytest.mark.parametrize("answer", [Answer.FAIL, Answer.NA, Answer.WAIVE])
@pytest.mark.parametrize("one", BOOK.steps)
def test_these_need_a_reason(run: Run, one: Step, answer: Answer) -> None:
    refused(run, one, answer)
    refused(run, one, answer, "  ")
    decide(run, one, answer, "because", role="management")


@pytest.mark.parametrize("one", BOOK.steps)
def test_a_skip_needs_none(run: Run, one: Step) -> None:
    decide(run, one, Answer.SKIP)


def test_accepting_needs_a_proposal(run: Run) -> None:
    assert "probe it first" in refused(run, ASSIST, Answer.PASS)
    for result in (Result.WARN, Result.FAIL, Result.UNKNOWN, Result.NA):
        find(run, ASSIST, result)
        assert "does not propose" in refused(run, ASSIST, Answer.PASS)
    decide(run, ASSIST, Answer.PASS, "looked myself")
    find(run, ASSIST, Result.PASS)
    decide(run, ASSIST, Answer.PASS)
    decision = run.progress["assist"].decision
    assert decision and decision.proposed == "pass"


def test_blockers_need_a_note_unless_the_document_says_otherwise(run: Run) -> None:
    decide(run, ATTEST, Answer.PASS)
    decide(run, LAX, Answer.PASS)
    assert "needs a note" in refused(run, BLOCKER, Answer.PASS)
    decide(run, BLOCKER, Answer.PASS, "OPS-1")


def test_a_waiver_ends(run: Run) -> None:
    today = datetime.now(UTC).date()
    yesterday = (today - timedelta(days=1)).isoformat()
    assert "passed" in refused(run, ATTEST, Answer.WAIVE, "why", yesterday)
    assert "no date" in refused(run, ATTEST, Answer.WAIVE, "why", "soon")
    assert "Only a waiver" in refused(run, ATTEST, Answer.PASS, "", "2999-01-01")
    decide(run, ATTEST, Answer.WAIVE, "why")
    decision = run.progress["attest"].decision
    assert decision and decision.until == (today + timedelta(days=7)).isoformat()


def test_a_blocker_is_waived_in_a_role_that_may(home: Path, run: Run) -> None:
    told = "Only management may waive a blocker: name the role in which you do."
    assert refused(run, BLOCKER, Answer.WAIVE, "why") == told
    decide(run, ATTEST, Answer.WAIVE, "nobody is asked in which role")
    roles = (Role("Captain", may_waive_blockers=True), Role("Mate"))
    named = Run.create(home, runbook(BLOCKER, roles=roles), "", ANA)
    for role in ("", "Mate", "management"):
        with pytest.raises(RefusedError, match="Only Captain may waive a blocker"):
            decide(named, BLOCKER, Answer.WAIVE, "why", role=role)
        with pytest.raises(RefusedError, match="Only Captain may waive a blocker"):
            decide_all(named, [BLOCKER], Answer.WAIVE, "why", role=role)
    decide_all(named, [BLOCKER], Answer.WAIVE, "why", role=" captain ")
    decision = named.progress["blocker"].decision
    assert decision and decision.role == "Captain"
    now = datetime.now(UTC)
    assert verdict(named.runbook, named.progress, now).word == "GO WITH CONDITIONS"


def test_many_at_once_are_all_or_none_and_never_blockers(run: Run) -> None:
    with pytest.raises(RefusedError, match="one by one"):
        decide_all(run, [ATTEST, LAX], Answer.SKIP)
    with pytest.raises(RefusedError, match="A probe decides"):
        decide_all(run, [ATTEST, AUTO], Answer.PASS)
    assert not run.progress
    events = decide_all(run, [ATTEST, ASSIST], Answer.SKIP)
    assert len({event.data["batch"] for event in events}) == 1
    assert decide_all(run, [LAX], Answer.SKIP)[0].data["batch"] == ""


def test_anyone_takes_back_and_is_named(run: Run) -> None:
    decide(run, AUTO, Answer.FAIL, "it does not")
    ben = Run.open(run.directory, BOOK, BEN)
    event = withdraw(ben, AUTO)
    assert (event.by["user"], event.data["by"]) == ("ben", "ana")
    assert ben.progress["auto"].decision is None
    with pytest.raises(RefusedError, match="nothing to take back"):
        withdraw(ben, AUTO)


def test_a_person_s_fail_outranks_a_passing_probe_until_withdrawn(run: Run) -> None:
    def stands() -> Standing:
        return effective(AUTO, run.progress["auto"], datetime.now(UTC))

    find(run, AUTO, Result.PASS)
    assert stands() is Standing.PASS
    decide(run, AUTO, Answer.FAIL, "the wrong cluster was probed")
    find(run, AUTO, Result.PASS)
    assert stands() is Standing.FAIL
    ben = Run.open(run.directory, BOOK, BEN)
    taken_back = withdraw(ben, AUTO)
    assert (taken_back.by["user"], taken_back.data["by"]) == ("ben", "ana")
    run.poll()
    assert stands() is Standing.PASS


@pytest.mark.parametrize("one", BOOK.steps)
def test_a_skip_never_counts_as_pass(run: Run, one: Step) -> None:
    find(run, one, Result.PASS)
    decide(run, one, Answer.SKIP, "not now")
    answer = verdict(BOOK, run.progress, datetime.now(UTC))
    assert (answer.done, answer.counts[Standing.SKIPPED]) == (0, 1)
    assert one.id in dict(answer.blocking) or one.severity is Severity.MINOR


def test_taking_back_restores_the_one_before(run: Run) -> None:
    decide(run, ATTEST, Answer.PASS, "one")
    decide(run, ATTEST, Answer.FAIL, "two")
    decide(run, ATTEST, Answer.SKIP, "three")
    for answer, words in ((Answer.FAIL, "two"), (Answer.PASS, "one")):
        withdraw(run, ATTEST)
        decision = run.progress["attest"].decision
        assert decision and (decision.answer, decision.note) == (answer, words)


def test_empty_notes_and_odd_evidence_are_refused(run: Run) -> None:
    with pytest.raises(RefusedError, match="empty"):
        note(run, "attest", " \n")
    with pytest.raises(RefusedError, match="empty"):
        attach(run, "attest", "link", "")
    with pytest.raises(RefusedError, match="photo"):
        attach(run, "attest", "photo", "x")
    attach(run, "attest", "file", "/tmp/x")
    assert run.progress["attest"].attachments[0].by == "ana"
