"""Disks of this machine, and what kinds of files fill them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe
from runbooks.probes.host.disk import DiskProbe
from runbooks.probes.host.encryption import EncryptionProbe
from runbooks.probes.host.file_types import FileTypesProbe
from runbooks.probes.sources import Sources

ROOT = Path(__file__).parents[3]


async def look(probe: Probe) -> Measurement:
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


async def test_a_directory_and_its_disk(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    seen = await look(DiskProbe(hostname="localhost", path=f"{tmp_path}/link"))
    space = shutil.disk_usage(tmp_path)
    assert value(seen, "exists") is value(seen, "writable") is True
    assert value(seen, "read_only") is False
    assert value(seen, "path") == str(tmp_path.resolve())
    assert value(seen, "size") == space.total
    assert value(seen, "free") == pytest.approx(space.free, rel=0.2)
    assert os.path.ismount(str(value(seen, "mount")))
    same = os.stat("/").st_dev == tmp_path.stat().st_dev
    assert value(seen, "on_root_disk") is same


async def test_only_the_machine_of_the_deployment_is_looked_at(tmp_path: Path) -> None:
    own = socket.gethostname()
    for name in (own, own.partition(".")[0]):
        seen = await look(DiskProbe(hostname=name, path=str(tmp_path)))
        assert value(seen, "exists") is True
    with pytest.raises(ProbeError, match=f"is called {own}, not prod-3") as caught:
        await look(DiskProbe(hostname="prod-3", path=str(tmp_path)))
    assert caught.value.stage == "configuration"


async def test_encryption_of_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.block_devices.SYSFS", tmp_path / "sys")
    secrets = tmp_path / "app.env"
    secrets.touch()
    probe = EncryptionProbe(hostname="localhost", path=str(secrets))
    assert value(await look(probe), "encrypted") is False
    device = secrets.stat().st_dev
    mapped = tmp_path / "sys" / f"{os.major(device)}:{os.minor(device)}" / "dm"
    mapped.mkdir(parents=True)
    (mapped / "uuid").write_text("CRYPT-LUKS2-1")
    assert value(await look(probe), "encrypted") is True
    secrets.unlink()
    with pytest.raises(ProbeError, match="No such file"):
        await look(probe)


async def test_its_owner_may_not_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert (
        value(
            await look(DiskProbe(hostname="localhost", path=str(tmp_path))), "writable"
        )
        is False
    )
    tmp_path.chmod(0o755)


async def test_what_is_lost_when_the_machine_stops() -> None:
    if not Path("/dev/shm").is_dir():
        pytest.skip("this machine has no /dev/shm")
    seen = await look(DiskProbe(hostname="localhost", path="/dev/shm"))
    assert value(seen, "in_memory") is True
    assert value(seen, "type") == "tmpfs"
    assert value(seen, "on_root_disk") is False


def test_a_small_full_disk_that_is_read_only(tmp_path: Path) -> None:
    """A real file system of 1 MiB, mounted where only this test sees it."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("this user may mount nothing")
    place = tmp_path / "a small disk"
    place.mkdir()
    look = (
        "import asyncio, sys; from runbooks.probes.host.disk import DiskProbe;"
        "from runbooks.probes.sources import Sources;"
        "probe = DiskProbe(hostname='localhost', path=sys.argv[1]);"
        "seen = asyncio.run(probe.look(Sources()));"
        "r = seen.readings;"
        "print(r['mount'].value, r['free'].value, r['free_share'].value,"
        " r['read_only'].value, r['writable'].value, r['size'].value, sep='|')"
    )
    script = (
        'mount -t tmpfs -o size=1m tmpfs "$1" && head -c 900K /dev/zero >"$1/x"'
        ' && mount -o remount,ro "$1" && exec "$2" -c "$3" "$1"'
    )
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(place), sys.executable, look],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    mount, free, share, read_only, writable, size = ran.stdout.strip().split("|")
    assert mount == str(place)
    assert int(free) < 200_000 and float(share) < 15 and int(size) == 2**20
    assert (read_only, writable) == ("True", "False")


async def test_a_full_disk_that_only_another_process_sees_mounted(
    tmp_path: Path,
) -> None:
    place, link = tmp_path / "disk", tmp_path / "link"
    place.mkdir()
    script = 'mount -t tmpfs -o size=1m tmpfs "$1" && echo ready && exec sleep 60'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout
            if other.stdout.readline() != "ready\n":
                pytest.skip("this user may mount nothing")
            link.symlink_to(f"/proc/{other.pid}/root{place}")
            with pytest.raises(OSError), (link / "full").open("wb") as full:
                full.write(bytes(2**21))
            seen = await look(DiskProbe(hostname="localhost", path=str(link)))
            assert value(seen, "path") == str(link)
            assert value(seen, "size") == 2**20
            assert value(seen, "free") == value(seen, "free_share") == 0
            assert value(seen, "on_root_disk") is False
            assert seen.reading("in_memory") is None
            assert "only other processes see it" in seen.lacking["in_memory"]
            assert "only other processes see it" in seen.evidence
        finally:
            other.kill()


async def test_what_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("file", "loop", "none"):
        seen = await look(DiskProbe(hostname="localhost", path=f"{tmp_path}/{name}"))
        assert value(seen, "exists") is False
        assert value(seen, "free") is None
    with pytest.raises(ProbeError, match="not absolute"):
        await look(DiskProbe(hostname="localhost", path="data"))


async def test_the_share_of_recordings_that_are_not_compressed(tmp_path: Path) -> None:
    for name, size in (("a.WAV", 700), ("deep/b.wav", 100), ("c.opus", 200), ("d", 0)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
    then = time.time() - 90_000
    os.utime(tmp_path / "deep" / "b.wav", (then, then))
    (tmp_path / "deep" / "up").symlink_to("..")
    (tmp_path / "e.wav").symlink_to("a.WAV")
    os.mkfifo(tmp_path / "f.wav")
    seen = await look(FileTypesProbe(hostname="localhost", path=str(tmp_path)))
    assert (value(seen, "files"), value(seen, "raw_files")) == (4, 2)
    assert (value(seen, "bytes"), value(seen, "raw")) == (1000, 800)
    assert value(seen, "raw_share") == 80
    assert value(seen, "raw_age") == pytest.approx(90_000, abs=60)
    assert "wav: 800 B" in seen.evidence


async def test_endings_that_are_no_text_can_be_told(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a.\xff")).touch()
    assert (
        "�: 0 B"
        in (
            await look(FileTypesProbe(hostname="localhost", path=str(tmp_path)))
        ).evidence
    )


async def test_an_empty_tree_and_none(tmp_path: Path) -> None:
    seen = await look(FileTypesProbe(hostname="localhost", path=str(tmp_path)))
    assert (value(seen, "raw_share"), value(seen, "raw_age")) == (0, None)
    with pytest.raises(ProbeError, match="No such file"):
        await look(FileTypesProbe(hostname="localhost", path=f"{tmp_path}/none"))


async def test_more_files_than_anybody_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.host.file_types.MOST", 3)
    for number in range(5):
        (tmp_path / f"{number}.wav").touch()
    with pytest.raises(ProbeError, match="counted 4 files") as caught:
        await look(FileTypesProbe(hostname="localhost", path=str(tmp_path)))
    assert caught.value.stage == "timeout"
