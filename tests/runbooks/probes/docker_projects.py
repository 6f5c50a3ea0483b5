"""Compose projects for the probes to look at: a well-kept one, a bad one, one of GPUs.

Those of GPUs are not started: no machine needs to have one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbooks import probes
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.docker_engine import DockerEngine, wait_until

GOOD_HOST = {
    "mem_limit": 64 * 2**20,
    "cpu_period": 100_000,
    "cpu_quota": 50_000,
    "pids_limit": 64,
    "read_only": True,
    "cap_drop": ["ALL"],
    "cap_add": ["NET_BIND_SERVICE"],
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
LINE = '{"timestamp": "x", "level": "INFO", "service": "api", "message": "up"}'
SECRET = "made-up-and-long-enough"


def check(command: str, every: int = 10**9) -> dict[str, Any]:
    return {"test": ["CMD", *command.split()], "interval": every, "timeout": 5 * 10**9}


def make_projects(engine: DockerEngine, data: Path) -> None:
    """Make the projects, and wait until each is what it is to be."""
    _good(engine, data)
    _bad(engine)
    _gpus(engine)
    states = engine.client.inspect_container
    wait_until(
        lambda: (
            states("good-api-1")["State"]["Health"]["Status"] == "healthy"
            and states("bad-web-1")["State"]["Health"]["Status"] == "unhealthy"
            and states("bad-worker-1")["RestartCount"] > 0
            and states("bad-batch-1")["State"]["Status"] == "exited"
            and states("good-migrations-1")["State"]["Status"] == "exited"
        ),
        "containers are as they should be",
    )


def _good(engine: DockerEngine, data: Path) -> None:
    host = {**GOOD_HOST, "binds": [f"{data}:/data"]}
    for number in (1, 2):
        engine.run(
            "good",
            "api",
            number,
            command=["sh", "-c", f"echo '{LINE}'; echo '{{}}'; echo plain; sleep 1000"],
            host=host,
            user="1000:1000",
            ports=[8000],
            healthcheck=check(
                f"true -a {SECRET} http://a:{SECRET}@localhost:8000/ready"
            ),
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
    memory = {"mounts": [{"Type": "tmpfs", "Target": "/memory"}]}
    engine.run("bad", "db", host={**ports, **memory}, ports=[5432, 443])
    engine.run("bad", "batch", command="false", user="1000")
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
            engine.create("gpus", service, number, host=host, user="root")
    whole = {"Count": -1, "Capabilities": [["gpu"]]}
    engine.create("gpus", "greedy", host={"device_requests": [whole]})


async def look(
    engine: DockerEngine, aspect: str, project: str, *services: str, **more: Any
) -> Measurement:
    """Look at one aspect of services of a project."""
    cls = probes.probe_class(f"docker.{aspect}")
    where = {"host": engine.url, "project": project, "services": list(services)}
    async with Sources() as sources:
        return await probes.build(cls, {**where, **more}).look(sources)


def values(seen: Measurement) -> dict[str, object]:
    return {name: reading.value for name, reading in seen.readings.items()}
