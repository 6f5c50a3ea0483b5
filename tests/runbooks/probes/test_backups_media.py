"""Snapshots of media, their checksums read again, and reports of drills."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.backups.drills import DrillsProbe
from runbooks.probes.backups.media import SnapshotsProbe
from runbooks.probes.backups.place import PlaceProbe
from runbooks.probes.backups.sample import SampleProbe
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.rehearsal import Deployment

DAY = 86_400


async def look(probe: PlaceProbe) -> Measurement:
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


@pytest.fixture
def own(practice: Deployment, tmp_path: Path) -> Path:
    """A copy of a running deployment's media backups, to spoil."""
    copy = tmp_path / "media"
    shutil.copytree(practice.directory / "backups" / "media", copy, symlinks=True)
    return copy


def newest(media: Path) -> Path:
    return max(path for path in media.glob("20*_*") if path.is_dir())


async def test_a_snapshot_each_night(practice: Deployment) -> None:
    media = practice.directory / "backups" / "media"
    seen = await look(SnapshotsProbe(media_directory=str(media)))
    assert value(seen, "count") == 8
    assert float(str(value(seen, "age"))) < 26 * 3600
    assert float(str(value(seen, "interval"))) <= 26 * 3600
    assert 7 * DAY <= float(str(value(seen, "oldest"))) < 9 * DAY
    assert value(seen, "current") == newest(media).name
    assert value(seen, "is_newest") is value(seen, "checksums") is True
    assert value(seen, "empty") is False


async def test_a_pause_in_the_rhythm_and_a_link_left_behind(own: Path) -> None:
    names = sorted(path.name for path in own.glob("20*_*"))
    for name in names[3:6]:
        shutil.rmtree(own / name)
    (own / "current").unlink()
    (own / "current").symlink_to(f"/backups/media/{names[0]}")
    for path in newest(own).iterdir():
        path.unlink()
    (own / f"checksums_{names[-1]}.sha256").unlink()
    seen = await look(SnapshotsProbe(media_directory=str(own)))
    assert 3.9 * DAY < float(str(value(seen, "interval"))) < 4.1 * DAY
    assert value(seen, "current") == names[0]
    assert value(seen, "is_newest") is value(seen, "checksums") is False
    assert value(seen, "empty") is True


async def test_the_pause_since_the_newest_snapshot_counts(tmp_path: Path) -> None:
    for days in (10, 11):
        when = datetime.now() - timedelta(days=days)
        (tmp_path / f"{when:%Y%m%d_%H%M%S}").mkdir()
    seen = await look(SnapshotsProbe(media_directory=str(tmp_path)))
    assert 9.9 * DAY < float(str(value(seen, "interval"))) < 10.1 * DAY


async def test_links_in_place_of_snapshots_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "20261101_030000").symlink_to("20261101_030000")
    (tmp_path / "20261102_030000").symlink_to("/")
    (tmp_path / "20261103_030000").touch()
    (tmp_path / "20269999_999999").mkdir()
    (tmp_path / "current").symlink_to("current")
    seen = await look(SnapshotsProbe(media_directory=str(tmp_path)))
    assert (value(seen, "count"), value(seen, "age")) == (0, None)


async def test_one_snapshot_has_no_rhythm_yet(tmp_path: Path) -> None:
    (tmp_path / "20261101_030000").mkdir()
    seen = await look(SnapshotsProbe(media_directory=str(tmp_path)))
    assert (value(seen, "count"), value(seen, "interval")) == (1, None)
    assert value(seen, "current") is None
    with pytest.raises(ProbeError, match="is not there"):
        await look(SnapshotsProbe(media_directory=str(tmp_path / "none")))


async def test_files_of_the_newest_snapshot_are_what_was_written(
    practice: Deployment,
) -> None:
    media = practice.directory / "backups" / "media"
    seen = await look(SampleProbe(media_directory=str(media)))
    assert value(seen, "listed") == value(seen, "sampled") == 3
    for name in ("mismatched", "missing", "outside"):
        assert value(seen, name) is None


async def test_a_changed_and_a_lost_file_are_named(own: Path) -> None:
    first, second, third = sorted(newest(own).iterdir())
    first.write_bytes(b"another recording")
    second.unlink()
    third.unlink()
    third.symlink_to("/etc/hostname")
    # The paths in the file are those of the deployment it was copied from.
    seen = await look(SampleProbe(media_directory=str(own)))
    assert value(seen, "mismatched") == first.name
    assert sorted(str(value(seen, "missing")).split(", ")) == [second.name, third.name]
    assert value(seen, "sampled") == 1


async def test_nothing_outside_of_the_snapshot_is_read(own: Path) -> None:
    name = newest(own).name
    (newest(own) / "out").symlink_to("/etc")
    paths = ("/etc/passwd", f"{name}/../../x", f"{name}/out/passwd", name, "/dev/zero")
    sums = "".join(f"{'0' * 64}  {path}\n" for path in paths)
    (own / f"checksums_{name}.sha256").write_text(sums)
    seen = await look(SampleProbe(media_directory=str(own)))
    assert value(seen, "sampled") == 0
    assert str(value(seen, "outside")).count(", ") == len(paths) - 1


async def test_a_snapshot_without_checksums_and_no_snapshot(
    own: Path, tmp_path: Path
) -> None:
    (own / f"checksums_{newest(own).name}.sha256").unlink()
    seen = await look(SampleProbe(media_directory=str(own)))
    assert (value(seen, "listed"), value(seen, "sampled")) == (None, 0)
    (tmp_path / "empty").mkdir()
    seen = await look(SampleProbe(media_directory=str(tmp_path / "empty")))
    assert (value(seen, "listed"), value(seen, "sampled")) == (None, 0)


async def test_of_many_files_only_some_are_read(own: Path) -> None:
    name = newest(own).name
    sums = own / f"checksums_{name}.sha256"
    sums.write_text(sums.read_text() * 20_000 + "no checksum\n\0\xff\n")
    seen = await look(SampleProbe(media_directory=str(own), files=5))
    assert (value(seen, "listed"), value(seen, "sampled")) == (60_000, 5)


async def test_a_file_too_large_for_the_time_cannot_be_judged(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.backups.place._SHARE", 0.005)
    name = newest(own).name
    with (newest(own) / "large.wav").open("wb") as large:
        large.truncate(2**40)
    sums = own / f"checksums_{name}.sha256"
    sums.write_text(f"{'0' * 64}  {name}/large.wav\n")
    with pytest.raises(ProbeError, match="too large to be read"):
        await look(SampleProbe(media_directory=str(own)))


def report(path: Path, days: float, **said: object) -> None:
    when = datetime.now(UTC) - timedelta(days=days)
    whole = {"kind": "restore", "date": when.isoformat(), "seconds": 412.5} | said
    path.write_text(json.dumps({"result": "pass", **whole}))


async def test_the_last_drill_that_succeeded(tmp_path: Path) -> None:
    report(tmp_path / "a.json", 100, seconds=90)
    report(tmp_path / "b.json", 30, by="ada", tables=41)
    report(tmp_path / "c.json", 10, result="fail")
    report(tmp_path / "d.json", 5, kind="pitr", seconds=60)
    report(tmp_path / "e.json", -5)
    (tmp_path / "notes.txt").write_text("no report")
    probe = DrillsProbe(drills_directory=str(tmp_path), kinds=("restore",))
    seen = await look(probe)
    assert (value(seen, "count"), value(seen, "failed")) == (3, 1)
    assert (value(seen, "seconds"), value(seen, "by")) == (412.5, "ada")
    assert value(seen, "result") == "fail"
    assert 29.9 * DAY < float(str(value(seen, "age"))) < 30.1 * DAY
    assert "restore: pass in 6.88 min by ada" in seen.evidence
    every = await look(DrillsProbe(drills_directory=str(tmp_path)))
    assert (value(every, "seconds"), value(every, "failed")) == (60, 0)


async def test_no_drill_at_all(tmp_path: Path) -> None:
    seen = await look(DrillsProbe(drills_directory=str(tmp_path)))
    assert (value(seen, "count"), value(seen, "age")) == (0, None)
    with pytest.raises(ProbeError, match="is not there"):
        await look(DrillsProbe(drills_directory=str(tmp_path / "none")))


@pytest.mark.parametrize("text", ["{}", "no report", '{"kind": "restore"}', "[" * 9999])
async def test_a_report_that_is_none_cannot_be_judged(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "drill.json").write_text(text)
    with pytest.raises(ProbeError, match="no report of a drill"):
        await look(DrillsProbe(drills_directory=str(tmp_path)))


async def test_a_report_that_is_a_pipe_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "drill.json")
    seen = await look(DrillsProbe(drills_directory=str(tmp_path)))
    assert value(seen, "count") == 0
