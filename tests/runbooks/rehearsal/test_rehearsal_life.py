"""A rehearsal starts once, comes back part by part, and leaves nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from runbooks.errors import CommandError, RefusedError
from runbooks.rehearsal import Deployment, start
from runbooks.rehearsal.claims import PREFIX, fresh_directory
from tests.runbooks.rehearsal.asking import VIDEO, client
from tests.runbooks.rehearsal.living import await_end, listening, processes

pytestmark = pytest.mark.usefixtures("_programs")

STARTER = """
import sys, time
from pathlib import Path
from runbooks.rehearsal import start
deployment = start(Path(sys.argv[1]), monitored=False)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose name no other process has among its arguments."""
    made = fresh_directory()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def started(directory: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", STARTER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        try:
            assert starter.stdout and starter.stdout.readline() == "ready\n"
            yield starter
        finally:
            starter.kill()


def is_keeper(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # one that archived something, say
        return "runbooks.rehearsal.keeper" in process.cmdline()
    return False


def test_stop_leaves_nothing(directory: Path) -> None:
    with start(directory) as deployment:
        every = processes(directory)
        ports = deployment.ports.values()
        assert len(every) > len(deployment.running)
    assert processes(directory) == []
    assert not any(process.is_running() for process in every)
    assert not directory.exists()
    assert not listening(ports)


def test_killed_starter_leaves_nothing(directory: Path) -> None:
    with started(directory) as starter:
        every = processes(directory)
        starter.kill()
    await_end(every)
    while directory.exists():
        time.sleep(0.05)


def test_killed_keeper_leaves_no_process_and_the_next_start_clears(
    directory: Path,
) -> None:
    with started(directory) as starter:
        every = [p for p in processes(directory) if p.pid != starter.pid]
        keeper = next(p for p in every if is_keeper(p))
        keeper.kill()
        await_end(every)
        assert directory.exists()
    assert directory.name.startswith(PREFIX)
    other = fresh_directory()
    assert not directory.exists()
    other.rmdir()


def test_what_a_dead_record_names_is_ended_and_no_other_process(
    directory: Path,
) -> None:
    mine, other = (subprocess.Popen(["sleep", "600"]) for _ in range(2))
    try:
        record = {}
        for name, sleeper, shift in (("mine", mine, 0), ("other", other, 1)):
            stat = Path(f"/proc/{sleeper.pid}/stat").read_text().split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            begun = int(stat[21]) + shift
            record[name] = {
                "pid": sleeper.pid,
                "start": begun,
                "boot": boot,
                "signal": 15,
            }
        (directory / "rehearsal.json").write_text(json.dumps(record))
        fresh_directory().rmdir()
        assert mine.wait() == -signal.SIGTERM
        assert other.poll() is None
        assert not directory.exists()
    finally:
        for sleeper in (mine, other):
            sleeper.kill()
            sleeper.wait()


def test_without_an_engine_there_are_no_containers(deployment: Deployment) -> None:
    (reason,) = deployment.without
    assert reason.startswith("containers: unix://") and "is not there" in reason
    assert "caddy" not in deployment.running


def test_needs_less_than_400_mib(deployment: Deployment) -> None:
    # What processes share counts once: PostgreSQL's buffers are in each of its own.
    used = sum(p.memory_full_info().pss for p in processes(deployment.directory))
    assert used < 400 * 2**20


def test_is_refused_twice_and_among_other_files(
    deployment: Deployment, directory: Path
) -> None:
    with pytest.raises(RefusedError, match="already runs"):
        start(deployment.directory)
    assert (deployment.directory / "layout.json").exists()
    (directory / "precious").touch()
    with pytest.raises(RefusedError, match="no rehearsal made"):
        start(directory)
    assert (directory / "precious").exists()
    with pytest.raises(RefusedError, match="letters, digits"):
        start(directory / "it's odd")


def test_parts_go_and_come_back(deployment: Deployment) -> None:
    with client(deployment, "api") as api:
        deployment.stop_part("redis")
        assert api.get(f"/videos/{VIDEO}/transcript").status_code == 200
        deployment.start_part("redis")

        deployment.stop_part("postgres")
        assert "postgres" not in deployment.running
        assert api.get("/health").status_code == 200
        ready = api.get("/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
        detailed = api.get("/health/detailed")
        assert (detailed.status_code, detailed.json()["status"]) == (503, "unhealthy")
        refused = api.get("/videos?limit=1")
        assert (refused.status_code, refused.json()["error"]) == (
            503,
            "service_unavailable",
        )
        deployment.start_part("postgres")
        while api.get("/ready").status_code != 200:  # PgBouncer tries again by itself
            time.sleep(0.1)

        deployment.stop_part("api")
        with pytest.raises(httpx.ConnectError):
            api.get("/health")
        deployment.start_part("api")
        assert api.get("/health").status_code == 200
    with pytest.raises(CommandError, match="no part"):
        deployment.stop_part("nonsense")


def test_a_part_that_died_can_be_started_again(deployment: Deployment) -> None:
    record = json.loads((deployment.directory / "rehearsal.json").read_text())
    web = psutil.Process(record["web"]["pid"])
    web.kill()
    await_end([web])
    deployment.start_part("web")
    with client(deployment, "web") as frontend:
        assert frontend.get("/healthz").text == "ok"


def test_settings_count_from_the_next_start_on(deployment: Deployment) -> None:
    healthy = deployment.env_file.read_text()
    # The case counts, as measured: this drops the header and nothing else.
    wrong = healthy.replace("ENVIRONMENT=production", "ENVIRONMENT=Production")
    for text, is_there in ((wrong, False), (healthy, True)):
        deployment.env_file.write_text(text)
        deployment.stop_part("api")
        deployment.start_part("api")
        with client(deployment, "api") as api:
            headers = api.get("/health").headers
            assert ("strict-transport-security" in headers) is is_there


def test_requests_of_a_minute_are_limited(
    deployment: Deployment,
) -> None:
    deployment.stop_part("api")
    deployment.start_part("api")
    with client(deployment, "api") as api:
        codes = [api.get("/version") for _ in range(220)]
    first = next(a for a in codes if a.status_code == 429)
    assert codes.index(first) >= 100
    assert first.headers["retry-after"] == "60"
    assert first.json()["error"] == "rate_limit_exceeded"
    assert "x-frame-options" not in first.headers
    deployment.stop_part("api")
    deployment.start_part("api")
