"""A run's directory: private, durable, shared by several screens."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runbooks.errors import StateError
from runbooks.events import Kind
from runbooks.tables import CommandClass
from state import entries
from state.deciding import decide, note
from state.locations import config_home, runtime_dir, state_home
from state.replaying import replay
from state.run import Run
from state.standing import Answer
from tests.state import torture
from tests.state.books import ANA, BEN, runbook, step

BOOK = runbook(step("a"), step("b"), step("c", part="p1"))


def modes(directory: Path) -> dict[str, int]:
    places = [directory, *directory.rglob("*")]
    return {p.name: stat.S_IMODE(p.stat().st_mode) for p in places}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_everything_is_private_whatever_the_umask(home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        run = Run.create(home, BOOK, "", ANA)
        run.cursor = "b"
        decide(run, BOOK.steps[0], Answer.PASS)
        run.close()
    finally:
        os.umask(before)
    found = modes(home)
    directories = {home.name, "runs", run.id, "outputs", "runbook"}
    assert {mode for name, mode in found.items() if name in directories} == {0o700}
    assert {mode for name, mode in found.items() if name not in directories} == {0o600}


def test_a_shared_directory_is_for_its_group(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    before = os.umask(0o077)
    try:
        run = Run.create(shared, BOOK, "", ANA)
        run.close()
    finally:
        os.umask(before)
    found = modes(run.directory)
    assert found[run.id] == found["outputs"] == 0o2770
    assert found["journal.jsonl"] == found["progress.toml"] == found["lock"] == 0o660


def test_a_state_home_that_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.write_text("")
    for home in (place, place / "below"):
        with pytest.raises(StateError, match="directory"):
            Run.create(home, BOOK, "", ANA)


def test_a_state_home_that_cannot_be_used(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.mkdir(mode=0o500)
    code = (
        "import sys; from pathlib import Path; from tests.state.books import *;"
        "from state.run import Run; from runbooks.errors import StateError\n"
        "try: Run.create(Path(sys.argv[1]), runbook(step('a')), '', ANA)\n"
        "except StateError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(place)]
    if os.geteuid() == 0:  # root may write anywhere while it has its capabilities
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, cwd=torture.ROOT, capture_output=True, text=True)
    assert done.stdout.startswith(f"Cannot use {place}"), done.stderr


def test_a_vanished_directory_is_said(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    run.directory.rename(home / "elsewhere")
    with pytest.raises(StateError, match="does not exist"):
        decide(run, BOOK.steps[0], Answer.PASS)
    assert "a" not in run.progress
    (home / "elsewhere").rename(run.directory)
    decide(run, BOOK.steps[0], Answer.PASS)
    assert replay(run.directory).steps == run.progress


def test_a_full_disk_loses_nothing(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (run.directory / "journal.jsonl").stat().st_size
    told = refused = 0
    for spare in (0, 1, 200, 900, 2000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + spare, hard))
        try:
            for _ in range(6):
                told += 1
                try:
                    note(run, "a", f"note {told}")
                except StateError:
                    refused += 1
                    assert run.waiting.steps() == {"a"}
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused > 10
    assert len(run.progress["a"].notes) + len(run.waiting) == told
    run.save()
    kept = replay(run.directory).steps["a"].notes
    assert kept == run.progress["a"].notes
    assert kept == tuple(f"note {i}" for i in range(1, told + 1))
    run.close()
    assert Run.open(run.directory, BOOK, ANA).notices == []


def test_killed_at_any_moment_nothing_acknowledged_is_lost(home: Path) -> None:
    assert torture.kills(30, home)


def test_writers_at_once_lose_nothing(home: Path) -> None:
    torture.writers(4, 50, home)


def test_writers_without_a_lock_would_lose(home: Path) -> None:
    with pytest.raises(AssertionError):
        torture.writers(4, 50, home, "write_naively")


def test_poll_tells_what_others_did_once(home: Path) -> None:
    ana = Run.create(home, BOOK, "prod", ANA)
    ben = Run.open(ana.directory, BOOK, BEN)
    decide(ben, BOOK.steps[0], Answer.FAIL, "no")
    note(ana, "b", "mine")
    kinds = [event.kind for event in ana.poll()]
    assert kinds == [Kind.RUN_OPENED, Kind.DECIDED]
    assert ana.poll() == []
    assert ana.progress["a"].decision == ben.progress["a"].decision
    assert (ben.target, ana.seq) == ("prod", 4)


def test_a_damaged_journal_is_said_and_progress_toml_fills_the_gap(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    decide(run, BOOK.steps[0], Answer.FAIL, "seen")
    decide(run, BOOK.steps[1], Answer.PASS)
    run.close()
    path = run.directory / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\xff garbage\n", *lines[2:]]))
    again = Run.open(run.directory, BOOK, BEN)
    assert "damaged after event 1" in again.notices[0]
    decision = again.progress["a"].decision
    assert decision and (decision.answer, decision.by) == (Answer.FAIL, "ana")
    assert decision.note == "seen"
    again.close()
    third = Run.open(run.directory, BOOK, BEN)
    assert third.progress["a"].decision == decision and len(third.notices) == 1


def test_an_event_that_makes_no_sense_is_left_out_and_said(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    run.record(Kind.DECIDED, "a", {"answer": "perhaps"})
    assert "Event 2 (decided)" in run.notices[0]
    decide(run, BOOK.steps[1], Answer.PASS)
    assert Run.open(run.directory, BOOK, BEN).progress["b"].decision is not None


def test_commands_are_followed_to_their_end(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    asked = entries.command_requested(BOOK, "p1", "1", "true", CommandClass.OBSERVE)
    run.record(Kind.COMMAND_REQUESTED, "p1", asked)
    run.record(Kind.COMMAND_STARTED, "p1", entries.command_started("1", 7))
    assert run.running == {"1": "p1"} and run.commands["p1"].ending == ""
    assert Run.open(run.directory, BOOK, BEN).running == {"1": "p1"}
    ended = entries.command_finished("1", 0, "exit", 1.5, {"release": "42"})
    run.record(Kind.COMMAND_FINISHED, "p1", ended)
    assert run.running == {} and run.inputs == {"release": "42"}
    assert run.commands["p1"].code == 0
    assert run.progress["c"].commands == (run.commands["p1"],)


def test_the_place_where_one_was_is_kept(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    assert run.cursor == ""
    run.cursor = "b"
    assert Run.open(run.directory, BOOK, BEN).cursor == "b"


def test_places_follow_xdg(tmp_path: Path) -> None:
    environ = {"HOME": "/h", "XDG_STATE_HOME": "relative"}
    assert state_home(environ) == Path("/h/.local/state/gonogo")
    assert config_home(environ) == Path("/h/.config/gonogo")
    assert state_home({"XDG_STATE_HOME": "/s"}) == Path("/s/gonogo")
    runtime = runtime_dir({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
