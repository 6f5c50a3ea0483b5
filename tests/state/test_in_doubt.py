"""What was interrupted holds what needs it until it is settled."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.changes import Description, Identity, Undo
from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.parsing import parse
from runbooks.results import Finding, Result
from runbooks.tables import ActionSpec, CommandClass
from state import entries
from state.deciding import decide, settle
from state.doubts import beside_steps, later_in_block, settle_verified
from state.needs import unmet
from state.replaying import replay
from state.run import Run
from state.standing import Answer, Standing
from state.verdict import effective, verdict
from tests.state.books import ANA, BEN

TEXT = """\
# Change

- [ ] Migrated
  ```toml step
  id = "migrated"
  severity = "blocker"
  ```
  ```bash {class=mutate}
  migrate one

  migrate two
  ```
- [ ] Healthy
  ```toml step
  id = "healthy"
  probe = { use = "http", url = "http://localhost/", expect = { status = 200 } }
  ```
  ```bash {class=mutate}
  restart api
  ```
- [ ] Announced
  ```toml step
  id = "announced"
  needs = ["migrated"]
  ```
"""
BOOK = parse(TEXT.encode(), Path("/r/change.md"))
FIRST, SECOND = (part.id for part in BOOK.blocks[0].parts)
RESTART = BOOK.blocks[1].parts[0].id


@pytest.fixture
def run(home: Path) -> Run:
    run = Run.create(home, BOOK, "", ANA)
    run.take_lever()
    return run


def standing(run: Run, id: str) -> Standing:
    step = run.runbook.step_by_id[id]
    return effective(step, run.progress.get(id), datetime.now(UTC))


def interrupt(run: Run, part: str, said: CommandClass = CommandClass.MUTATE) -> None:
    run.request("c1", part, BOOK.part_by_id[part].text, said, "/")
    lost = entries.command_finished("c1", None, "in doubt", 0.0)
    run.record(Kind.COMMAND_FINISHED, part, lost)


def look(run: Run, step: str, result: Result) -> None:
    found = entries.probe_finished(Finding(result, "looked"))
    run.record(Kind.PROBE_FINISHED, step, found)


def test_an_interrupted_change_puts_its_step_in_doubt(run: Run) -> None:
    step = BOOK.step_by_id["migrated"]
    decide(run, step, Answer.PASS, "done")
    assert standing(run, "migrated") is Standing.PASS
    interrupt(run, FIRST)
    assert standing(run, "migrated") is Standing.IN_DOUBT
    assert unmet(BOOK, run.progress, "announced") == ["Migrated"]
    found = verdict(BOOK, run.progress, datetime.now(UTC))
    assert found.word == "NO-GO"
    assert ("migrated", "was interrupted, outcome unknown") in found.blocking
    assert replay(run.directory) == run.state


def test_a_look_that_was_interrupted_changed_nothing(run: Run) -> None:
    interrupt(run, FIRST, CommandClass.OBSERVE)
    assert not run.state.doubts and standing(run, "migrated") is Standing.PENDING
    assert run.commands[FIRST].in_doubt


@pytest.mark.parametrize("answer", [Answer.PASS, Answer.FAIL])
def test_a_person_settles_it_with_a_reason(run: Run, answer: Answer) -> None:
    step = BOOK.step_by_id["migrated"]
    interrupt(run, FIRST)
    with pytest.raises(RefusedError, match="was interrupted: say what you found"):
        decide(run, step, answer)
    decide(run, step, answer, "both tables are there")
    assert standing(run, "migrated") == answer.value
    assert run.commands[FIRST].settled == "both tables are there"
    again = Run.open(run.directory, BOOK, BEN)
    assert not again.state.doubts and standing(again, "migrated") == answer.value
    with pytest.raises(RefusedError, match="not in doubt any more"):
        settle(run, "c1", "again")


@pytest.mark.parametrize("answer", [Answer.SKIP, Answer.NA, Answer.WAIVE])
def test_no_other_answer_settles_it(run: Run, answer: Answer) -> None:
    interrupt(run, RESTART)
    decide(run, BOOK.step_by_id["healthy"], answer, "because")
    assert standing(run, "healthy") is Standing.IN_DOUBT


def test_where_a_probe_decides_a_person_settles_and_says_no_more(run: Run) -> None:
    interrupt(run, RESTART)
    event = decide(run, BOOK.step_by_id["healthy"], Answer.PASS, "it restarted")
    assert event.kind is Kind.SETTLED
    assert standing(run, "healthy") is Standing.PENDING
    look(run, "healthy", Result.FAIL)
    assert standing(run, "healthy") is Standing.FAIL


def test_its_probe_settles_it_once_it_passes(run: Run) -> None:
    look(run, "healthy", Result.PASS)  # before: that says nothing
    interrupt(run, RESTART)
    assert not settle_verified(run)
    for result in (Result.FAIL, Result.UNKNOWN, Result.WARN):
        look(run, "healthy", result)
        assert not settle_verified(run)
        assert standing(run, "healthy") is Standing.IN_DOUBT
    look(run, "healthy", Result.PASS)
    (event,) = settle_verified(run)
    assert event.data["verified"] == ["healthy"]
    assert event.data["note"] == "the probe passes: Healthy"
    assert standing(run, "healthy") is Standing.PASS
    assert not settle_verified(run)


def test_running_it_again_is_what_counts(run: Run) -> None:
    interrupt(run, FIRST)
    run.request("c2", FIRST, "migrate one", CommandClass.MUTATE, "/")
    assert not run.state.doubts and standing(run, "migrated") is Standing.PENDING


def test_what_comes_later_in_its_block_waits(run: Run) -> None:
    interrupt(run, FIRST)
    assert "migrate one" in later_in_block(BOOK, run.state.doubts, [SECOND])
    assert later_in_block(BOOK, run.state.doubts, [FIRST]) == ""
    assert later_in_block(BOOK, run.state.doubts, [FIRST, SECOND]) == ""
    assert later_in_block(BOOK, run.state.doubts, [RESTART]) == ""


def test_a_doubt_goes_with_its_step(run: Run, home: Path) -> None:
    interrupt(run, RESTART)
    run.close()
    moved = parse(TEXT.replace('"healthy"', '"well"').encode(), Path("/r/change.md"))
    again = Run.open(run.directory, moved, BEN)
    assert standing(again, "well") is Standing.IN_DOUBT
    (doubt,) = again.state.doubts.values()
    assert (doubt.step, doubt.waits) == ("well", ("well",))


def test_a_pass_by_hand_in_the_file_settles_it_too(run: Run) -> None:
    interrupt(run, FIRST)
    run.save()
    path = run.directory / "progress.toml"
    before, after = 'state = "in-doubt"\n', 'state = "pass"\nnote = "seen"\n'
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, 'state = "pass"\n', 1))
    run.save()
    assert "was interrupted: say what you found" in run.notices[-1]
    path.write_text(path.read_text().replace(before, after, 1))
    run.save()
    assert standing(run, "migrated") is Standing.PASS
    assert run.commands[FIRST].settled == "seen"
    assert replay(run.directory) == run.state


# ------------------------------------------------------------------- actions


def act(run: Run, id: str, ending: str, to: int = 3, step: str = "migrated") -> None:
    described = Description(
        title=f"scale to {to}",
        identity=Identity("kubernetes", "7f3c", "cluster 7f3c"),
        calls=(),
        things=(),
        undo=Undo("kubernetes.scale", {"replicas": 2 if to == 3 else 3}),
        snapshot={"replicas": "2"},
    )
    asked = ActionSpec("kubernetes.scale", {"replicas": to}, verify=("healthy",))
    run.act(id, step, asked, described)
    data = entries.action_finished(id, ending, 2.0, "so it is", {})
    run.record(Kind.ACTION_FINISHED, step, data)


def test_an_action_is_settled_by_what_it_names_under_verify(run: Run) -> None:
    act(run, "a1", "in doubt")
    assert standing(run, "migrated") is Standing.IN_DOUBT
    assert run.state.doubts["a1"].waits == ("healthy",)
    look(run, "healthy", Result.PASS)
    settle_verified(run)
    assert standing(run, "migrated") is Standing.PENDING
    assert run.actions["a1"].settled and run.actions["a1"].stands


@pytest.mark.parametrize(("to", "how"), [(3, "done again"), (2, "taken back")])
def test_an_action_that_is_done_again_or_taken_back_is_settled(
    run: Run, to: int, how: str
) -> None:
    act(run, "a1", "in doubt")
    act(run, "a2", "failed", to)
    assert standing(run, "migrated") is Standing.IN_DOUBT
    act(run, "a3", "done", to)
    assert standing(run, "migrated") is Standing.PENDING
    assert run.actions["a1"].settled == f"{how}: scale to {to}"


def test_another_action_settles_nothing(run: Run) -> None:
    act(run, "a1", "in doubt")
    act(run, "a2", "done", 7)
    assert standing(run, "migrated") is Standing.IN_DOUBT


def test_an_action_of_no_step_is_settled_by_name(run: Run) -> None:
    act(run, "a1", "in doubt", step="")
    assert beside_steps(run.state) == (
        "scale to 3: was interrupted, outcome unknown, begun by ana",
    )
    with pytest.raises(RefusedError, match="Say what you found"):
        settle(run, "a1", " ")
    settle(run, "a1", "it scaled")
    assert not run.state.doubts and run.actions["a1"].settled == "it scaled"
    assert beside_steps(run.state) == ()
