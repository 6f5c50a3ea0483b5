"""What a run changed: what stands, what was taken back, and what is unlike before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runbooks.changes import Description, Identity, Undo
from runbooks.events import Kind
from runbooks.tables import ActionSpec
from state import entries
from state.acted import (
    left_open,
    loose_ends,
    reminder,
    standing,
    unlike_before,
    unlike_before_all,
)
from state.changed import changes
from state.run import Run
from tests.state.books import ANA, runbook, step

BOOK = runbook(step("a"))


def scale(run: Run, id: str, to: int, before: int, **more: str) -> None:
    """Record that replicas were changed."""
    described = Description(
        title=f"scale to {to}",
        identity=Identity("kubernetes", "7f3c", "cluster 7f3c"),
        calls=(),
        things=(),
        undo=Undo("kubernetes.scale", {"replicas": before}),
        loose_end=more.get("loose_end", ""),
        snapshot={"replicas": str(before), "image": "api:1"},
    )
    run.take_lever()
    run.act(id, "a", ActionSpec("kubernetes.scale", {"replicas": to}), described)


def end(run: Run, id: str, ending: str, after: Mapping[str, str]) -> None:
    data = entries.action_finished(id, ending, 2.0, "so it is", after)
    run.record(Kind.ACTION_FINISHED, "a", data)


def test_a_taking_back_is_held_against_the_state_before(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    scale(run, "one", 6, 3)
    end(run, "one", "done", {"replicas": "6", "image": "api:1"})
    scale(run, "two", 3, 6)
    end(run, "two", "done", {"replicas": "3", "image": "api:2"})
    newest, oldest = changes(BOOK, run)
    assert newest.takes_back == "scale to 6" and not newest.stands
    assert newest.differs == ("image is api:2, was api:1",)
    assert oldest.taken_back and not oldest.stands
    assert unlike_before(run.actions, run.actions["one"]) == ()
    assert not list(standing(run.actions))


def test_a_plan_is_held_against_the_state_before_all_of_it(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    scale(run, "one", 6, 3)
    end(run, "one", "done", {"replicas": "6", "image": "api:1"})
    scale(run, "two", 9, 6)
    end(run, "two", "done", {"replicas": "9", "image": "api:1"})
    scale(run, "back", 6, 9)
    end(run, "back", "done", {"replicas": "6", "image": "api:1"})
    scale(run, "further", 3, 6)
    end(run, "further", "done", {"replicas": "3", "image": "api:1"})
    assert run.actions["back"].undoes == "two"
    assert unlike_before_all(run.actions, ["two", "one"]) == ()
    # Of the newer one alone the state before it is what counts.
    assert unlike_before_all(run.actions, ["two"]) == ()
    end(run, "further", "done", {"replicas": "3", "image": "api:2"})
    differs = ("image is api:2, was api:1",)
    assert unlike_before_all(run.actions, ["two", "one"]) == differs


def test_what_is_under_way_failed_or_in_doubt_stands(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    for id, ending in (("one", "failed"), ("two", "in doubt"), ("three", "refused")):
        scale(run, id, len(id), 0)
        end(run, id, ending, {})
    scale(run, "four", 9, 8)
    stands = [acted.id for acted in standing(run.actions)]
    assert stands == ["four", "two", "one"]
    assert [each.ending for each in changes(BOOK, run)] == ["", "in doubt", "failed"]


def test_loose_ends_are_kept_with_the_run_and_named_newest_first(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    assert reminder(run.actions) == ""
    scale(run, "one", 6, 3, loose_end="pinned 6-6")
    end(run, "one", "done", {})
    scale(run, "two", 0, 2, loose_end="worker is off")
    end(run, "two", "in doubt", {})
    again = Run.open(run.directory, BOOK, ANA)
    assert left_open(again.actions) == ("worker is off, by ana", "pinned 6-6, by ana")
    assert "worker is off, by ana, and 1 more; L lists" in reminder(again.actions)
    again.record(Kind.LOOSE_END_ACCEPTED, None, entries.loose_end_accepted("two", "ok"))
    assert [acted.id for acted in loose_ends(again.actions)] == ["one"]


def test_of_two_that_were_taken_back_alike_the_last_one_is_meant(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    for id in ("one", "two"):
        scale(run, id, 6, 3)
        end(run, id, "done", {})
    scale(run, "back", 3, 6)
    end(run, "back", "done", {})
    assert [acted.id for acted in standing(run.actions)] == ["one"]
