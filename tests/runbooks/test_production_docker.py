"""The shipped runbook's Docker steps, against an Engine with two compose projects.

One project is as the checklist wants it, the other as the base compose file is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runbooks import parsing
from runbooks.model import Step
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.docker_engine import (
    DockerEngine,
    running_engine,
    wait_until,
)
from tests.runbooks.probes.docker_projects import LINE

SHIPPED = Path(__file__).parents[2] / "runbooks/documents/production-deployment.md"
pytestmark = pytest.mark.usefixtures("patient")

AS_SHIPPED = {
    "infra.platform": "warn",
    "infra.ingress": "fail",
    "storage.data-volume": "fail",
    "storage.cache-volume": "fail",
    "secrets.db-credentials": "fail",
    "secrets.manager": "fail",
    "netsec.firewall-ports": "fail",
    "container.non-root": "fail",
    "container.read-only-rootfs": "warn",
    "container.security-context": "warn",
    "container.resource-limits": "fail",
    "resources.api-replicas": "fail",
    "resources.worker-replicas": "fail",
    "resources.cpu": "fail",
    "resources.memory": "fail",
    "env.log-format": "warn",
    "logging.centralized": "warn",
    "logging.retention": "fail",
    "logging.accessible": "fail",
    "logging.structured": "fail",
    "health.liveness": "fail",
    "health.readiness": "fail",
    "ops.weekly-error-logs": "warn",
    "post24h.errors": "fail",
    "cost.unused-resources": "pass",
}


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of the project as it is wanted."""
    path = tmp_path_factory.mktemp("project") / ".env"
    path.write_text("DB_PASSWORD=made-up")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, env_file: Path
) -> Iterator[DockerEngine]:
    with running_engine() as engine:
        _wanted(engine, tmp_path_factory.mktemp("volumes"), env_file.parent)
        _shipped(engine)
        states = engine.client.inspect_container
        names = ["wanted-api-1", "wanted-api-2", "wanted-api-3", "wanted-worker-1"]
        wait_until(
            lambda: (
                all(
                    states(name)["State"]["Health"]["Status"] == "healthy"
                    for name in names
                )
                and states("shipped-worker-1")["RestartCount"] > 0
            ),
            "containers are as they should be",
        )
        yield engine


def _wanted(engine: DockerEngine, volumes: Path, directory: Path) -> None:
    hardened: dict[str, Any] = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "log_config": {"Type": "local", "Config": {}},
        "cpu_period": 100_000,
        "cpu_quota": 200_000,
        "mem_limit": "16g",
    }

    line = LINE.replace('"x"', f'"{datetime.now(UTC).isoformat()}"')

    def run(service: str, number: int = 1, check: str = "/ready", **host: Any) -> None:
        engine.run(
            "wanted",
            service,
            number,
            command=["sh", "-c", f"echo '{line}'; sleep 1000"],
            host={**hardened, **host},
            user="1000:1000",
            healthcheck={
                "test": ["CMD", "true", f"http://localhost:8000{check}"],
                "interval": 10**9,
                "timeout": 5 * 10**9,
            },
            environment={"DATABASE_URL_FILE": "/run/secrets/database_url"},
            labels={"com.docker.compose.project.working_dir": str(directory)},
        )

    engine.client.create_volume("wanted_data")
    binds = ["wanted_data:/data"]
    for number in (1, 2, 3):
        run("api", number, binds=binds)
    run("worker", binds=[*binds, f"{volumes}:/root/.cache"])
    run("caddy", port_bindings={443: 443})
    run("db", port_bindings={5432: ("127.0.0.1", 15432)})


def _shipped(engine: DockerEngine) -> None:
    secret = {"DATABASE_URL": "postgres://postgres:made-up-and-baked@db/x"}
    made = engine.create("x", "bake", environment=secret)
    engine.client.commit(made, "baked")
    engine.client.remove_container(made)
    engine.run("shipped", "api", image="baked")
    always = {"restart_policy": {"Name": "always"}}
    engine.run("shipped", "worker", command="false", host=always, image="baked")
    engine.run("shipped", "db", host={"port_bindings": {5432: 5435}})


def docker_steps() -> list[Step]:
    """Return the steps that ask an Engine, without their other probes."""
    found = []
    for step in parsing.read(SHIPPED).steps:
        probes = tuple(p for p in step.probes if p.use.startswith("docker."))
        if probes:
            options = replace(step.options, probe=None, probes=probes)
            found.append(replace(step, options=options))
    return found


async def findings(
    engine: DockerEngine, project: str, **facts: str
) -> dict[str, Finding]:
    facts = {"platform": "compose", "gpu": "none", "central_logs": "none", **facts}
    tables = {"docker": {"host": engine.url, "project": project}}
    runner = Runner(Target("compose", facts=facts, tables=tables))
    return {id: found async for id, found in runner.probe_all(docker_steps())}


@pytest.mark.parametrize(
    ("mode", "result"),
    [
        (0o400, "pass"),
        (0o600, "pass"),
        (0o640, "warn"),
        (0o644, "warn"),
        (0o660, "fail"),
        (0o666, "fail"),
    ],
)
async def test_who_may_read_the_env_file(
    engine: DockerEngine, env_file: Path, mode: int, result: str
) -> None:
    env_file.chmod(mode)
    tables = {"docker": {"host": engine.url, "project": "wanted"}}
    runner = Runner(Target("x", facts={"platform": "compose"}, tables=tables))
    (step,) = (s for s in docker_steps() if s.id == "secrets.db-credentials")
    try:
        (found,) = [found async for _, found in runner.probe_all([step])]
    finally:
        env_file.chmod(0o600)
    assert found.result == result, found


def results(found: dict[str, Finding]) -> dict[str, str]:
    return {id: finding.result.value for id, finding in found.items()}


async def test_a_project_as_the_checklist_wants_it(engine: DockerEngine) -> None:
    found = await findings(engine, "wanted")
    got = results(found)
    assert got.pop("infra.gpu-nodes") == got.pop("resources.gpu") == "n/a"
    other = {id: said for id, said in got.items() if said != "pass"}
    warned = ("infra.platform", "resources.api-replicas", "logging.centralized")
    assert other == dict.fromkeys(warned, "warn"), found
    assert len(got) >= 20


async def test_a_project_as_the_base_file_makes_it(engine: DockerEngine) -> None:
    found = await findings(engine, "shipped")
    got = results(found)
    assert {id: got[id] for id in AS_SHIPPED} == AS_SHIPPED
    assert "made-up-and-baked" not in repr(found)
    assert "published: db 5435" in found["netsec.firewall-ports"].reason


async def test_each_worker_has_a_gpu_of_its_own(engine: DockerEngine) -> None:
    one = {"Driver": "nvidia", "DeviceIDs": ["0"], "Capabilities": [["gpu"]]}
    engine.create("gpus", "worker", host={"device_requests": [one]})
    got = results(await findings(engine, "gpus", gpu="nvidia"))
    assert got["resources.gpu"] == got["infra.gpu-nodes"] == "pass"
    got = results(await findings(engine, "gpus", gpu="amd"))
    assert got["resources.gpu"] == "fail"


async def test_without_the_engine_nobody_can_tell(tmp_path: Path) -> None:
    tables = {"docker": {"host": str(tmp_path / "docker.sock")}}
    facts = {"platform": "compose", "gpu": "nvidia", "central_logs": "none"}
    runner = Runner(Target("x", facts=facts, tables=tables))
    found = {id: found async for id, found in runner.probe_all(docker_steps())}
    platform = found.pop("infra.platform")
    assert platform.result == "fail" and "is not there" in platform.reason
    assert set(results(found).values()) == {"unknown"}
    assert {finding.source for finding in found.values()} == {platform.source}


async def test_elsewhere_they_do_not_apply() -> None:
    runner = Runner(Target("x", facts={"platform": "processes"}))
    found = {id: found async for id, found in runner.probe_all(docker_steps())}
    asked = found.pop("maintenance.update-schedule")  # a person is, wherever it runs
    assert asked.result == "unknown" and "nothing to look at" in asked.reason
    assert set(results(found).values()) == {"n/a"}
    assert found["container.non-root"].reason == "by fact: platform is processes"
