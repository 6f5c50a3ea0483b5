"""What is kept of an output, and following it."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import output
from runbooks.output import Output, Tail, gap_line


def finish(kept: Output, path: Path) -> bytes:
    kept.finish()
    ending = {"head": kept.head, "gap": kept.gap}
    path.with_suffix(".exit").write_text(json.dumps(ending))
    return path.read_bytes()


def test_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Output(str(tmp_path / "a.out"), 1000)
        os.umask(0o777)
        Output(str(tmp_path / "b.out"), 1000)
    finally:
        os.umask(before)
    assert (tmp_path / "a.out").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b.out").stat().st_mode & 0o777 == 0o600


@settings(max_examples=40, deadline=None)
@given(
    limit=st.integers(64, 400),
    sizes=st.lists(st.integers(1, 300), max_size=12),
    reads=st.integers(30, 500),
)
def test_beginning_and_end_with_the_gap_said(
    tmp_path_factory: pytest.TempPathFactory, limit: int, sizes: list[int], reads: int
) -> None:
    path = tmp_path_factory.mktemp("o") / "x.out"
    kept = Output(str(path), limit)
    tail = Tail(path)
    text, followed = b"", b""
    for number, size in enumerate(sizes):
        data = bytes([65 + number]) * size
        kept.write(data)
        text += data
        got, skipped = tail.read(reads)
        followed += b"?" * skipped + got
    stored = finish(kept, path)
    while (got := tail.read(reads)) != (b"", 0):
        followed += b"?" * got[1] + got[0]

    assert kept.size == len(text) == len(followed)
    assert all(b in (a, ord("?")) for a, b in zip(text, followed, strict=True))
    if len(text) <= limit // 2:
        assert stored == text
    if kept.gap:
        head, line = kept.head, len(gap_line(kept.gap))
        assert stored[:head] == text[:head]
        assert stored[head : head + line] == gap_line(kept.gap)
        assert text.endswith(stored[head + line :])
        assert kept.kept == len(stored) - line == len(text) - kept.gap
        assert kept.kept <= limit
    else:
        assert stored == text
    assert not list(path.parent.glob("*.out.*"))


def test_follows_as_it_grows_and_skips_when_far_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.out"
    tail = Tail(path)
    assert tail.read(10) == (b"", 0)
    kept = Output(str(path), 10_000)
    kept.write(b"a" * 25)
    assert tail.read(10) == (b"a" * 10, 0)
    kept.write(b"b" * 100)
    assert tail.read(10) == (b"b" * 10, 105)
    assert tail.read(10) == (b"", 0)


def test_a_limit_of_the_file_system_is_said_and_blocks_nothing(tmp_path: Path) -> None:
    kept = Output(str(tmp_path / "x.out"), 1 << 30)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        for _ in range(100):
            kept.write(b"x" * 100)
        stored = finish(kept, tmp_path / "x.out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert kept.size == 10_000
    assert kept.problem == "File too large"
    assert kept.kept == 1000 == len(stored)


def test_the_last_part_of_the_disk_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = os.statvfs(tmp_path)
    share = disk.f_blocks // max(1, disk.f_bavail) + 1
    if share > 1000:
        pytest.skip("the disk of the tests is full already")
    # Instead of filling the disk: all that is free belongs to the reserve.
    monkeypatch.setattr(output, "_RESERVED", 1)
    kept = Output(str(tmp_path / "x.out"), 2 << 30)
    block = os.urandom(1 << 20)
    for _ in range(8):
        kept.write(block)
    stored = finish(kept, tmp_path / "x.out")
    assert kept.size == 8 << 20
    assert len(stored) < 1 << 20
    assert stored.startswith(block[:1000]) and stored.endswith(block[-1000:])
