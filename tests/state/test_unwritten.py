"""What the disk does not take: kept, told, written later; and nothing is changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runbooks.errors import RefusedError, StateError
from runbooks.events import Kind
from runbooks.tables import CommandClass
from state import entries
from state.deciding import decide, decide_all, note, withdraw
from state.evidence import Evidence
from state.replaying import replay
from state.reserve import SIZE, Reserve
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, BEN, runbook, step

BOOK = runbook(*(step(name) for name in "abcd"), step("e", part="p1"))
A, B, C, D = BOOK.steps[:4]


class Full:
    """A disk that takes nothing while `full`, for this process."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.code = 0
        write, room = os.write, os.posix_fallocate

        def written(handle: int, data: bytes) -> int:
            if self.code:
                raise OSError(self.code, os.strerror(self.code))
            return write(handle, data)

        def kept(handle: int, at: int, size: int) -> None:
            if self.code:
                raise OSError(self.code, os.strerror(self.code))
            room(handle, at, size)

        patch.setattr(os, "write", written)
        patch.setattr(os, "posix_fallocate", kept)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Full:
    return Full(monkeypatch)


@pytest.fixture
def run(home: Path, disk: Full) -> Run:
    run = Run.create(home, BOOK, "", ANA)
    run.take_lever()
    return run


ALL = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS]


@pytest.mark.parametrize("code", ALL)
def test_an_answer_waits_and_goes_first(run: Run, disk: Full, code: int) -> None:
    disk.code = code
    with pytest.raises(StateError, match="1 thing is kept until then"):
        decide(run, A, Answer.FAIL, "smoke")
    with pytest.raises(StateError, match="2 things are kept"):
        note(run, "b", "look")
    assert run.waiting.steps() == {"a", "b"}
    assert run.progress == {}
    disk.code = 0
    decide(run, C, Answer.PASS)
    kept = replay(run.directory).steps
    assert list(kept) == ["a", "b", "c"]
    assert not run.waiting


def test_what_waits_is_written_by_the_next_save(run: Run, disk: Full) -> None:
    heard = []
    run.heard = heard.append
    disk.code = errno.ENOSPC
    with pytest.raises(StateError):
        decide_all(run, [A, B, C], Answer.PASS)
    assert run.waiting.steps() == {"a", "b", "c"}
    disk.code = 0
    run.save()
    assert [event.step for event in heard] == ["a", "b", "c"]


def test_of_two_answers_that_wait_the_later_counts(run: Run, disk: Full) -> None:
    disk.code = errno.EIO
    for answer in (Answer.FAIL, Answer.NA):
        with pytest.raises(StateError):
            decide(run, A, answer, "why")
    disk.code = 0
    run.save()
    decision = run.progress["a"].decision
    assert decision and decision.answer is Answer.NA
    assert run.progress["a"].earlier == ()


def test_an_answer_that_waits_is_taken_back(run: Run, disk: Full) -> None:
    disk.code = errno.EIO
    with pytest.raises(StateError):
        decide(run, A, Answer.PASS)
    assert withdraw(run, A) is None
    disk.code = 0
    run.save()
    assert "a" not in run.progress
    with pytest.raises(RefusedError):
        withdraw(run, A)


def ask(run: Run, command_class: CommandClass) -> None:
    run.request("1", "p1", "true", command_class, "/")


def test_nothing_is_changed_while_something_waits(run: Run, disk: Full) -> None:
    disk.code = errno.ENOSPC
    with pytest.raises(StateError):
        decide(run, A, Answer.PASS)
    with pytest.raises(StateError, match="full"):
        ask(run, CommandClass.MUTATE)
    with pytest.raises(StateError, match="full"):
        run.arm("INC-1")
    with pytest.raises(StateError, match="full"):
        run.refuse_change()
    assert not run.commands
    disk.code = 0
    run.refuse_change()


def test_nothing_is_changed_while_progress_toml_is_not_saved(
    run: Run, disk: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refused)
        with pytest.raises(StateError):
            run.save()
    with pytest.raises(StateError, match="Nothing ran"):
        ask(run, CommandClass.DESTRUCTIVE)
    ask(run, CommandClass.OBSERVE)
    run.save()
    ask(run, CommandClass.MUTATE)


def test_nothing_is_changed_without_room_for_its_end(
    run: Run, disk: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reserve, "keep", lambda self: False)
    with pytest.raises(StateError, match="no room to write down how it ends"):
        ask(run, CommandClass.MUTATE)
    ask(run, CommandClass.OBSERVE)


def test_how_a_command_ended_takes_the_reserve(run: Run, disk: Full) -> None:
    ask(run, CommandClass.MUTATE)
    reserve = run.directory / "reserve"
    assert reserve.stat().st_blocks * 512 >= SIZE
    give = Reserve.give

    def gave(self: Reserve) -> bool:
        disk.code = 0
        return give(self)

    disk.code = errno.ENOSPC
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reserve, "give", gave)
        patch.setattr(Reserve, "keep", lambda self: True)
        ended = entries.command_finished("1", 0, "exit", 1.0)
        run.record(Kind.COMMAND_FINISHED, "p1", ended)
    assert not run.running and not reserve.exists()
    run.save()
    decide(run, D, Answer.PASS)
    assert reserve.exists()


def test_a_run_that_is_left_leaves_no_reserve(run: Run) -> None:
    decide(run, A, Answer.PASS)
    run.close()
    assert not (run.directory / "reserve").exists()


def test_a_removed_journal_is_put_back(run: Run) -> None:
    decide(run, A, Answer.FAIL, "x")
    (run.directory / "journal.jsonl").unlink()
    decide(run, B, Answer.PASS)
    assert list(replay(run.directory).steps) == ["a", "b"]
    assert Run.open(run.directory, BOOK, BEN).notices == []


def test_a_journal_cut_short_is_said_and_progress_toml_fills_it(run: Run) -> None:
    decide(run, A, Answer.FAIL, "x")
    run.close()
    path = run.directory / "journal.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    again = Run.open(run.directory, BOOK, BEN)
    assert "damaged after event 1" in again.notices[0]
    decision = again.progress["a"].decision
    assert decision and (decision.answer, decision.note) == (Answer.FAIL, "x")


def test_a_journal_may_be_read_where_nothing_may_be_written(run: Run) -> None:
    decide(run, A, Answer.PASS)
    (run.directory / "lock").unlink()
    replay(run.directory)
    assert not (run.directory / "lock").exists()


def test_output_never_gets_into_progress_toml(run: Run) -> None:
    run.record(Kind.ATTACHED, "a", entries.attached(Evidence("text", "o" * 100_000)))
    run.save()
    assert (run.directory / "progress.toml").stat().st_size < 5000
    assert len(replay(run.directory).steps["a"].attachments[0].value) == 100_000
