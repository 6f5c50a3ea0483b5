"""Who may change systems, for how long, and which systems those are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.changes import Identity
from runbooks.errors import RefusedError, StateError
from runbooks.events import Kind
from state import entries
from state.author import Author
from state.identities import FILE, Identities
from state.lever import Lever
from state.run import Run
from tests.state.books import ANA, BEN, runbook, step

BOOK = runbook(step("a"))
ALPHA = Identity("kubernetes", "7f3c", "cluster 7f3c")
BETA = Identity("kubernetes", "99aa", "cluster 99aa")

HOLDER = """
import sys
from pathlib import Path
from state.author import Author
from state.lever import Lever
Lever(Path(sys.argv[1]), Author("ben", "", "bastion", 2)).take()
print("taken", flush=True)
input()
"""


def test_one_holds_the_lever_and_the_other_learns_who(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    run.take_lever()
    run.take_lever()  # ours already
    other = Run.open(run.directory, BOOK, BEN)
    with pytest.raises(RefusedError, match=r"ana on bastion \(process 1\) holds"):
        other.take_lever()
    run.close()
    other.take_lever()
    other.close()


def test_a_lever_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    path = tmp_path / "lever"
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        mine = Lever(path, ANA)
        with pytest.raises(RefusedError, match="ben on bastion"):
            mine.take()
        assert not mine.held
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with pytest.raises(RefusedError, match=r"ben on bastion .* is gone"):
            mine.take()
        assert str(mine.take(over=True)) == "ben on bastion (process 2)"
        mine.release()


def test_a_lever_that_cannot_be_opened_is_no_lever(tmp_path: Path) -> None:
    (tmp_path / "lever").mkdir()
    with pytest.raises(StateError, match="lever"):
        Lever(tmp_path / "lever", ANA).take()


def test_arming_ends_by_itself_also_for_who_reads_the_journal(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    run.arm("INC-311")
    assert run.armed() and run.armed().by == "ana"
    run.end_arming()
    assert run.armed(), "its time is not over"
    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    run.record(Kind.ARMED, None, entries.armed("INC-311", over))
    assert run.armed() is None
    run.end_arming()
    run.end_arming()
    again = Run.open(run.directory, BOOK, Author("cleo", "", "bastion", 3))
    assert again.state.arming is None
    text = (run.directory / "journal.jsonl").read_text()
    assert text.count('"its time is over"') == 1


def test_a_system_is_remembered_at_first_contact_and_for_all_runs(home: Path) -> None:
    run = Run.create(home, BOOK, "prod", ANA)
    assert run.expected("kubernetes") is None
    run.know(ALPHA)
    run.know(BETA)  # known already: another one is not taken for it
    assert run.expected("kubernetes") == ALPHA
    assert Run.create(home, BOOK, "prod", BEN).expected("kubernetes") == ALPHA
    assert Run.create(home, BOOK, "test", BEN).expected("kubernetes") is None
    text = (run.directory / "journal.jsonl").read_text()
    assert text.count("identity_recorded") == 1


def test_what_is_known_is_replaced_only_when_somebody_says_so(home: Path) -> None:
    home.mkdir(parents=True)
    known = Identities(home)
    known.know("prod", ALPHA)
    known.know("prod", Identity("docker", "e1", "Engine e1"))
    known.know("prod", BETA)
    assert known.expected("prod", "kubernetes") == BETA
    assert known.expected("prod", "docker").id == "e1"


@pytest.mark.parametrize("text", ["{", '["no table"]', '{"prod": 3}'])
def test_a_damaged_file_changes_nothing(home: Path, text: str) -> None:
    home.mkdir(parents=True)
    (home / FILE).write_text(text)
    with pytest.raises(StateError, match="damaged"):
        Identities(home).expected("prod", "kubernetes")
