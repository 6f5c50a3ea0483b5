"""Stopping and starting services: each takes the other back."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.docker_project import QUICK, Project, health
from tests.runbooks.actions.engine_proxy import EngineProxy


async def test_stopped_and_taken_back(project: Project, proxy: EngineProxy) -> None:
    id = project.run("api", healthcheck=health("true"))
    other = project.run("db")
    agreed, done = await project.act("docker.stop", services=["api"])
    assert done.ended.code == 0 and not project.running(id)
    assert agreed.loose_end == "api stopped until docker.start"
    assert agreed.seconds == 10
    assert done.ended.before["shop-api-1 state"] == "running"
    assert done.ended.after["shop-api-1 state"] == "exited"
    undo = agreed.undo
    back, started = await project.act(undo.use, **undo.parameters, **QUICK)
    assert started.ended.code == 0, started.ended.says
    assert project.health(id) == "healthy" and project.running(other)
    assert started.ended.after == done.ended.before
    assert back.undo.use == "docker.stop" and not back.loose_end
    assert proxy.changes == [call.text for call in (*agreed.calls, *back.calls)]


async def test_who_would_start_it_again_and_who_needs_it(project: Project) -> None:
    always = {"restart_policy": {"Name": "always"}}
    project.run("api", host=always)
    labels = {"com.docker.compose.depends_on": "api:service_started:false"}
    project.run("worker", labels=labels)
    said = await project.describe("docker.stop", services=["api"])
    assert said.fights == (
        "shop-api-1: restart policy always: it starts again when the Engine or its "
        "host does",
        "worker depends on api (started)",
    )


async def test_there_has_to_be_something_to_do(project: Project) -> None:
    id = project.run("api")
    with pytest.raises(ProbeError, match="every container of api runs already"):
        await project.describe("docker.start", services=["api"])
    project.engine.client.stop(id)
    with pytest.raises(ProbeError, match="no container of api runs"):
        await project.describe("docker.stop", services=["api"])


async def test_started_by_somebody_else_meanwhile(project: Project) -> None:
    id = project.run("api")
    project.engine.client.stop(id)
    agreed = await project.describe("docker.start", services=["api"])
    project.engine.client.start(id)
    done = project.begin("docker.start", {"services": ["api"]}, agreed).wait()
    assert done.ended.code == 3 and "runs already" in done.ended.says


async def test_one_that_does_not_come_up(project: Project) -> None:
    id = project.run("api", command=["sh", "-c", "[ ! -e /data/bad ] && sleep 1000"])
    project.engine.client.stop(id)
    (project.data / "bad").touch()
    done = await project.act_quickly("docker.start", services=["api"])
    assert done.ended.code == 1
    assert "shop-api-1 ended with exit code 1" in done.ended.says
    assert "then start again" in done.ended.says
