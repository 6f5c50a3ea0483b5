"""What of a pass is announced: failing sources once, and what regressed."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from runbooks.parsing import parse
from runbooks.results import Finding, Result
from state.announcing import announcement, failures
from state.progress import EMPTY, found
from state.standing import StepState

RUNBOOK = parse(
    "".join(
        f'- [ ] Step {n}\n  ```toml step\n  id = "{n}"\n  ```\n' for n in "abcd"
    ).encode(),
    Path("drill.md"),
)
DOWN = Finding(
    Result.UNKNOWN, "db refused the connection", source="postgres db", stage="tcp"
)
UNSET = Finding(
    Result.UNKNOWN, "no [redis] url", source="target profile", stage="configuration"
)
GOOD = Finding(Result.PASS, "20 h", source="backups")
BAD = Finding(Result.FAIL, "31 h > 26 h", source="backups")


def passes(*rounds: dict[str, Finding]) -> list[str]:
    """Return what is said after each pass."""
    said, states = [], dict[str, StepState]()
    for number, findings in enumerate(rounds):
        before = dict(states)
        for step, finding in findings.items():
            states[step] = found(states.get(step, EMPTY), finding, f"at {number}")
        said.append(announcement(RUNBOOK, before, states, findings))
    return said


def test_a_failing_source_is_said_once_with_the_stage() -> None:
    down = dict.fromkeys("abc", DOWN)
    first, second = passes(down, down)
    assert first == "postgres db: no connection, 3 steps cannot be judged."
    assert second == ""


def test_steps_that_fail_with_their_source_are_counted_and_not_named() -> None:
    gone = replace(DOWN, result=Result.FAIL)
    good = replace(GOOD, source="postgres db")
    first = {"a": good, "b": good, "c": BAD, "d": good}
    then = {"a": gone, "b": DOWN, "c": BAD, "d": DOWN}
    assert passes(first, then, then | {"d": gone}) == [
        "",
        "postgres db: no connection, 1 step fails, 2 cannot be judged.",
        "postgres db: no connection, 2 steps fail, 1 cannot be judged.",
    ]


def test_a_look_at_one_step_does_not_hide_how_many_more_there_are() -> None:
    gone = replace(DOWN, result=Result.FAIL)
    all_of_them = {"a": gone, "b": gone, "c": DOWN}
    good = dict.fromkeys("abc", GOOD)
    assert passes(good, {"a": gone}, all_of_them, {"a": gone}, all_of_them)[1:] == [
        "postgres db: no connection, 1 step fails.",
        "postgres db: no connection, 2 steps fail, 1 cannot be judged.",
        "",
        "",
    ]


def test_that_it_answers_again_is_said_too() -> None:
    assert passes({"a": DOWN}, {"a": GOOD})[1] == "postgres db answers again."


def test_what_is_not_set_up_is_no_failure_of_a_source() -> None:
    assert failures({"a": UNSET}) == {}
    assert passes({"a": UNSET}) == [""]


def test_a_step_that_passed_and_fails_is_said_with_both_values() -> None:
    said = passes({"a": GOOD}, {"a": BAD}, {"a": BAD})
    assert said == ["", "Regressed: Step a: 31 h > 26 h, was 20 h.", ""]


def test_many_are_counted() -> None:
    said = passes(dict.fromkeys("abcd", GOOD), dict.fromkeys("abcd", BAD))[1]
    assert "Step a" in said and "Step b" in said and "2 more regressed." in said


def test_what_never_passed_has_not_regressed() -> None:
    assert passes({"a": BAD}) == [""]
    assert passes({"a": DOWN}, {"a": BAD})[1] == "postgres db answers again."


def test_the_mark_stays_until_it_no_longer_fails() -> None:
    state = found(found(EMPTY, GOOD, "1"), BAD, "2")
    assert (state.passed, state.regressed_at) == ("20 h", "2")
    state = found(found(state, DOWN, "3"), BAD, "4")
    assert state.regressed_at == "2", "not being able to look changes nothing"
    assert found(state, GOOD, "5").regressed_at == ""
