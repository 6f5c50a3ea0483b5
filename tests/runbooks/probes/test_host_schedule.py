"""What runs regularly on a machine: crontabs as files, systemd through its answers."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.host.cron import Entry, entries
from runbooks.probes.host.schedule import ScheduleProbe
from runbooks.probes.sources import Sources

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        ("0 2 * * *", DAY),
        ("*/5 * * * *", 300),
        ("0 4 * * 0", 7 * DAY),
        ("0 4 * * 7", 7 * DAY),
        ("0 4 * * sun,Wed", 4 * DAY),
        ("30 1 * * mon-fri", 3 * DAY),
        ("0 8-18 * * *", 14 * HOUR),
        ("0 0,12 * * *", 12 * HOUR),
        ("0 3 1 * *", 31 * DAY),
        ("0 3 1 jan *", 366 * DAY),
        ("0 3 1,15 * 1", 7 * DAY),  # either the day of the month or that of the week
        ("7 */6 * * *", 6 * HOUR),
        ("0 9/4 * * *", 12 * HOUR),  # 9, 13, 17, 21
        ("@daily", DAY),
        ("@Hourly", HOUR),
        ("@reboot", None),
        ("0 0 30 2 *", None),
    ],
)
def test_the_longest_pause_of_an_entry(when: str, seconds: float | None) -> None:
    assert Entry(when, "true").interval == seconds


def test_what_is_no_entry_of_a_crontab() -> None:
    text = """
# a comment
MAILTO=ops@example.com
PATH = /usr/bin
  0 2 * * *   /scripts/backup_db.sh --verify 100%
60 2 * * * too-late
0 2 * * noday nothing
0 2 * *
*/0 * * * * never
5-1 * * * * backwards
@fortnightly nothing
@daily /scripts/daily.sh
"""
    found = [(each.when, each.command) for each in entries(text, with_user=False)]
    assert found == [
        ("0 2 * * *", "/scripts/backup_db.sh --verify 100%"),
        ("@daily", "/scripts/daily.sh"),
    ]
    system = list(entries("0 2 * * * root /x y\n@daily app /z\n", with_user=True))
    assert [each.command for each in system] == ["/x y", "/z"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine's ``/etc`` and ``/var``, and a systemctl that says what it is told."""
    for name in ("etc/cron.d", "etc/cron.daily", "var/spool/cron/crontabs", "units"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr("runbooks.probes.host.crontabs.ROOT", tmp_path)
    monkeypatch.setattr("runbooks.probes.host.timers.UNITS", (tmp_path / "units",))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    systemctl(tmp_path, "[]")
    return tmp_path


def systemctl(machine: Path, answer: str, code: int = 0, error: str = "") -> None:
    script = f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\necho '{error}' >&2\nexit {code}\n"
    (machine / "systemctl").write_text(script)
    (machine / "systemctl").chmod(0o755)


async def look(command: str, *crontabs: Path) -> Measurement:
    probe = ScheduleProbe(
        hostname="localhost", command=command, crontabs=tuple(map(str, crontabs))
    )
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


async def test_crontabs_of_system_users_and_profile(machine: Path) -> None:
    (machine / "etc/crontab").write_text("0 * * * * root run-parts /etc/cron.hourly\n")
    (machine / "etc/cron.d/backup").write_text("0 2 * * 0 app /opt/verify_backup.sh\n")
    (machine / "var/spool/cron/crontabs/app").write_text(
        "0 2 * * * /opt/backup_db.sh\n"
    )
    own = machine / "crontab"
    own.write_text("0 3 * * * /scripts/backup_media.sh\n")
    seen = await look(r"backup_(db|media)", own)
    where = str(value(seen, "found")).split(", ")
    assert where == [f"{machine}/var/spool/cron/crontabs/app", str(own)]
    assert value(seen, "interval") == DAY
    assert value(seen, "last") is None
    assert value(await look("verify_backup"), "interval") == 7 * DAY


async def test_scripts_that_cron_runs_daily(machine: Path) -> None:
    for name, mode in (("renew", 0o755), ("renew.bak", 0o755), ("old-renew", 0o644)):
        (machine / "etc/cron.daily" / name).write_text("#!/bin/sh\ncertbot renew -q\n")
        (machine / "etc/cron.daily" / name).chmod(mode)
    seen = await look("certbot")
    assert value(seen, "found") == f"{machine}/etc/cron.daily/renew"
    assert value(seen, "interval") == DAY


async def test_timers_of_systemd(machine: Path) -> None:
    now = int(time.time() * 1e6)
    hour = int(HOUR * 1e6)
    timers = [
        {
            "next": now + 9 * hour,
            "left": now + 9 * hour,
            "last": now - 3 * hour,
            "passed": now - 3 * hour,
            "unit": "certbot.timer",
            "activates": "certbot.service",
        },
        {
            "next": None,
            "left": 0,
            "last": 0,
            "passed": 0,
            "unit": "nightly.timer",
            "activates": "nightly@db.service",
        },
    ]
    systemctl(machine, json.dumps(timers))
    (machine / "units/nightly@.service").write_text(
        "[Service]\nExecStart=-/opt/backup_db.sh %i\n"
    )
    seen = await look("certbot")
    assert value(seen, "found") == "certbot.timer"
    assert value(seen, "interval") == pytest.approx(12 * HOUR)
    assert value(seen, "last") == pytest.approx(3 * HOUR, abs=60)
    seen = await look("backup_db")
    assert value(seen, "found") == "nightly.timer"
    assert value(seen, "interval") is None
    assert "never again" in seen.evidence


async def test_nothing_runs_it(machine: Path) -> None:
    seen = await look("backup_db")
    assert value(seen, "found") is None
    assert value(seen, "interval") is None
    assert "nothing found" in seen.evidence


async def test_without_systemd_crontabs_still_count(machine: Path) -> None:
    systemctl(machine, "", 1, "System has not been booted with systemd as init system")
    (machine / "etc/cron.d/x").write_text("0 2 * * * root backup_db.sh\n")
    seen = await look("backup_db")
    assert value(seen, "interval") == DAY
    assert "no systemd runs here" in seen.evidence


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [("", 1, "Failed to list timers: Access denied"), ("{garbage", 0, "")],
)
async def test_systemd_without_an_answer_cannot_be_judged(
    machine: Path, answer: str, code: int, error: str
) -> None:
    systemctl(machine, answer, code, error)
    with pytest.raises(ProbeError, match="gave no answer") as caught:
        await look("backup_db")
    assert caught.value.source == "systemd"


async def test_what_may_not_be_read_is_not_absent(machine: Path) -> None:
    os.mkfifo(machine / "closed")
    seen = await look("backup_db", machine / "closed")
    assert seen.reading("found") is None
    assert "may not be read; root may" in seen.lacking["found"]
    (machine / "etc/cron.d/x").write_text("0 2 * * * root backup_db.sh\n")
    assert value(await look("backup_db", machine / "closed"), "interval") == DAY


async def test_a_broken_pattern_is_configuration(machine: Path) -> None:
    with pytest.raises(ProbeError, match="regular expression"):
        await look("(")
