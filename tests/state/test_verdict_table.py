"""state/verdict.py against the tables of docs/verdict.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks.model import Runbook, Step
from runbooks.results import Finding, Result
from runbooks.tables import Gate, Level, ProbeSpec, Severity
from state.standing import Answer, Command, Decision, StepState
from state.verdict import FRESH, Tally, effective, verdict
from tests.state.books import runbook, step

NOW = datetime(2026, 6, 11, 12, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "verdict.md"


def table(title: str) -> list[list[str]]:
    section = DOCUMENT.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


STANDS = table("How one step stands")
LOOSE = "loose end"
ADDS_UP = table("What they add up to")


def make(level: str, **options: object) -> Step:
    if level == "command":
        return step("c", part="p")
    probe = ProbeSpec("http") if level != "attest" else None
    return step("s", level=Level(level), probe=probe, **options)


def found(one: Step, word: str) -> StepState:
    if word == "-":
        return StepState()
    if one.part:
        ends = {"running": (None, ""), "in doubt": (None, "in doubt")}
        ends["settled"] = ends["in doubt"]
        ends |= {
            "exit 0": (0, "exit"),
            "exit 3": (3, "exit"),
            "stopped": (None, "stopped"),
        }
        word, outdated = word.removesuffix(" outdated"), word.endswith("outdated")
        code, ending = ends[word]
        settled = "seen" if word == "settled" else ""
        at = NOW.isoformat()
        run = Command("1", "p", "true", "ana", at, code, ending, settled=settled)
        return StepState(
            commands=(run,), parts=1, outdated="it changed" if outdated else ""
        )
    result, _, how = word.partition(" ")
    age = FRESH[one.level] * (1.01 if how == "old" else 0.99)
    at = (NOW - age).isoformat()
    return StepState(
        finding=Finding(Result(result), "31 h > 26 h"),
        probed_at=at,
        outdated="it changed" if how == "outdated" else "",
    )


def said(one: Step, word: str, role: str = "") -> Decision | None:
    if word == "-":
        return None
    answer, _, how = word.partition(" ")
    level = Level.ATTEST if one.level is Level.AUTO else one.level
    at = NOW - FRESH[level] * (1.01 if how == "old" else 0.99)
    until = ""
    if answer == "waive":
        until = "2026-06-10" if how == "ended" else "2026-06-11"
    digest = "other" if how == "other text" else one.digest
    proposed = "fail" if how == "on fail" else "pass"
    at_ = at.isoformat()
    outdated = how == "outdated"
    return Decision(
        Answer(answer), "ana", at_, "why", until, digest, proposed, role, outdated
    )


@pytest.mark.parametrize("row", STANDS, ids=" ".join)
def test_one_step(row: list[str]) -> None:
    level, finding, word, stands, _ = row
    one = make(level)
    state = replace(found(one, finding), decision=said(one, word))
    assert effective(one, state, NOW) == stands


def test_every_combination_is_in_the_table() -> None:
    rows = {(level, finding, word) for level, finding, word, *_ in STANDS}
    for result in Result:
        assert ("auto", result.value, "-") in rows
        assert ("assist", result.value, "-") in rows
    for level in ("auto", "assist", "attest"):
        for answer in Answer:
            assert any(r[0] == level and r[2] == answer.value for r in rows)
    assert len(rows) == len(STANDS)


def counted(number: int, words: str) -> tuple[Step, StepState | None]:
    severity, _, rest = words.partition(" ")
    options: dict[str, object] = {}
    if severity == "part":
        one = replace(make("command"), id=f"s{number}")
        return one, found(one, "-" if rest == "pending" else rest)
    if severity != "plain":
        options["severity"] = Severity(severity)
    if rest.startswith("d1 "):
        options["gate"], rest = Gate.D1, rest.removeprefix("d1 ")
    by_person = rest.split()[0] in ("said", "skip", "waive", "managed")
    level = (
        "attest" if by_person or rest in ("pending", "running", "in doubt") else "auto"
    )
    level = "assist" if rest == "proposed" else level
    one = replace(make(level, **options), id=f"s{number}")
    if rest in ("running", "in doubt"):
        command = Command("1", "p", "x", "ana", "", None, rest.replace("running", ""))
        return one, StepState(commands=(command,), parts=1)
    if rest == "managed":
        return one, StepState(decision=said(one, "waive", "management"))
    if by_person:
        return one, StepState(decision=said(one, rest.removeprefix("said ")))
    words = {"pending": "-", "stale": "pass old", "proposed": "pass"}.get(rest, rest)
    return one, found(one, words)


def book(words: str) -> tuple[Runbook, dict[str, StepState]]:
    named = [word.strip() for word in words.split(",")]
    made = [counted(i, w) for i, w in enumerate(named) if w not in ("", LOOSE)]
    states = {one.id: state for one, state in made if state is not None}
    return runbook(*(one for one, _ in made)), states


def loose(words: str) -> list[str]:
    return [LOOSE] * words.count(LOOSE)


@pytest.mark.parametrize("row", ADDS_UP, ids=lambda row: row[0] or "nothing")
def test_all_steps(row: list[str]) -> None:
    words, word, code, _ = row
    found_ = verdict(*book(words), NOW, loose_ends=loose(words))
    assert (found_.word, found_.exit_code) == (word, int(code))


@pytest.mark.parametrize("row", ADDS_UP, ids=lambda row: row[0] or "nothing")
def test_what_is_not_go_says_why(row: list[str]) -> None:
    found_ = verdict(*book(row[0]), NOW, loose_ends=loose(row[0]))
    assert bool(found_.blocking) == (found_.word == "NO-GO")
    if found_.word == "GO WITH CONDITIONS":
        assert found_.conditions or found_.loose_ends
    assert all(reason for _, reason in found_.blocking + found_.conditions)


def test_a_section_that_checked_nothing_is_never_go() -> None:
    steps = [
        step("a", section="one", severity=Severity.BLOCKER, probe=ProbeSpec("http")),
        step("b", section="two"),
    ]
    both = runbook(*steps)
    states = {"a": found(steps[0], "pass")}
    assert verdict(both, states, NOW).word == "GO"
    assert verdict(both, states, NOW, section="one").word == "GO"
    assert verdict(both, states, NOW, section="two").word == "OPEN"


def test_a_later_gate_is_the_denominator_when_it_is_asked_for() -> None:
    both, states = book("blocker pass, blocker d1 fail, blocker d1 pass")
    assert verdict(both, states, NOW).total == 1
    later = verdict(both, states, NOW, Gate.D1)
    assert (later.word, later.done, later.total) == ("NO-GO", 1, 2)


def test_roles_that_the_runbook_names_may_waive_blockers() -> None:
    from runbooks.tables import Role

    one = make("attest", severity=Severity.BLOCKER)
    roles = (Role("management"), Role("captain", may_waive_blockers=True))
    named = runbook(one, step("x"), roles=roles)

    def word(role: str) -> str:
        state = StepState(decision=said(one, "waive", role))
        return verdict(named, {one.id: state}, NOW).word

    assert word("captain") == "GO WITH CONDITIONS"
    assert word("management") == "NO-GO"
    assert word("") == "NO-GO"


def test_asking_again_sees_new_states_and_the_passing_of_time() -> None:
    one = make("auto", severity=Severity.BLOCKER)
    tally = Tally(runbook(one))
    passing = found(one, "pass")
    assert tally.verdict({}, NOW).word == "NO-GO"
    assert tally.verdict({one.id: passing}, NOW).word == "GO"
    later = NOW + timedelta(minutes=1)
    assert tally.verdict({one.id: passing}, later).word == "NO-GO"
    assert tally.verdict({one.id: found(one, "fail")}, NOW).word == "NO-GO"


def test_sections_are_counted() -> None:
    steps = [step(name, section=name[0]) for name in ("a1", "a2", "b1")]
    states = {"a1": StepState(decision=said(steps[0], "pass"))}
    assert verdict(runbook(*steps), states, NOW).sections == {"a": (1, 2), "b": (0, 1)}


def test_a_step_of_two_commands_passes_when_both_have() -> None:
    one = step("c", use="command")
    runs = [Command(str(i), f"p{i}", "true", "ana", "", 0, "exit") for i in (1, 2)]
    half = StepState(commands=(runs[0],), parts=2)
    assert effective(one, half, NOW) == "pending"
    assert effective(one, replace(half, commands=tuple(runs)), NOW) == "pass"


@pytest.mark.parametrize(
    "fresh, stands",
    [("1h", "pass"), ("10m", "stale"), ("13m30s", "stale"), (None, "pass")],
)
def test_fresh_is_declared(fresh: str | None, stands: str) -> None:
    one = make("auto", fresh=fresh)
    at = (NOW - timedelta(minutes=14)).isoformat()
    state = StepState(finding=Finding(Result.PASS, ""), probed_at=at)
    assert effective(one, state, NOW) == stands


def test_a_time_that_cannot_be_read_is_stale() -> None:
    one = make("attest")
    decision = replace(said(one, "pass"), at="yesterday")  # type: ignore[type-var]
    assert effective(one, StepState(decision=decision), NOW) == "stale"
