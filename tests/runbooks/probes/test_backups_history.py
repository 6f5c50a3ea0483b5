"""Days with a dump, what is kept, who could read it, and how the last run ended."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.backups.days import DaysProbe
from runbooks.probes.backups.encryption import EncryptionProbe
from runbooks.probes.backups.logs import LogsProbe
from runbooks.probes.backups.place import PlaceProbe
from runbooks.probes.backups.retention import RetentionProbe
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.rehearsal import Deployment

NOON = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)


async def look(probe: PlaceProbe) -> Measurement:
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


def keep(root: Path, kind: str, days: float, content: bytes = b"\x1f\x8bx") -> Path:
    """Write a dump that is so many days old, as of noon."""
    when = NOON - timedelta(days=days)
    path = root / kind / f"transcripts_{kind}_{when:%Y%m%d_%H%M%S}.sql.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.with_name(f"{path.name}.sha256").touch()
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


@pytest.fixture
def own(practice: Deployment, tmp_path: Path) -> Path:
    """A copy of a running deployment's backups, to spoil."""
    copy = tmp_path / "backups"
    shutil.copytree(practice.directory / "backups", copy, symlinks=True)
    return copy


async def test_a_dump_each_day(practice: Deployment) -> None:
    seen = await look(DaysProbe(directory=str(practice.directory / "backups")))
    assert (value(seen, "covered"), value(seen, "gaps")) == (7, 0)
    assert value(seen, "missing") is None
    assert 0 <= float(str(value(seen, "age"))) < 26 * 3600


async def test_days_without_a_dump_are_named(own: Path) -> None:
    days = [NOON.date() - timedelta(days=ago) for ago in (2, 3)]
    for day in days:
        for dump in own.glob(f"*/transcripts_*_{day:%Y%m%d}_*"):
            dump.unlink()
    seen = await look(DaysProbe(directory=str(own)))
    assert (value(seen, "covered"), value(seen, "gaps")) == (5, 2)
    assert value(seen, "missing") == f"{days[1]}, {days[0]}"


async def test_days_before_the_first_dump_are_no_gaps(tmp_path: Path) -> None:
    for days in (1, 2):
        keep(tmp_path, "daily", days)
    seen = await look(DaysProbe(directory=str(tmp_path)))
    assert (value(seen, "covered"), value(seen, "gaps")) == (2, 0)


async def test_without_dumps_no_day_is_covered(tmp_path: Path) -> None:
    seen = await look(DaysProbe(directory=str(tmp_path)))
    assert (value(seen, "covered"), value(seen, "age")) == (0, None)
    with pytest.raises(ProbeError, match="is not there"):
        await look(DaysProbe(directory=str(tmp_path / "none")))


async def test_what_the_scripts_keep_is_as_it_should_be(practice: Deployment) -> None:
    seen = await look(RetentionProbe(directory=str(practice.directory / "backups")))
    assert value(seen, "overdue") is None
    assert value(seen, "short") is None
    assert 4 <= int(str(value(seen, "daily.count"))) <= 7
    assert 11 <= int(str(value(seen, "monthly.count"))) <= 12
    assert float(str(value(seen, "weekly.oldest"))) < 28 * 86_400


async def test_dumps_that_should_be_gone_and_dumps_that_are(own: Path) -> None:
    keep(own, "daily", 40)
    for dump in own.glob("monthly/*"):
        dump.unlink()
    keep(own, "monthly", 370)
    seen = await look(RetentionProbe(directory=str(own)))
    assert value(seen, "overdue") == "daily (1), monthly (1)"
    assert value(seen, "short") == "monthly (1 of 11)"
    assert float(str(value(seen, "daily.oldest"))) > 39 * 86_400


async def test_a_young_system_lacks_nothing(tmp_path: Path) -> None:
    for days in range(1, 6):
        keep(tmp_path, "daily", days)
    seen = await look(RetentionProbe(directory=str(tmp_path)))
    assert value(seen, "short") is None
    assert value(seen, "monthly.oldest") is None
    for days in range(2, 6):
        next(tmp_path.glob(f"daily/*{NOON - timedelta(days=days):%Y%m%d}*.gz")).unlink()
    keep(tmp_path, "weekly", 20)
    seen = await look(RetentionProbe(directory=str(tmp_path)))
    assert value(seen, "short") == "daily (1 of 4)"


async def test_dumps_that_anybody_can_read(practice: Deployment) -> None:
    seen = await look(EncryptionProbe(directory=str(practice.directory / "backups")))
    if value(seen, "disk"):
        assert value(seen, "encrypted") == 100
    else:
        assert value(seen, "encrypted") == 0
        assert str(value(seen, "plain")).count("transcripts_") == 7
    assert value(seen, "formats") == "gzip"


async def test_the_share_of_encrypted_dumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.block_devices.SYSFS", tmp_path)
    keep(tmp_path, "daily", 1, b"\x85\x01\x0c\x03")
    plain = keep(tmp_path, "daily", 2)
    keep(tmp_path, "daily", 3, b"Salted__12345678")
    keep(tmp_path, "daily", 4, b"age-encryption.org/v1\n")
    seen = await look(EncryptionProbe(directory=str(tmp_path)))
    assert value(seen, "encrypted") == 75
    assert value(seen, "plain") == plain.name
    assert value(seen, "formats") == "gpg, gzip, openssl, age"
    assert "1 of the newest 4" in seen.lacking["encrypted"]


async def test_a_disk_is_encrypted_where_everything_below_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's files as they are with LVM on two LUKS devices."""
    keep(tmp_path, "daily", 1)
    device = tmp_path.stat().st_dev
    volume = tmp_path / "sys" / f"{os.major(device)}:{os.minor(device)}"
    for path, uuid in (
        (volume, "LVM-abc"),
        (volume / "slaves" / "dm-0", "CRYPT-LUKS2-1"),
        (volume / "slaves" / "dm-1", "CRYPT-LUKS2-2"),
    ):
        (path / "dm").mkdir(parents=True)
        (path / "dm" / "uuid").write_text(uuid)
    monkeypatch.setattr("runbooks.probes.block_devices.SYSFS", tmp_path / "sys")
    probe = EncryptionProbe(directory=str(tmp_path))
    seen = await look(probe)
    assert value(seen, "disk") is True
    assert (value(seen, "encrypted"), value(seen, "plain")) == (100, None)
    (volume / "slaves" / "dm-1" / "dm" / "uuid").write_text("LVM-other")
    assert value(await look(probe), "disk") is False


async def test_encryption_of_no_dump_is_absent(tmp_path: Path) -> None:
    seen = await look(EncryptionProbe(directory=str(tmp_path)))
    assert value(seen, "encrypted") is None


async def test_the_last_run_ended_well(practice: Deployment) -> None:
    seen = await look(LogsProbe(directory=str(practice.directory / "backups")))
    assert value(seen, "success") is True
    assert value(seen, "errors") == 0
    assert float(str(value(seen, "age"))) < 26 * 3600


async def test_the_last_run_failed_and_its_password_is_not_told(own: Path) -> None:
    log = own / "logs" / f"backup_{NOON + timedelta(days=1):%Y%m%d}.log"
    log.write_text(
        "[INFO] Database: postgresql://app:hunter2@db/x\n[ERROR] pg_dump failed\n"
    )
    seen = await look(LogsProbe(directory=str(own)))
    assert (value(seen, "success"), value(seen, "errors")) == (False, 1)
    assert value(seen, "name") == log.name
    assert "hunter2" not in str(seen)


async def test_a_log_of_another_script_and_none_at_all(
    own: Path, tmp_path: Path
) -> None:
    seen = await look(LogsProbe(directory=str(own), log="verify_*.log"))
    assert str(value(seen, "name")).startswith("verify_")
    seen = await look(LogsProbe(directory=str(tmp_path)))
    assert value(seen, "success") is None
    with pytest.raises(ProbeError, match="regular expression"):
        await look(LogsProbe(directory=str(own), ending="("))


async def test_a_huge_log_is_read_from_its_end(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with (tmp_path / "logs" / "backup_1.log").open("wb") as log:
        log.truncate(3 * 2**30)
        log.seek(0, os.SEEK_END)
        log.write(b"\n[INFO] Backup Completed Successfully\n")
    assert value(await look(LogsProbe(directory=str(tmp_path))), "success") is True
