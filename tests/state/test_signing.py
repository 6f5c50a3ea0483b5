"""What a signature stands for, when it is refused, and what an auditor makes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.model import Step
from runbooks.results import Finding, Judged, Reading, Result
from runbooks.tables import Gate, Level, ProbeSpec, Role, Severity
from state import entries
from state.deciding import decide, decide_all, withdraw
from state.rollup import rollup
from state.run import Run
from state.signatures import signatures
from state.standing import Answer, Decision, Standing
from state.verdict import effective, verdict
from tests.state.books import ANA, BEN, runbook, step

PROBE = ProbeSpec("http")
HARD = Severity.BLOCKER
CLUSTER = step("infra.cluster", severity=HARD, level=Level.AUTO, probe=PROBE)
ROOM = step("infra.room", severity=HARD, level=Level.ASSIST, probe=PROBE)
SPARE = step("infra.spare", severity=Severity.MAJOR, level=Level.AUTO, probe=PROBE)
LATER = step("infra.later", severity=HARD, gate=Gate.W1)
OTHER = step("tls.rating", section="tls", severity=Severity.MAJOR)
SIGN: dict[str, Any] = {"section": "sign-off", "severity": HARD, "note": "optional"}
INFRA = step("sign.infra", covers=("infra.*",), **SIGN)
TLS = step("sign.tls", covers=("Tls",), **SIGN)
BOSS = step("sign.boss", covers=("*",), needs=("sign.infra", "sign.tls"), **SIGN)
BOOK = runbook(
    *(CLUSTER, ROOM, SPARE, LATER, OTHER, INFRA, TLS, BOSS),
    roles=(Role("Management", may_waive_blockers=True),),
)


@pytest.fixture
def run(home: Path) -> Run:
    return Run.create(home, BOOK, "", ANA)


def find(run: Run, one: Step, result: Result, value: float = 1.0) -> None:
    judged = Judged(Reading("age", value, "h"), "<= 26 h", result)
    data = entries.probe_finished(Finding(result, f"{value} h", (judged,)))
    run.record(Kind.PROBE_FINISHED, one.id, data)


def waive(run: Run, one: Step, role: str = "Management") -> None:
    """Record a waiver as it stands where roles were others when it was made."""
    data = entries.decided(one, Answer.WAIVE, "known", "2999-01-01", "fail", role)
    run.record(Kind.DECIDED, one.id, data)


def refused(run: Run, one: Step, answer: Answer = Answer.PASS, note: str = "") -> str:
    before = run.seq
    with pytest.raises(RefusedError) as error:
        decide(run, one, answer, note)
    assert run.seq == before
    return str(error.value)


def standing(run: Run, one: Step) -> Standing:
    return effective(one, run.progress.get(one.id), datetime.now(UTC))


def decision(run: Run, one: Step) -> Decision:
    made = run.progress[one.id].decision
    assert made
    return made


def sign_all(run: Run) -> None:
    for one in (CLUSTER, ROOM, SPARE):
        find(run, one, Result.PASS)
    decide(run, ROOM, Answer.PASS)
    decide(run, OTHER, Answer.PASS)
    decide(run, INFRA, Answer.PASS)
    decide(run, TLS, Answer.PASS)


def test_what_was_signed_is_kept_with_who_and_when(run: Run) -> None:
    find(run, CLUSTER, Result.PASS)
    find(run, ROOM, Result.FAIL)
    decide(run, ROOM, Answer.WAIVE, "racks on order", "", "management")
    find(run, SPARE, Result.WARN)
    decide(run, INFRA, Answer.PASS)
    made = decision(run, INFRA)
    assert made.by == "ana" and made.at
    assert made.signed and made.signed.summary == "3 steps: 1 pass, 1 waived, 1 warn"
    assert made.signed.steps == (
        *(("infra.cluster", "pass"), ("infra.room", "waived")),
        ("infra.spare", "warn"),
    )
    assert made.says == f"{made.signed.summary}; sha256:{made.signed.digest}"
    again = Run.open(run.directory, BOOK, BEN)
    assert decision(again, INFRA) == made
    assert rollup(BOOK, again.state, INFRA).digest == made.signed.digest


@pytest.mark.parametrize("answer", [Answer.PASS, Answer.DONE])
def test_refused_while_a_blocker_fails(run: Run, answer: Answer) -> None:
    find(run, CLUSTER, Result.FAIL)
    find(run, ROOM, Result.FAIL)
    said = refused(run, INFRA, answer, "on paper")
    assert "2 blockers fail; mend that, or let Management waive it: " in said
    assert "“Step infra.cluster” and “Step infra.room”" in said
    assert "let Management waive" in said
    decide(run, ROOM, Answer.WAIVE, "known", "", "Management")
    assert "1 blocker fails" in refused(run, INFRA, answer, "on paper")
    find(run, CLUSTER, Result.PASS)
    decide(run, INFRA, answer, "on paper")
    assert standing(run, INFRA) is Standing.PASS


def test_a_long_list_is_counted(home: Path) -> None:
    hard = [step(f"a.{n}", severity=HARD, probe=PROBE) for n in range(5)]
    sign = step("sign", covers=("a.*",), **SIGN)
    run = Run.create(home, runbook(*hard, sign), "", ANA)
    for one in hard:
        find(run, one, Result.FAIL)
    said = refused(run, sign)
    assert "5 blockers fail" in said and "management" in said


def test_a_fail_holds_up_also_where_it_is_old_proposed_skipped_or_waived_by_whoever(
    run: Run,
) -> None:
    find(run, ROOM, Result.FAIL)
    assert standing(run, ROOM) is Standing.PROPOSED
    assert "infra.room" in refused(run, INFRA)
    decide(run, ROOM, Answer.SKIP)
    assert standing(run, ROOM) is Standing.SKIPPED
    assert "infra.room" in refused(run, INFRA)
    waive(run, ROOM, "Infrastructure Team")
    assert standing(run, ROOM) is Standing.WAIVED
    assert "infra.room" in refused(run, INFRA)
    waive(run, ROOM)
    decide(run, INFRA, Answer.PASS)
    find(run, CLUSTER, Result.FAIL)
    run.record(Kind.PROFILE_READ, None, entries.profile_read({"a.b": "1"}))
    run.record(Kind.PROFILE_READ, None, entries.profile_read({"a.b": "2"}))
    assert standing(run, CLUSTER) is Standing.STALE
    assert "infra.cluster" in refused(run, INFRA)


@pytest.mark.parametrize("result", [each for each in Result if each is not Result.FAIL])
def test_what_does_not_fail_is_signed_as_it_is(run: Run, result: Result) -> None:
    find(run, CLUSTER, result)
    find(run, SPARE, Result.FAIL)
    decide(run, INFRA, Answer.PASS)
    signed = decision(run, INFRA).signed
    assert signed and f"1 {result.value}" in signed.summary
    assert "1 fail" in signed.summary and "1 pending" in signed.summary


def test_the_last_signature_wants_the_others_first(run: Run) -> None:
    said = refused(run, BOSS)
    assert (
        "2 other steps first, anew where stale: “Step sign.infra” and “Step sign.tls”"
        in said
    )
    sign_all(run)
    decide(run, BOSS, Answer.PASS)
    signed = decision(run, BOSS).signed
    # The verdict is on all but the signature itself; what counts later is left out.
    assert signed and signed.summary == "GO, 6 steps: 6 pass"


def test_an_old_signature_of_another_is_no_dead_end(run: Run) -> None:
    sign_all(run)
    withdraw(run, TLS)
    old = {"digest": "another text"}
    run.record(Kind.DECIDED, TLS.id, entries.decided(TLS, Answer.PASS) | old)
    assert standing(run, TLS) is Standing.STALE
    said = refused(run, BOSS)
    assert (
        "1 other step first, anew where stale: “Step sign.tls”" in said
        and "anew" in said
    )
    decide(run, TLS, Answer.PASS)
    decide(run, BOSS, Answer.PASS)


def test_a_waived_signature_of_another_will_do(run: Run) -> None:
    sign_all(run)
    withdraw(run, TLS)
    decide(run, TLS, Answer.WAIVE, "on leave", "", "Management")
    decide(run, BOSS, Answer.PASS)
    signed = decision(run, BOSS).signed
    assert signed and signed.summary.startswith("GO WITH CONDITIONS, ")


def test_what_fails_after_the_signature_leaves_it_and_blocks(run: Run) -> None:
    sign_all(run)
    decide(run, BOSS, Answer.PASS)
    assert verdict(BOOK, run.progress, datetime.now(UTC)).word == "GO"
    find(run, CLUSTER, Result.FAIL)
    assert standing(run, BOSS) is standing(run, INFRA) is Standing.PASS
    assert verdict(BOOK, run.progress, datetime.now(UTC)).word == "NO-GO"
    for one in (INFRA, BOSS):
        signed, now = decision(run, one).signed, rollup(BOOK, run.state, one)
        assert signed and signed.digest != now.digest and now.failing == (CLUSTER,)
    signed = decision(run, TLS).signed
    assert signed and signed.digest == rollup(BOOK, run.state, TLS).digest


def test_it_is_withdrawn_as_any_answer(run: Run) -> None:
    sign_all(run)
    withdraw(run, INFRA)
    assert standing(run, INFRA) is Standing.PENDING
    assert "sign.infra" in refused(run, BOSS)


def test_marked_signatures_are_signed_together_or_not_at_all(home: Path) -> None:
    hard = step("a.x", severity=HARD, probe=PROBE)
    signs = [step(f"sign.{n}", covers=(f"{n}.*",)) for n in "ab"]
    run = Run.create(home, runbook(hard, step("b.x"), *signs), "", ANA)
    find(run, hard, Result.FAIL)
    before = run.seq
    with pytest.raises(RefusedError, match=r"1 blocker fails"):
        decide_all(run, signs, Answer.PASS)
    assert run.seq == before
    find(run, hard, Result.PASS)
    decide_all(run, signs, Answer.PASS)
    assert all(decision(run, each).signed for each in signs)


def test_what_another_screen_saw_counts(run: Run) -> None:
    other = Run.open(run.directory, BOOK, BEN)
    find(other, CLUSTER, Result.FAIL)
    with pytest.raises(RefusedError, match="fails"):
        decide(run, INFRA, Answer.PASS)


def test_by_hand_in_the_file_the_same_holds(run: Run) -> None:
    decide(run, INFRA, Answer.FAIL, "not yet")
    find(run, CLUSTER, Result.FAIL)

    def sign_in_file() -> None:
        run.save()
        path = run.directory / "progress.toml"
        text = path.read_text().replace('decision = "fail"', 'decision = "pass"')
        path.write_text(text)
        run.save()

    sign_in_file()
    assert "1 blocker fails" in run.notices[-1]
    assert decision(run, INFRA).answer is Answer.FAIL
    find(run, CLUSTER, Result.PASS)
    sign_in_file()
    signed = decision(run, INFRA).signed
    assert signed and signed.summary == "3 steps: 1 pass, 2 pending"
    (signature,) = signatures(run.directory)
    assert signature.holds and signature.by == "(by hand)"


def audited(directory: Path) -> list[tuple[str, str]]:
    """Return what was signed and what docs/verdict.md makes of the journal."""
    steps: dict[str, str] = {}
    found: dict[str, Any] = {}
    said: dict[str, Any] = {}
    made = []
    for line in (directory / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)
        data, id = event["data"], event["step"]
        if signed := data.get("signed"):
            assert signed["seq"] == event["seq"] - 1
            rows: list[Any] = [[signed["summary"]]]
            for each, stood in signed["steps"]:
                row = [each, steps[each], stood, found.get(each), said.get(each)]
                rows.append(row)
            text = "".join(
                json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
                for row in rows
            )
            made.append((signed["digest"], sha256(text.encode()).hexdigest()))
        match event["kind"]:
            case "run_opened" if "steps" in data:
                steps = {one: digest for one, digest, _ in data["steps"]}
            case "probe_finished":
                read = [[j["name"], j["value"], j["unit"]] for j in data["judged"]]
                found[id] = [data["result"], data["reason"], read]
            case "decided":
                keys = ("note", "until", "role")
                by = event["by"]["user"]
                rest = [data[key] for key in keys]
                said[id] = [data["answer"], by, event["at"], *rest]
    return made


ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from((CLUSTER, ROOM, SPARE)),
            st.sampled_from(Result),
            st.one_of(st.integers(-9, 99), st.floats(-1e9, 1e9), st.text(max_size=5)),
        ),
        st.sampled_from((INFRA, TLS, BOSS, CLUSTER, OTHER)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(ACTS)
def test_each_signature_is_what_the_journal_held_then(acts: list[Any]) -> None:
    with TemporaryDirectory() as home:
        run, wanted = Run.create(Path(home) / "state", BOOK, "", ANA), 0
        for act in acts:
            if isinstance(act, tuple):
                find(run, *act)
            elif act is CLUSTER:
                waive(run, act)
            elif not act.options.covers:
                decide(run, act, Answer.PASS)
            else:
                failing = rollup(BOOK, run.state, act).failing
                try:
                    decide(run, act, Answer.PASS)
                except RefusedError:
                    assert failing or act is BOSS
                else:
                    assert not failing
                    wanted += 1
        signed = list(signatures(run.directory))
        assert len(signed) == wanted and all(each.holds for each in signed)
        by_hand = audited(run.directory)
        assert len(by_hand) == wanted and all(a == b for a, b in by_hand)


def test_what_was_changed_behind_a_signature_shows(run: Run) -> None:
    find(run, CLUSTER, Result.PASS, 25.5)
    decide(run, INFRA, Answer.PASS)
    find(run, CLUSTER, Result.PASS, 30.5)  # what comes later changes nothing
    (signature,) = signatures(run.directory)
    assert signature.holds and (signature.step, signature.by) == (INFRA.id, "ana")
    journal = run.directory / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"value":25.5', '"value":15.5'))
    (signature,) = signatures(run.directory)
    assert not signature.holds
