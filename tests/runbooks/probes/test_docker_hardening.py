"""Probes of what containers may do, against a Docker Engine of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.runbooks.probes.docker_projects import SECRET, look, values


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
    assert values(await look(engine, "user", "gpus", "cpu"))["root"] == "cpu"


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


async def test_mounts(engine: DockerEngine, tmp_path: Path) -> None:
    good = values(await look(engine, "mounts", "good", "api", path="/data/media"))
    free = good.pop("free")
    assert isinstance(free, int) and 0 < free < 2**60
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
    memory = values(await look(engine, "mounts", "bad", "db", path="/memory"))
    assert memory["missing"] == "db"
    host = values(await look(engine, "mounts", "bad", "api", path="/host"))
    assert host["read_only"] == "api"


@asynccontextmanager
async def passing_on(engine: DockerEngine) -> AsyncIterator[str]:
    """The same Engine by TCP, as one on another machine is reached."""

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there = await asyncio.open_unix_connection(str(engine.socket))
        with closing(writer), closing(there[1]):
            ways = [copy(reader, there[1]), copy(there[0], writer)]
            await asyncio.gather(*ways, return_exceptions=True)

    async def copy(reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            to.write(data)
        if to.can_write_eof():
            to.write_eof()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_disks_of_another_host_are_not_seen(engine: DockerEngine) -> None:
    async with passing_on(engine) as host:
        seen = await look(engine, "mounts", "good", "api", path="/data", host=host)
    assert seen.readings["types"].value == "bind"
    assert seen.reading("free") is None and seen.reading("on_root_disk") is None
    assert "cannot be seen from here" in seen.evidence


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


DIRECTORY = "com.docker.compose.project.working_dir"
GIVEN = "com.docker.compose.project.environment_file"


@pytest.fixture
def labelled(engine: DockerEngine) -> Iterator[Callable[[str, dict[str, str]], None]]:
    """Makes a project with such labels, which is gone afterwards: others count them."""
    made = []
    yield lambda name, labels: made.append(engine.create(name, "api", labels=labels))
    for container in made:
        engine.client.remove_container(container, force=True)


async def test_who_may_read_env_files(
    engine: DockerEngine,
    labelled: Callable[[str, dict[str, str]], None],
    tmp_path: Path,
) -> None:
    """Those of --env-file, else .env of the directory, else those that are named."""
    place = {DIRECTORY: str(tmp_path)}
    labelled("files", place)
    labelled("given", {**place, GIVEN: "one.env,two.env"})
    seen = values(await look(engine, "env_files", "files", "api"))
    assert seen == {"files": 0, "mode": None}
    modes = {".env": 0o644, "one.env": 0o600, "two.env": 0o640}
    for name, mode in modes.items():
        (tmp_path / name).write_text("TOKEN=x")
        (tmp_path / name).chmod(mode)
    seen = values(await look(engine, "env_files", "files", "api"))
    assert seen == {"files": 1, "mode": "0644"}
    given = await look(engine, "env_files", "given", "api")
    assert values(given) == {"files": 2, "mode": "0640"}
    assert f"{tmp_path}/one.env: mode 0600" in given.evidence
    named = {"env_files": [str(tmp_path / "one.env")]}
    seen = values(await look(engine, "env_files", "files", "api", **named))
    assert seen == {"files": 1, "mode": "0600"}


@pytest.mark.parametrize(
    ("labels", "more", "reason"),
    [
        ({}, {}, "the env file of gone-api-1 cannot be looked at: no label says"),
        ({DIRECTORY: "/gone"}, {}, "/gone cannot be looked at: No such file"),
        ({DIRECTORY: "/etc", GIVEN: "gone"}, {}, "/etc/gone cannot be looked at"),
        ({DIRECTORY: "/etc"}, {"env_files": ["/gone"]}, "/gone cannot be looked at"),
        ({DIRECTORY: "/etc"}, {"host": "tcp"}, "an Engine elsewhere"),
    ],
)
async def test_env_files_that_are_not_here(
    engine: DockerEngine,
    labelled: Callable[[str, dict[str, str]], None],
    labels: dict[str, str],
    more: dict[str, Any],
    reason: str,
) -> None:
    labelled("gone", labels)
    async with passing_on(engine) as away:
        if "host" in more:
            more = {"host": away}
        with pytest.raises(ProbeError, match=reason) as refused:
            await look(engine, "env_files", "gone", "api", **more)
    assert "Run gonogo where Compose is run" in refused.value.__notes__[0]
