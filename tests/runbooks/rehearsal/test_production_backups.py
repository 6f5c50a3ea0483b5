"""Steps of the shipped runbook on backups: those of a deployment, then spoilt ones."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks import parsing
from runbooks.rehearsal import Deployment
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.target import Target, parse
from tests.runbooks.actions.databases.carrying_out import Performing, wished

SHIPPED = (
    Path(__file__).parents[3] / "runbooks" / "documents" / "production-deployment.md"
)
RUNBOOK = parsing.read(SHIPPED)
DUMPS = ("database.backups-scheduled", "ops.daily-backups", "post24h.backup")
"""Steps that ask for the newest dump that is whole."""
DATABASE = (
    *DUMPS,
    *("backup.db.daily", "backup.db.verification", "backup.db.encryption"),
    "backup.db.retention",
)
MEDIA = (
    *("storage.media-backup-schedule", "backup.media.schedule"),
    *("backup.media.verification", "backup.media.retention"),
)
DRILLS = ("backup.db.restore-tested", "dr.restore-drill", "ops.quarterly-dr", "dr.rto")
ALL = (*DATABASE, *MEDIA, *DRILLS, "backup.db.pitr-tested")


@pytest.fixture
def own(deployment: Deployment, tmp_path: Path) -> Path:
    """A copy of the deployment's backups, to spoil."""
    copy = tmp_path / "backups"
    shutil.copytree(deployment.directory / "backups", copy, symlinks=True)
    return copy


@pytest.fixture
def target(deployment: Deployment, own: Path) -> Target:
    """The deployment with that copy as its backups."""
    said = parse(deployment.profile.read_bytes(), deployment.profile)
    before = str(deployment.directory / "backups")
    moved = {
        key: str(own) + value.removeprefix(before)
        for key, value in said.tables["backups"].items()
        if isinstance(value, str)
    }
    host = {**said.tables["host"], "crontabs": [str(own / "crontab")]}
    return replace(said, tables={**said.tables, "backups": moved, "host": host})


async def results(target: Target) -> dict[str, Result]:
    steps = [step for step in RUNBOOK.steps if step.id in ALL]
    found = {id: each async for id, each in Runner(target).probe_all(steps)}
    assert len(found) == len(ALL)
    return {id: finding.result for id, finding in found.items()}


def newest(own: Path, count: int = 1) -> list[Path]:
    return sorted(own.glob("*ly/*.gz"), key=lambda p: p.name.split("_")[2])[-count:]


async def test_a_healthy_deployment(target: Target) -> None:
    seen = await results(target)
    warned = {id for id, result in seen.items() if result is not Result.PASS}
    # Its dumps may be read by anybody, and nobody rehearses a point in time.
    assert warned <= {"backup.db.encryption", "backup.db.pitr-tested"}
    assert {seen[id] for id in warned} <= {Result.WARN}


def truncate(own: Path) -> None:
    (dump,) = newest(own)
    os.truncate(dump, dump.stat().st_size // 2)


def forget_two_days(own: Path) -> None:
    for dump in newest(own, 2):
        dump.unlink()


def forget_a_snapshot(own: Path) -> None:
    last = max(own.glob("media/20*_*"))
    shutil.rmtree(last)


def change_a_recording(own: Path) -> None:
    for recording in max(own.glob("media/20*_*")).iterdir():
        recording.write_bytes(b"another")


def forget_the_base(own: Path) -> None:
    shutil.rmtree(own / "base")
    (own / "base").mkdir()


def lose_a_segment(own: Path) -> None:
    sorted(own.glob("wal_archive/0*.gz"))[-1].unlink()
    for segment in sorted(own.glob("wal_archive/0*.gz"))[-2:]:
        segment.unlink()


def forget_the_drill(own: Path) -> None:
    for report in own.glob("drills/*"):
        report.unlink()


def fail_the_last_run(own: Path) -> None:
    log = max(own.glob("logs/backup_*.log"))
    log.write_text("[ERROR] pg_dump: connection refused\n")


@pytest.mark.parametrize(
    ("spoil", "failing"),
    [
        (truncate, {*DUMPS, "backup.db.verification"}),
        (forget_two_days, {*DUMPS, "backup.db.daily"}),
        (fail_the_last_run, {"backup.db.daily"}),
        (change_a_recording, {"backup.media.verification"}),
        (forget_the_base, {"backup.db.pitr-tested"}),
        (lose_a_segment, {"backup.db.pitr-tested"}),
        (forget_the_drill, set(DRILLS) - {"dr.rto"}),
    ],
)
async def test_what_is_spoilt_fails_exactly_where_it_should(
    target: Target, own: Path, spoil: Callable[[Path], None], failing: set[str]
) -> None:
    spoil(own)
    seen = await results(target)
    assert {id for id, result in seen.items() if result is Result.FAIL} == failing
    assert Result.UNKNOWN not in seen.values()


async def test_a_dump_too_large_for_the_time_that_the_profile_gives(
    target: Target, own: Path
) -> None:
    with newest(own)[0].with_suffix(".zst").open("wb") as dump:
        dump.truncate(2**35)
    Path(f"{dump.name}.sha256").touch()
    backups = {**target.tables["backups"], "timeout": "1s"}
    hurried = replace(target, tables={**target.tables, "backups": backups})
    (step,) = (step for step in RUNBOOK.steps if step.id == "ops.daily-backups")
    ((_, finding),) = [each async for each in Runner(hurried).probe_all([step])]
    assert finding.result is Result.UNKNOWN
    assert "in 1 s" in finding.reason


async def test_a_step_says_how_far_reading_has_come(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.backups.place._SHARE", 0)
    (step,) = (step for step in RUNBOOK.steps if step.id == "ops.daily-backups")
    ((_, finding),) = [each async for each in Runner(target).probe_all([step])]
    assert finding.result is Result.UNKNOWN
    assert finding.reason.startswith("read 0 B of ")
    assert finding.reason.endswith("the next look goes on from there")


async def test_a_late_snapshot_and_a_link_that_leads_nowhere(
    target: Target, own: Path
) -> None:
    forget_a_snapshot(own)
    seen = await results(target)
    late = {"storage.media-backup-schedule", "backup.media.schedule"}
    assert {seen[id] for id in late} == {Result.WARN}


async def test_without_a_schedule_a_fresh_dump_is_a_warning(
    target: Target, own: Path
) -> None:
    (own / "crontab").write_text("0 4 * * 0 /scripts/verify_backup.sh\n")
    seen = await results(target)
    assert seen["database.backups-scheduled"] is Result.WARN
    assert seen["ops.daily-backups"] is Result.PASS


async def test_without_the_directory_nobody_can_tell(target: Target, own: Path) -> None:
    shutil.rmtree(own)
    seen = await results(target)
    assert set(seen.values()) == {Result.UNKNOWN}


async def test_the_practice_deployment_can_be_backed_up_now(
    deployment: Deployment, tmp_path: Path
) -> None:
    target = parse(deployment.profile.read_bytes(), deployment.profile)
    wish = await wished(target, "backups.run_now")
    assert not wish.description.unmet
    performing = Performing(wish, target, tmp_path)
    ended = await performing.ended()
    assert ended.code == 0, performing.printed
    assert "plain SQL" in performing.printed and "whole, checksum" in performing.printed
    # The deployment is everybody's.
    subprocess.run(shlex.split(wish.description.undo.command), check=True)
