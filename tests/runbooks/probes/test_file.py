"""FileProbe against real files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.file import FileProbe
from runbooks.probes.sources import Sources


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


def write(path: Path, text: str, hours_ago: float) -> None:
    path.write_text(text)
    then = time.time() - hours_ago * 3600
    os.utime(path, (then, then))


async def test_the_newest_match_is_read(tmp_path: Path) -> None:
    write(tmp_path / "dump_1.gz", "old", 30)
    write(tmp_path / "dump_2.gz", "newer", 5)
    write(tmp_path / "other", "newest of all", 0)
    (tmp_path / "dump_2.gz").chmod(0o640)
    seen = await FileProbe(path=f"{tmp_path}/dump_*.gz").look(Sources())
    assert value(seen, "exists") is True
    assert value(seen, "count") == 2
    assert value(seen, "name") == "dump_2.gz"
    assert value(seen, "size") == 5
    assert value(seen, "mode") == "0640"
    assert value(seen, "content") == "newer"
    age = seen.reading("age")
    assert age and age.unit == "s" and 17_900 < float(str(age.value)) < 18_300


async def test_nothing_there_is_a_reading(tmp_path: Path) -> None:
    for path in (f"{tmp_path}/none", f"{tmp_path}/none/*.gz", f"{tmp_path}/*.gz"):
        seen = await FileProbe(path=path).look(Sources())
        assert value(seen, "exists") is False
        assert value(seen, "count") == 0
        assert value(seen, "age") is None


async def test_home_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "policy").write_text("90 days")
    assert (
        value(await FileProbe(path="~/policy").look(Sources()), "content") == "90 days"
    )


async def test_a_pipe_does_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    seen = await FileProbe(path=f"{tmp_path}/pipe").look(Sources())
    assert value(seen, "exists") is True
    assert seen.reading("content") is None


async def test_what_cannot_be_read_is_not_content() -> None:
    seen = await FileProbe(path="/proc/self/mem").look(Sources())
    assert value(seen, "exists") is True
    assert seen.reading("content") is None


async def test_link_to_nothing_matches_nothing(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(tmp_path / "gone")
    seen = await FileProbe(path=f"{tmp_path}/curr*").look(Sources())
    assert value(seen, "exists") is False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_forbidden_directory_cannot_be_judged(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(ProbeError, match="Permission denied"):
        await FileProbe(path=f"{tmp_path}/closed/*.gz").look(Sources())


async def test_a_loop_of_links_cannot_be_judged(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ProbeError, match="symbolic links"):
        await FileProbe(path=f"{tmp_path}/loop").look(Sources())


@pytest.mark.parametrize("path", ["relative/x", "/var/**/x"])
async def test_paths_that_name_no_place_are_refused(path: str) -> None:
    assert FileProbe.complaints({"path": path})
    with pytest.raises(ProbeError, match="path"):
        await FileProbe(path=path).look(Sources())
