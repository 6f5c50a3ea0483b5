"""A rehearsal where a Docker Engine answers: API, worker and ingress in containers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from runbooks import parsing
from runbooks.errors import CommandError, RefusedError
from runbooks.model import Step
from runbooks.probes import probe_class
from runbooks.rehearsal import Deployment, containers, images, start
from runbooks.rehearsal.claims import claim, fresh_directory
from runbooks.rehearsal.faults import FAULTS, injected
from runbooks.rehearsal.keeper import Keeper
from runbooks.rehearsal.services import SERVICES
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import Level
from runbooks.target import parse
from tests.runbooks.probes.docker_engine import DockerEngine, wait_until
from tests.runbooks.rehearsal.asking import client
from tests.runbooks.rehearsal.living import left, processes

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("patient"),
]

SHIPPED = (
    Path(__file__).parents[3] / "runbooks" / "documents" / "production-deployment.md"
)
TASKS = [step for step in parsing.read(SHIPPED).steps if step.part is None]
LABEL = "com.docker.compose"
WATCHED = {"logging.errors-monitored"}
"""What fails, and is not unknown, where Prometheus is left out, as in these tests."""


def is_rationed(step: Step) -> bool:
    """Whether it asks a host that may be asked only so often a minute."""
    return any(
        probe_class(spec.use).table in ("api", "web")
        or "${api." in str(spec.parameters)
        or "${web." in str(spec.parameters)
        for spec in step.probes
    )


OFTEN = [step for step in TASKS if not is_rationed(step)]


@pytest.fixture(scope="module", autouse=True)
def _here(_programs: None, docker: DockerEngine) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker.url)
        yield


@pytest.fixture(scope="module")
def contained() -> Iterator[Deployment]:
    with start(monitored=False) as running:
        yield running


@pytest.fixture
def directory() -> Iterator[Path]:
    made = fresh_directory()
    yield made
    if made.exists():
        claim(made).release(keep=False)


def project(deployment: Deployment) -> str:
    target = parse(deployment.profile.read_bytes(), deployment.profile)
    return str(target.tables["docker"]["project"])


def inspected(docker: DockerEngine, deployment: Deployment, service: str) -> Any:
    return docker.client.inspect_container(f"{project(deployment)}-{service}-1")


async def look(deployment: Deployment, steps: Iterable[Step]) -> dict[str, Finding]:
    target = parse(deployment.profile.read_bytes(), deployment.profile)
    return {id: found async for id, found in Runner(target).probe_all(steps)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def healthy(contained: Deployment) -> AsyncIterator[dict[str, Finding]]:
    yield await look(contained, TASKS)


async def test_services_are_those_of_a_compose_project(
    contained: Deployment, docker: DockerEngine
) -> None:
    assert contained.without == ()
    assert contained.running >= SERVICES.keys()
    for service in SERVICES:
        found = inspected(docker, contained, service)
        labels = found["Config"]["Labels"]
        assert labels[f"{LABEL}.service"] == service
        assert labels[f"{LABEL}.container-number"] == "1"
        assert len(labels[f"{LABEL}.config-hash"]) == 64
        assert found["Config"]["User"].partition(":")[0] not in ("", "0")
    health = inspected(docker, contained, "api")["State"]["Health"]["Status"]
    assert health == "healthy"


async def test_there_are_two_versions_of_the_image(
    contained: Deployment, docker: DockerEngine
) -> None:
    found = [
        docker.client.inspect_image(f"{project(contained)}/app:{version}")
        for version in (images.BEFORE, images.NEWEST)
    ]
    assert found[0]["Id"] != found[1]["Id"]
    assert inspected(docker, contained, "api")["Image"] == found[1]["Id"]
    reports = (contained.directory / "scans").glob("*.json")
    scanned = {json.loads(r.read_text())["Metadata"]["ImageID"] for r in reports}
    assert scanned == {each["Id"] for each in found}


async def test_in_a_healthy_one_nothing_automatic_fails(
    healthy: dict[str, Finding],
) -> None:
    wrong = {
        step.id: f"{healthy[step.id].result}: {healthy[step.id].reason}"
        for step in TASKS
        if step.level is Level.AUTO
        and healthy[step.id].result in (Result.FAIL, Result.UNKNOWN)
        and "[prometheus]" not in healthy[step.id].reason
        and step.id not in WATCHED
    }
    assert wrong == {}
    passed = [id for id, finding in healthy.items() if finding.result is Result.PASS]
    assert len(passed) >= 85, sorted(passed)


async def test_needs_less_than_300_mib_unmonitored(contained: Deployment) -> None:
    found = processes(contained.directory)
    assert {"runbooks.rehearsal.api.redirect"} <= {
        word for process in found for word in process.cmdline()
    }
    assert sum(p.memory_full_info().pss for p in found) < 300 * 2**20


TURNED = {
    "resources.worker-replicas": Result.FAIL,
    "post24h.errors": Result.FAIL,
    "logging.structured": Result.WARN,
}
"""By a worker that cannot start, where nothing is monitored: nobody works, and
tracebacks are among the lines."""


MOMENTARY = ("database.pooling", "env.log-format")
"""Who waits for a connection, and how much of a log a traceback is: by the moment."""


async def test_a_worker_that_cannot_start_is_restarted_for_ever(
    contained: Deployment, docker: DockerEngine, healthy: dict[str, Finding]
) -> None:
    async def results() -> dict[str, Result]:
        found = await look(contained, OFTEN)
        return {id: f.result for id, f in found.items() if id not in MOMENTARY}

    text = contained.env_file.read_text()
    fault = FAULTS["container-crash-looping"]
    fault.inject(contained)
    assert "worker" not in contained.running
    with pytest.raises(CommandError, match="could not convert string to float"):
        contained.start_part("worker")
    assert "worker" not in contained.running
    wait_until(
        lambda: inspected(docker, contained, "worker")["RestartCount"] > 1,
        "the worker is restarted",
    )
    found = await results()
    before = {id: healthy[id].result for id in found}
    assert {id: found[id] for id in found if found[id] is not before[id]} == TURNED

    fault.heal(contained)
    assert contained.env_file.read_text() == text
    assert "worker" in contained.running
    assert await results() == before


async def test_a_disk_that_containers_cannot_see_is_refused(
    contained: Deployment,
) -> None:
    with pytest.raises(RefusedError, match="needs an API that is no container"):
        FAULTS["disk-full"].inject(contained)
    assert injected(contained) == ()


async def test_restart_and_rollback_have_something_to_act_on(
    contained: Deployment, docker: DockerEngine
) -> None:
    before = inspected(docker, contained, "api")

    def version() -> str:
        with client(contained, "api") as api:
            return str(api.get("/version").json()["version"])

    def back() -> bool:
        found = inspected(docker, contained, "api")["State"]
        return bool(found["Health"]["Status"] == "healthy")

    assert version() == images.NEWEST
    docker.client.restart(before["Id"], 3)
    wait_until(back, "the API is back")
    after = inspected(docker, contained, "api")
    assert after["State"]["StartedAt"] > before["State"]["StartedAt"]

    docker.client.remove_container(before["Id"], force=True)
    image = f"{project(contained)}/app:{images.BEFORE}"
    described = {**before["Config"], "Image": image, "HostConfig": before["HostConfig"]}
    name = before["Name"].lstrip("/")
    made = docker.client.create_container_from_config(described, name)
    docker.client.start(made["Id"])
    wait_until(back, "the API is back")
    assert version() == images.BEFORE
    contained.stop_part("api")
    with client(contained, "api") as api, pytest.raises(httpx.ConnectError):
        api.get("/version")
    contained.start_part("api")
    assert version() == images.BEFORE  # a restart undoes no rollback


async def test_what_a_killed_keeper_left_is_removed_by_the_next_start(
    directory: Path, docker: DockerEngine
) -> None:
    other = docker.run("rehearsal-other", "api")
    killed = start(directory, monitored=False)
    keeper = next(
        process
        for process in psutil.Process().children()
        if str(directory) in process.cmdline()
    )
    keeper.kill()
    killed.stop()
    assert left(docker, directory) == (len(SERVICES), 2)
    claim(directory).release(keep=False)
    assert left(docker, directory) == (0, 0)
    assert not directory.exists()
    assert docker.client.inspect_container(other)["State"]["Running"]
    docker.client.remove_container(other, force=True)


async def test_what_an_engine_cannot_run_are_processes(
    directory: Path, docker: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "borrowed", lambda: [])  # no Python in containers
    keeper = Keeper(claim(directory))
    try:
        await keeper.start_all(monitored=False)
        assert {"api", "worker"} <= set(keeper.running())
        assert "caddy" not in keeper.running()
        assert keeper.without and keeper.without[0].startswith("containers: ")
        assert left(docker, directory) == (0, 0)
        profile = (directory / "profile.toml").read_text()
        assert 'platform = "processes"' in profile
    finally:
        await keeper.stop_all(keep=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("unix:///run/nobody/docker.sock", "is not there"),
        ("tcp://192.0.2.1:2375", "is on another machine"),
    ],
)
async def test_without_an_engine_of_this_machine_there_are_none(
    url: str, why: str, contained: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", url)
    with pytest.raises(CommandError, match=why):
        await containers.begin(contained.layout)
