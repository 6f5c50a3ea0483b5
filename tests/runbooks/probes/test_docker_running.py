"""Probes of what runs on an Engine, against a Docker Engine of our own."""

from __future__ import annotations

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.docker.images import running_images
from runbooks.probes.docker.logs import last_lines
from runbooks.probes.sources import Sources
from tests.runbooks.probes.docker_engine import IMAGE, DockerEngine
from tests.runbooks.probes.docker_projects import LINE, SECRET, look, values


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
    seen = values(await look(engine, "services", "bad", "batch", "web", "cache"))
    assert seen == {
        "running": 1,
        "ready": 0,
        "missing": "cache",
        "stopped": "batch",
        "unhealthy": "web",
        "looping": None,
        "restarts": 0,
        "oom_killed": None,
    }
    worker = values(await look(engine, "services", "bad", "worker"))
    assert worker["looping"] == "worker" and int(str(worker["restarts"])) >= 1


async def test_health_checks(engine: DockerEngine) -> None:
    seen = await look(engine, "health", "good", "api")
    assert SECRET not in repr(seen)
    assert values(seen) == {
        "without": None,
        "unhealthy": None,
        "starting": None,
        "test": "true http://localhost:8000/ready",
        "interval": 1.0,
        "patience": 5.0,
    }
    bad = values(await look(engine, "health", "bad", "db", "web"))
    assert bad["without"] == "db" and bad["unhealthy"] == "web"


async def test_images(engine: DockerEngine) -> None:
    good = values(await look(engine, "images", "good"))
    assert good["images"] == 1 and good["floating"] is None
    assert str(good["id"]).startswith("sha256:")
    assert 0 < float(str(good["age"])) < 3600
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
    assert sorted(line.text for line in found) == [
        *["plain", "plain"],
        *[LINE, LINE],
        *["{}", "{}"],
    ]
    assert {line.service for line in found} == {"api"}
    assert found[0].time.startswith("20") and found[0].time.endswith("Z")


async def test_what_logs_are_made_of(engine: DockerEngine) -> None:
    seen = await look(engine, "logs", "good", "api")
    found = values(seen)
    age = found.pop("age")
    assert isinstance(age, float) and 0 <= age < 600
    assert found == {
        "silent": None,
        "json": 2,
        "malformed": 2,
        "plain": 2,
        "tracebacks": 0,
        "debug": 0,
    }
    assert "up" not in seen.evidence
    silent = values(await look(engine, "logs", "bad", "db"))
    assert silent["silent"] == "db" and silent["age"] is None and silent["json"] == 0


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
        of = {"label": "com.docker.compose.project=good"}
        containers = len(engine.client.containers(all=True, filters=of))
        # The version, the list, each container, the one image of the project.
        assert sources.requests[f"docker {engine.url}"] == containers + 3
