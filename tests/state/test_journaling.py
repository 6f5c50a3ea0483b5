"""The journal: chained, durable, and usable again after every kind of failure."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import cycle, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.errors import NewerState, StateError
from runbooks.events import Event, Kind
from state.journal import Journal
from state.lock import Lock

BY = {"user": "ana", "sudo_user": "", "host": "bastion", "pid": 1}


def journal(path: Path) -> Journal:
    return Journal(path / "journal.jsonl", Lock(path / "lock"))


def note(log: Journal, text: str) -> Event:
    return log.append(BY, Kind.NOTED, "s", {"text": text})[-1]


def texts(path: Path) -> list[str]:
    return [event.data["text"] for event in journal(path).read_new()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Journal]:
    opened = journal(tmp_path)
    yield opened
    opened.close()


def test_each_line_names_the_hash_of_the_one_before(
    tmp_path: Path, log: Journal
) -> None:
    for text in "abc":
        note(log, text)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]
    assert json.loads(lines[0])["prev"] == ""
    for before, line in pairwise(lines):
        assert json.loads(line)["prev"] == sha256(before).hexdigest()


def test_what_is_returned_is_what_is_read(tmp_path: Path, log: Journal) -> None:
    written = [note(log, text) for text in "ab"]
    assert journal(tmp_path).read_new() == written


def test_two_writers_see_each_other(tmp_path: Path, log: Journal) -> None:
    other = journal(tmp_path)
    note(log, "a")
    seen = other.append(BY, Kind.NOTED, "s", {"text": "b"})
    assert [event.data["text"] for event in seen] == ["a", "b"]
    assert [event.seq for event in log.read_new()] == [2]
    assert note(log, "c").seq == 3
    assert journal(tmp_path).damage == []


def test_a_torn_last_line_is_ignored_and_never_glued(
    tmp_path: Path, log: Journal
) -> None:
    note(log, "a")
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        again = journal(tmp_path)
        assert [event.data["text"] for event in again.read_new()] == ["a"]
        note(again, "b")
        reader = journal(tmp_path)
        assert [event.data["text"] for event in reader.read_new()][-1] == "b"
        assert texts(tmp_path)[0] == "a"
        again.close()
        reader.close()


def test_a_torn_line_is_no_damage_and_a_broken_one_is(
    tmp_path: Path, log: Journal
) -> None:
    for text in "abc":
        note(log, text)
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2])
    broken = journal(tmp_path)
    assert [event.data["text"] for event in broken.read_new()] == ["a", "c"]
    assert [damage.after for damage in broken.damage] == [1]
    path.write_bytes(lines[0] + lines[1][:40])
    torn = journal(tmp_path)
    note(torn, "d")
    reader = journal(tmp_path)
    assert [event.data["text"] for event in reader.read_new()] == ["a", "d"]
    assert reader.damage == []


@pytest.mark.parametrize("index", range(3))
def test_a_changed_line_is_damage(tmp_path: Path, log: Journal, index: int) -> None:
    for text in "abc":
        note(log, text)
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[index] = lines[index].replace(b'"ana"', b'"eve"')
    path.write_bytes(b"".join(lines))
    reader = journal(tmp_path)
    reader.read_new()
    # The chain alone cannot say that its last link was forged.
    assert len(reader.damage) == (1 if index < 2 else 0)


@pytest.mark.parametrize(
    "code, word",
    [(errno.ENOSPC, "full"), (errno.EIO, "error"), (errno.EROFS, "read-only")],
)
def test_a_failed_write_says_so_and_can_be_repeated(
    tmp_path: Path, log: Journal, monkeypatch: pytest.MonkeyPatch, code: int, word: str
) -> None:
    note(log, "a")
    write = os.write

    def failing(handle: int, data: bytes) -> int:
        if len(data) < 60:
            raise OSError(code, os.strerror(code))
        return write(handle, bytes(data)[:50])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing)
        for _ in range(3):
            with pytest.raises(StateError, match=word):
                while True:
                    note(log, "lost")
                    patch.setattr(os, "write", lambda *_: failing(-1, b""))
    note(log, "b")
    assert texts(tmp_path)[0] == "a" and texts(tmp_path)[-1] == "b"
    assert journal(tmp_path).read_new()[-1].prev != ""


def test_a_failed_sync_is_not_written_and_continues_on_a_new_file(
    tmp_path: Path, log: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = journal(tmp_path)
    note(log, "a")
    other.read_new()
    before = (tmp_path / "journal.jsonl").stat().st_ino

    def failing(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(StateError, match="error"):
            note(log, "lost")
    assert texts(tmp_path) == ["a"]
    note(log, "b")
    assert (tmp_path / "journal.jsonl").stat().st_ino != before
    note(other, "c")
    assert texts(tmp_path) == ["a", "b", "c"]
    other.close()


@settings(max_examples=60)
@given(st.lists(st.integers(1, 40), min_size=1))
def test_short_writes_are_completed(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    path = tmp_path_factory.mktemp("short")
    log, write, turn = journal(path), os.write, cycle(sizes)

    def short(handle: int, data: bytes) -> int:
        return write(handle, bytes(data)[: next(turn)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", short)
        note(log, "ä" * 100)
    log.close()
    assert texts(path) == ["ä" * 100]


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=40))
def test_any_text_comes_back_without_lone_surrogates(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("text")
    log = journal(path)
    note(log, text + "\udc80")
    log.close()
    visible = (text + "\udc80").encode("utf-8", "backslashreplace").decode()
    assert texts(path) == [visible]


@pytest.mark.parametrize("kind", [b"noted", b"new"])
def test_a_newer_journal_is_left_alone(
    tmp_path: Path, log: Journal, kind: bytes
) -> None:
    note(log, "a")
    path = tmp_path / "journal.jsonl"
    path.write_bytes(
        path.read_bytes().replace(b'"v":1', b'"v":2').replace(b"noted", kind)
    )
    before = path.read_bytes()
    with pytest.raises(NewerState, match="newer gonogo"):
        journal(tmp_path).read_new()
    with pytest.raises(NewerState):
        note(journal(tmp_path), "b")
    assert path.read_bytes() == before


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "else").write_text("")
    (tmp_path / "journal.jsonl").symlink_to(tmp_path / "else")
    with pytest.raises(StateError, match="symbolic link"):
        note(journal(tmp_path), "a")
