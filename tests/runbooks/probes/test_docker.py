"""Probes of a compose project, against a Docker Engine of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.docker.images import running_images
from runbooks.probes.docker.logs import last_lines
from runbooks.probes.sources import Sources
from tests.runbooks.probes.docker_engine import (
    IMAGE,
    DockerEngine,
    running_engine,
    wait_until,
)

GOOD_HOST = {
    "mem_limit": 64 * 2**20,
    "cpu_period": 100_000,
    "cpu_quota": 50_000,
    "pids_limit": 64,
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "log_config": {"Type": "json-file", "Config": {"max-size": "1m"}},
    "port_bindings": {8000: ("127.0.0.1", 18000)},
}
BAD_HOST = {
    "privileged": True,
    "network_mode": "host",
    "security_opt": ["seccomp=unconfined"],
    "cap_add": ["SYS_ADMIN"],
    "log_config": {"Type": "none", "Config": {}},
}
SECRET = "made-up-and-long-enough"


def check(command: str, every: int = 10**9) -> dict[str, Any]:
    return {"test": ["CMD", *command.split()], "interval": every, "timeout": 5 * 10**9}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """An Engine with a well-kept project, a bad one, and one of GPUs (not started)."""
    with running_engine() as engine:
        data = tmp_path_factory.mktemp("data")
        _good(engine, data)
        _bad(engine)
        _gpus(engine)
        states = engine.client.inspect_container
        wait_until(
            lambda: (
                states("good-api-1")["State"]["Health"]["Status"] == "healthy"
                and states("bad-web-1")["State"]["Health"]["Status"] == "unhealthy"
                and states("bad-worker-1")["RestartCount"] > 0
                and states("good-migrations-1")["State"]["Status"] == "exited"
            ),
            "containers are as they should be",
        )
        yield engine


def _good(engine: DockerEngine, data: Path) -> None:
    host = {**GOOD_HOST, "binds": [f"{data}:/data"]}
    for number in (1, 2):
        engine.run(
            "good",
            "api",
            number,
            command='sh -c "echo {}; echo plain; sleep 1000"',
            host=host,
            user="1000:1000",
            ports=[8000],
            healthcheck=check("true http://localhost:8000/ready"),
            environment={"TOKEN_FILE": "/run/secrets/token"},
        )
    engine.run("good", "migrations", command="true", user="1000")
    engine.run("good", "api", 9, command="false", oneoff=True)


def _bad(engine: DockerEngine) -> None:
    made = engine.create("x", "bake", environment={"TOKEN": SECRET})
    engine.client.commit(made, "baked", changes="USER 999")
    engine.client.remove_container(made)
    host = {**BAD_HOST, "binds": ["/etc:/host:ro", f"{engine.socket}:/engine"]}
    engine.run("bad", "api", host=host, image="baked", environment={"B": SECRET})
    always = {"restart_policy": {"Name": "always"}}
    engine.run("bad", "worker", command="false", host=always)
    ports = {"port_bindings": {5432: ("0.0.0.0", 5435), 443: 443}}
    engine.run("bad", "db", host=ports, ports=[5432, 443])
    engine.run("bad", "web", healthcheck=check("false"), user="1000")


def _gpus(engine: DockerEngine) -> None:
    one = {"Driver": "nvidia", "DeviceIDs": ["0"], "Capabilities": [["gpu"]]}
    for service, numbers, host in [
        ("worker", (1,), {"device_requests": [one]}),
        ("twins", (1, 2), {"device_requests": [one]}),
        ("radeon", (1,), {"devices": ["/dev/kfd", "/dev/dri/renderD128"]}),
        ("cpu", (1,), {}),
    ]:
        for number in numbers:
            engine.create("gpus", service, number, host=host)
    whole = {"Count": -1, "Capabilities": [["gpu"]]}
    engine.create("gpus", "greedy", host={"device_requests": [whole]})


async def look(
    engine: DockerEngine, aspect: str, project: str, *services: str, **more: Any
) -> Measurement:
    cls = probes.probe_class(f"docker.{aspect}")
    where = {"host": engine.url, "project": project, "services": list(services)}
    async with Sources() as sources:
        return await probes.build(cls, {**where, **more}).look(sources)


def values(seen: Measurement) -> dict[str, object]:
    return {name: reading.value for name, reading in seen.readings.items()}


async def test_the_engine_itself(engine: DockerEngine) -> None:
    async with Sources() as sources:
        cls = probes.probe_class("docker.engine")
        seen = await probes.build(cls, {"host": engine.url}).look(sources)
    assert seen.readings["answers"].value is True
    assert float(str(seen.readings["api_version"].value)) >= 1.41
    assert seen.readings["nodes"].value == 1
    assert seen.readings["storage_driver"].value == "vfs"


async def test_services_that_run(engine: DockerEngine) -> None:
    seen = await look(engine, "services", "good", "api", "migrations")
    assert values(seen) == {
        "running": 2,
        "ready": 2,
        "missing": None,
        "stopped": None,
        "unhealthy": None,
        "looping": None,
        "restarts": 0,
        "oom_killed": None,
    }
    assert "migrations (good-migrations-1): exited, exit code 0" in seen.evidence


async def test_services_that_do_not(engine: DockerEngine) -> None:
    seen = values(await look(engine, "services", "bad", "worker", "web", "cache"))
    assert seen["looping"] == "worker"
    assert seen["unhealthy"] == "web"
    assert seen["missing"] == "cache"
    assert int(str(seen["restarts"])) >= 1
    assert seen["ready"] in (0, 1)  # the worker may be running just now


async def test_limits(engine: DockerEngine) -> None:
    good = await look(engine, "limits", "good", "api")
    assert values(good) == {
        "without_memory": None,
        "without_cpu": None,
        "without_pids": None,
        "memory": 64 * 2**20,
        "cpus": 0.5,
    }
    bad = values(await look(engine, "limits", "bad", "api", "db"))
    assert bad["without_memory"] == bad["without_cpu"] == "api, db"
    assert bad["memory"] is None


async def test_users(engine: DockerEngine) -> None:
    good = values(await look(engine, "user", "good"))
    assert good == {"root": None, "system": None, "by_image_only": None}
    bad = values(await look(engine, "user", "bad"))
    assert bad == {"root": "db, worker", "system": "api", "by_image_only": "api"}


async def test_root_file_systems(engine: DockerEngine) -> None:
    good = values(await look(engine, "filesystem", "good", "api"))
    assert good == {"writable": None, "writable_privileged": None}
    bad = values(await look(engine, "filesystem", "bad", "api", "db"))
    assert bad == {"writable": "api, db", "writable_privileged": "api"}


async def test_rights_over_the_host(engine: DockerEngine) -> None:
    good = await look(engine, "security", "good", "api")
    assert set(values(good).values()) == {None}
    bad = values(await look(engine, "security", "bad", "api"))
    assert bad.pop("devices") is None
    assert set(bad.values()) == {"api"}, bad


async def test_log_drivers(engine: DockerEngine) -> None:
    good = values(await look(engine, "log_driver", "good", "api"))
    assert good == {"drivers": "json-file", "unlimited": None, "discarded": None}
    bad = values(await look(engine, "log_driver", "bad", "api", "db"))
    assert bad["unlimited"] == "db" and bad["discarded"] == "api"


async def test_published_ports(engine: DockerEngine) -> None:
    good = await look(engine, "ports", "good")
    assert values(good) == {"published": None}
    assert "127.0.0.1:18000" in good.evidence
    assert values(await look(engine, "ports", "bad")) == {"published": "db 5435"}
    none = values(await look(engine, "ports", "bad", "grafana"))
    assert none == {"published": None}


async def test_health_checks(engine: DockerEngine) -> None:
    good = values(await look(engine, "health", "good", "api"))
    assert good == {
        "without": None,
        "unhealthy": None,
        "starting": None,
        "test": "true http://localhost:8000/ready",
        "interval": 1.0,
        "patience": 5.0,
    }
    bad = values(await look(engine, "health", "bad", "db", "web"))
    assert bad["without"] == "db" and bad["unhealthy"] == "web"


async def test_mounts(engine: DockerEngine, tmp_path: Path) -> None:
    good = values(await look(engine, "mounts", "good", "api", path="/data/media"))
    on_root = tmp_path.stat().st_dev == Path("/").stat().st_dev
    assert good == {
        "missing": None,
        "read_only": None,
        "types": "bind",
        "sources": 1,
        "on_root_disk": "api" if on_root else None,
    }
    bad = values(await look(engine, "mounts", "bad", "db", path="/data"))
    assert bad["missing"] == "db" and bad["types"] is None
    host = values(await look(engine, "mounts", "bad", "api", path="/host"))
    assert host["read_only"] == "api"


async def test_a_path_that_a_variable_names(engine: DockerEngine) -> None:
    more = {"path": "/data", "variable": "TOKEN_FILE"}
    seen = values(await look(engine, "mounts", "good", "api", **more))
    assert seen["missing"] == "api"


async def test_how_secrets_arrive_and_never_what_they_are(engine: DockerEngine) -> None:
    good = await look(engine, "environment", "good", "api", names=["TOKEN"])
    assert values(good) == {
        "in_image": None,
        "in_environment": None,
        "in_files": "TOKEN (api)",
        "missing": None,
    }
    names = ["TOKEN", "B", "C"]
    bad = await look(engine, "environment", "bad", "api", names=names)
    assert values(bad) == {
        "in_image": "TOKEN (api)",
        "in_environment": "B (api)",
        "in_files": None,
        "missing": "C (api)",
    }
    assert SECRET not in repr(bad)


async def test_gpus(engine: DockerEngine) -> None:
    one = values(await look(engine, "devices", "gpus", "worker"))
    assert one == {"gpus": 1, "vendor": "nvidia", "without": None, "shared": None}
    amd = values(await look(engine, "devices", "gpus", "radeon"))
    assert amd == {"gpus": 1, "vendor": "amd", "without": None, "shared": None}
    assert values(await look(engine, "devices", "gpus", "twins"))["shared"] == (
        "nvidia 0"
    )
    assert values(await look(engine, "devices", "gpus", "greedy"))["gpus"] == "all"
    none = values(await look(engine, "devices", "gpus", "cpu"))
    assert none["gpus"] == 0 and none["without"] == "cpu"


async def test_images(engine: DockerEngine) -> None:
    good = values(await look(engine, "images", "good"))
    assert good["images"] == 1 and good["floating"] is None
    assert str(good["id"]).startswith("sha256:")
    bad = values(await look(engine, "images", "bad"))
    assert bad["floating"] == "api" and bad["id"] is None
    async with Sources() as sources:
        found = await running_images(sources, engine.url, "good")
    assert [(each.service, each.reference) for each in found] == [("api", IMAGE)]
    assert found[0].id == good["id"]


async def test_use_of_the_limits(engine: DockerEngine) -> None:
    good = values(await look(engine, "stats", "good", "api"))
    assert 0 < float(str(good["memory"])) < 50
    assert 0 <= float(str(good["cpu"])) < 50
    bad = await look(engine, "stats", "bad", "db")
    assert bad.reading("memory") is None and "without a limit" in bad.evidence


async def test_what_lies_unused(engine: DockerEngine) -> None:
    made = engine.client.create_volume("forgotten")
    cls = probes.probe_class("docker.unused")
    try:
        async with Sources() as sources:
            where = {"host": engine.url}
            young = values(await probes.build(cls, where).look(sources))
            old = {**where, "age": "0s"}
            older = values(await probes.build(cls, old).look(sources))
    finally:
        engine.client.remove_volume(made["Name"])
    assert (young["volumes"], young["old"]) == (1, None)
    assert older["old"] == "forgotten"


async def test_last_lines(engine: DockerEngine) -> None:
    async with Sources() as sources:
        found = await last_lines(sources, ["api"], 5, engine.url, "good")
    assert sorted(line.text for line in found) == ["plain", "plain", "{}", "{}"]
    assert {line.service for line in found} == {"api"}
    assert found[0].time.startswith("20") and found[0].time.endswith("Z")


async def test_logs_that_nobody_keeps(engine: DockerEngine) -> None:
    async with Sources() as sources:
        with pytest.raises(ProbeError, match="does not support reading"):
            await last_lines(sources, ["api"], 5, engine.url, "bad")


async def test_a_service_without_a_container_cannot_be_judged(
    engine: DockerEngine,
) -> None:
    for aspect in ("limits", "user", "security", "filesystem", "health", "devices"):
        with pytest.raises(ProbeError, match="no container of cache"):
            await look(engine, aspect, "good", "api", "cache")


async def test_which_project_has_to_be_said_where_there_are_several(
    engine: DockerEngine,
) -> None:
    with pytest.raises(ProbeError, match="bad, good, gpus run there") as caught:
        await look(engine, "services", "")
    assert caught.value.stage == "configuration"
    with pytest.raises(ProbeError, match="no container of the compose project none"):
        await look(engine, "services", "none")


async def test_a_pass_inspects_each_container_once(engine: DockerEngine) -> None:
    async with Sources() as sources:
        for aspect in ("limits", "user", "security", "filesystem", "services"):
            cls = probes.probe_class(f"docker.{aspect}")
            where = {"host": engine.url, "project": "good"}
            await probes.build(cls, where).look(sources)
        containers = len(engine.client.containers(all=True))
        # The version, the list, each container, the one image of the project.
        assert sources.requests[f"docker {engine.url}"] == containers + 3
