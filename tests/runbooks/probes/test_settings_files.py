"""The settings probe on env files, and logins that somebody wrote into a log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import parse

KEY = "6f1d" * 16
DSN = "postgresql+psycopg://app:made-up-pw@db.test/t"


async def look(name: str = "settings", **parameters: Any) -> Measurement:
    async with Sources() as sources:
        return await probes.build(probes.probe_class(name), parameters).look(sources)


def value(measurement: Measurement, name: str) -> Any:
    reading = measurement.reading(name)
    assert reading, name
    return reading.value


@pytest.fixture
def env(tmp_path: Path) -> Path:
    path = tmp_path / "app.env"
    path.write_text(f"SESSION_SECRET={KEY}\nDATABASE_URL={DSN}\nLOG_LEVEL=DEBUG\n")
    path.chmod(0o640)
    return path


async def judged(tmp_path: Path, profile: str, **spec: Any) -> Finding:
    expect = spec.pop("expect")
    step = StepOptions(probe=ProbeSpec("settings", expect, spec))
    target = parse(profile.encode(), tmp_path / "profile.toml")
    return await Runner(target).probe(Step("s", "s", "", 1, False, 0, "", step))


async def test_the_profile_says_where(env: Path, tmp_path: Path) -> None:
    profile = f'[facts]\nplatform = "processes"\n[settings]\nenv_file = "{env}"\n'
    found = await judged(
        tmp_path,
        profile,
        service=["api", "worker"],
        names=["SESSION_SECRET", "DATABASE_URL"],
        default={"LOG_FORMAT": "json"},
        expect={
            "SESSION_SECRET.length": 64,
            "SESSION_SECRET.same": True,
            "SESSION_SECRET.mode": "0640",
            "DATABASE_URL.host": "db.test",
            "LOG_FORMAT": "json",
            "LOG_FORMAT.source": "default",
        },
    )
    assert found.result is Result.PASS, found
    assert "worker: SESSION_SECRET = 64 characters, hex (file 0640)" in found.evidence


async def test_what_is_wrong_fails_with_its_value(env: Path, tmp_path: Path) -> None:
    bounds = {"LOG_LEVEL": {"pass": ["INFO", "WARNING"], "warn": "ERROR"}}
    names = {"names": ["LOG_LEVEL"], "expect": bounds}
    found = await judged(tmp_path, f'[settings]\nenv_file = "{env}"\n', **names)
    assert (found.result, found.reason) == (
        Result.FAIL,
        "LOG_LEVEL DEBUG, not INFO or WARNING",
    )
    found = await judged(tmp_path, "", **names)
    assert found.result is Result.UNKNOWN
    assert "no [facts] platform in the profile" in found.reason
    assert "env_file under [settings]" in found.evidence


async def test_services_with_files_of_their_own_differ(
    env: Path, tmp_path: Path
) -> None:
    own = tmp_path / "worker.env"
    own.write_text("LOG_LEVEL=INFO\nSESSION_SECRET=other\n")
    own.chmod(0o600)
    found = await judged(
        tmp_path,
        f'[settings]\nenv_file = "{env}"\nworker_env_file = "{own}"\n',
        service=["api", "worker"],
        names=["LOG_LEVEL", "SESSION_SECRET"],
        expect={"LOG_LEVEL": "INFO", "SESSION_SECRET.same": True},
    )
    assert found.result is Result.FAIL
    assert "LOG_LEVEL api=DEBUG, worker=INFO, not INFO" in found.reason
    assert "SESSION_SECRET.same: no" in found.reason


async def test_no_secret_leaves_the_probe(env: Path) -> None:
    names = ["SESSION_SECRET", "DATABASE_URL"]
    sources = Sources()
    async with sources:
        cls = probes.probe_class("settings")
        built = probes.build(cls, {"env_file": str(env), "names": names})
        found = await built.look(sources)
        said = sources.hidden(f"{KEY} made-up-pw {DSN}")
    told = f"{found.evidence} {[each.value for each in found.readings.values()]}"
    for secret in (KEY, "made-up-pw", DSN):
        assert secret not in told and secret not in said
    assert value(found, "DATABASE_URL.password") == "set"


async def test_fingerprints_tell_values_apart_in_one_pass_only(env: Path) -> None:
    async with Sources() as sources:
        cls = probes.probe_class("settings")
        several = [
            await probes.build(
                cls, {"service": [who], "env_file": str(env), "names": names}
            ).look(sources)
            for who, names in (("api", ["LOG_LEVEL"]), ("worker", ["LOG_LEVEL"]))
        ]
    name = "LOG_LEVEL.fingerprint"
    assert value(several[0], name) == value(several[1], name)
    assert sources.requests[f"settings {env}"] == 1
    again = await look(env_file=str(env), names=["LOG_LEVEL"])
    assert value(again, name) != value(several[0], name)


async def test_sets_that_are_set_in_part(env: Path) -> None:
    env.write_text("G_ID=a\nG_SECRET=b\nT_ID=c\nT_SECRET=\n")
    sets = [["G_ID", "G_SECRET"], ["T_ID", "T_SECRET"], ["X_ID", "X_SECRET"]]
    found = await look(env_file=str(env), together=sets)
    assert value(found, "complete") == 1
    assert value(found, "incomplete") == "T_SECRET"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nowhere/app.env", "No such file"),
        ("/etc", "it is no regular file"),
    ],
)
async def test_files_that_cannot_be_read(path: str, said: str) -> None:
    with pytest.raises(ProbeError, match=said):
        await look(env_file=path, names=["A"])


def test_mistakes_in_the_document() -> None:
    def wrong(expect: dict[str, Any], **parameters: Any) -> list[str]:
        return probes.check(ProbeSpec("settings", expect, parameters))

    assert wrong({"A.length": ">= 32", "unwired": "absent"}, names=["A"]) == []
    assert "names is empty" in wrong({"A": "present"})[0]
    assert "no reading 'A.lenght'" in wrong({"A.lenght": 1}, names=["A"])[0]
    assert "no reading 'a'" in wrong({"a": 1}, names=["A"])[0]


async def test_logins_in_logs(tmp_path: Path) -> None:
    log = tmp_path / "backup_1.log"
    log.write_text("start\nDatabase: postgresql://app:made-up-pw@db.test/t\n")
    log.chmod(0o644)
    (tmp_path / "backup_2.log").write_text(
        "redis://:***@h/0 https://app.test/@me postgresql://app@h/t\n"
    )
    os.mkfifo(tmp_path / "pipe.log")
    found = await look("settings.leaks", paths=[f"{tmp_path}/*.log"])
    assert value(found, "files") == 2
    assert value(found, "leaks") == "backup_1.log, line 2"
    assert value(found, "mode") == "0644"
    assert "made-up-pw" not in found.evidence
    log.unlink()
    found = await look("settings.leaks", paths=[f"{tmp_path}/*.log"])
    assert value(found, "leaks") is None


async def test_logs_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = tmp_path / "a.log"
    loop.symlink_to(loop)
    with pytest.raises(ProbeError, match="cannot be read"):
        await look("settings.leaks", paths=[f"{tmp_path}/*.log"])
    spec = ProbeSpec("settings.leaks", {"leaks": "absent"}, {"paths": ["x.log"]})
    assert "not absolute" in probes.check(spec)[0]
