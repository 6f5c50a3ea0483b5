"""WAL that a real server archived, and a base backup that it gave."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.backups.recovery import RecoveryProbe
from runbooks.probes.backups.wal import WalProbe
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.rehearsal import Deployment
from runbooks.rehearsal.database import program, superuser

MIB = 2**20


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


async def look(probe: WalProbe | RecoveryProbe) -> Measurement:
    async with Sources() as sources:
        return await probe.look(sources)


@pytest.fixture(scope="module")
def kept(practice: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base backup in ``base``, and in ``wal`` what was archived until after it."""
    root = tmp_path_factory.mktemp("kept")
    environment = {**os.environ, **superuser(practice.layout)}

    def run(name: str, *arguments: str) -> None:
        command = [program(name), *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)

    base = root / "base" / "20261101"
    base.mkdir(parents=True)
    run("pg_basebackup", "-D", str(base), "-Ft", "-Xnone", "-z", "--checkpoint=fast")
    archive = practice.directory / "backups" / "wal_archive"
    before = len(list(archive.glob("*.gz")))
    switch = "create table if not exists t(); drop table t; select pg_switch_wal()"
    for wanted in range(1, 5):
        run("psql", "-d", "postgres", *(f"-c{sql}" for sql in switch.split("; ")))
        end = time.monotonic() + 60
        while len(list(archive.glob("*.gz"))) < before + wanted:
            assert time.monotonic() < end, "nothing was archived"
            time.sleep(0.05)
    shutil.copytree(archive, root / "wal")
    return root


@pytest.fixture
def own(kept: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(kept, tmp_path / "own")
    return tmp_path / "own"


async def test_an_archive_without_gaps(kept: Path) -> None:
    seen = await look(WalProbe(wal_directory=str(kept / "wal")))
    assert int(str(value(seen, "segments"))) >= 4
    assert (value(seen, "gaps"), value(seen, "missing")) == (0, None)
    assert (value(seen, "timeline"), value(seen, "timelines")) == (1, 1)
    assert float(str(value(seen, "age"))) < 120
    # The rehearsal's segments are of 1 MiB, which only their headers say.
    assert "segments of 1024 KiB" in seen.evidence or "1 MiB" in seen.evidence


async def test_a_missing_segment_is_named(own: Path) -> None:
    segments = sorted((own / "wal").glob("0*.gz"))
    segments[-2].unlink()
    seen = await look(WalProbe(wal_directory=str(own / "wal")))
    assert value(seen, "gaps") == 1
    assert value(seen, "missing") == segments[-2].name.removesuffix(".gz")


def header(size: int, flags: int = 2) -> bytes:
    """How a segment begins (XLogLongPageHeaderData)."""
    return struct.pack("=HHIQI4xQII", 0xD113, flags, 1, 0, 0, 7, size, 8192)


async def test_names_go_on_after_the_middle_part_is_full(tmp_path: Path) -> None:
    """16 MiB each, 256 for each middle part, unless a header says otherwise."""
    for name in ("0000000100000001000000FE", "000000020000000200000003"):
        (tmp_path / f"{name}.zst").write_bytes(header(MIB, flags=0))
    (tmp_path / "00000002.history").write_text("1\t0/3000000\tno recovery target\n")
    seen = await look(WalProbe(wal_directory=str(tmp_path)))
    assert value(seen, "gaps") == 4
    assert value(seen, "missing") == (
        "0000000200000001000000FF to 000000020000000200000002 (4)"
    )
    assert (value(seen, "timeline"), value(seen, "timelines")) == (2, 2)


async def test_how_large_segments_are_decides_which_follows(tmp_path: Path) -> None:
    for name in ("000000010000000000000FFF", "000000010000000100000000"):
        (tmp_path / name).write_bytes(header(MIB))
    seen = await look(WalProbe(wal_directory=str(tmp_path)))
    assert (value(seen, "gaps"), value(seen, "segments")) == (0, 2)


async def test_segments_that_cannot_be_whole(own: Path) -> None:
    first, second, third = sorted((own / "wal").glob("0*.gz"))[:3]
    whole = gzip.decompress(first.read_bytes())
    assert len(whole) == MIB
    for packed, content in ((first, whole), (second, whole[:-1])):
        plain = packed.with_suffix("")
        plain.write_bytes(content)
        os.utime(plain, (0, 0))
        packed.unlink()
    third.write_bytes(b"")
    os.utime(third, (0, 0))
    (own / "wal" / f"{'0' * 7}1{'F' * 16}.gz").touch()  # being copied just now
    seen = await look(WalProbe(wal_directory=str(own / "wal")))
    assert value(seen, "torn") == f"{second.stem}, {third.name}"


async def test_an_empty_archive_and_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    seen = await look(WalProbe(wal_directory=str(tmp_path)))
    assert (value(seen, "segments"), value(seen, "age")) == (0, None)
    with pytest.raises(ProbeError, match="is not there"):
        await look(WalProbe(wal_directory=str(tmp_path / "none")))


async def recovery(root: Path) -> Measurement:
    return await look(
        RecoveryProbe(
            base_directory=str(root / "base"), wal_directory=str(root / "wal")
        )
    )


async def test_every_segment_since_the_base_backup_is_there(kept: Path) -> None:
    seen = await recovery(kept)
    assert (value(seen, "bases"), value(seen, "base")) == (1, "20261101")
    assert (value(seen, "gaps"), value(seen, "missing")) == (0, None)
    assert int(str(value(seen, "segments"))) >= 4
    # The server says itself where recovery begins.
    labels = [gzip.decompress(p.read_bytes()) for p in (kept / "base").rglob("*.gz")]
    start = str(value(seen, "start"))
    assert any(f"(file {start})".encode() in label for label in labels)


async def test_the_first_segment_after_the_base_backup_is_missing(own: Path) -> None:
    start = str(value(await recovery(own), "start"))
    (own / "wal" / f"{start}.gz").unlink()
    seen = await recovery(own)
    assert (value(seen, "gaps"), value(seen, "missing")) == (1, start)


async def test_recovery_begins_on_the_oldest_timeline_of_a_backup(own: Path) -> None:
    manifest = own / "base" / "20261101" / "backup_manifest"
    said = json.loads(manifest.read_text())
    start = value(await recovery(own), "start")
    later = {"Timeline": 2, "Start-LSN": "5/0", "End-LSN": "5/28"}
    said["WAL-Ranges"].insert(0, later)
    manifest.write_text(json.dumps(said))
    assert value(await recovery(own), "start") == start


async def test_dumps_are_no_base_backups(own: Path) -> None:
    shutil.rmtree(own / "base")
    (own / "base" / "daily").mkdir(parents=True)
    seen = await recovery(own)
    assert (value(seen, "bases"), value(seen, "base")) == (0, None)
    assert value(seen, "missing") is None and value(seen, "gaps") is None


async def test_nothing_archived_since_the_base_backup(own: Path) -> None:
    for segment in (own / "wal").glob("0*.gz"):
        segment.unlink()
    seen = await recovery(own)
    assert value(seen, "segments") == 0
    assert value(seen, "missing") == "every segment since the base backup"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"WAL-Ranges": [{"Timeline": 1, "Start-LSN": "x"}]}', "[" * 9999],
)
async def test_a_manifest_that_is_none_cannot_be_judged(own: Path, text: str) -> None:
    (own / "base" / "20261101" / "backup_manifest").write_text(text)
    with pytest.raises(ProbeError, match="no manifest of a base backup"):
        await recovery(own)
