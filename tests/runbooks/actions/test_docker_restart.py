"""Services are restarted one container after the other, as it was shown."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.docker_project import QUICK, Project, health
from tests.runbooks.actions.engine_proxy import EngineProxy
from tests.runbooks.probes.docker_engine import wait_until

WELL_ONCE = "[ -e /first ] && echo >/broken; echo >/first; sleep 1000"
"""What a container runs that is healthy until it is restarted."""


async def test_services_are_restarted_in_their_order(
    project: Project, proxy: EngineProxy
) -> None:
    ids = [
        project.run("api", 1, healthcheck=health("true")),
        project.run("api", 2, healthcheck=health("true")),
        project.run("worker"),
    ]
    other = project.run("db")
    before = {id: project.started(id) for id in (*ids, other)}
    services = ["worker", "api"]
    agreed, done = await project.act("docker.restart", services=services, **QUICK)
    assert (done.ended.code, done.ended.says) == (0, "Done, and so it is now.")
    assert proxy.changes == [call.text for call in agreed.calls]
    assert [thing.id for thing in agreed.things] == [ids[2], ids[0], ids[1]]
    changed = {id for id in before if project.started(id) != before[id]}
    assert changed == set(ids)
    # Each was ready before the next one was begun.
    starts = [project.started(id) for id in (ids[2], ids[0], ids[1])]
    assert starts == sorted(starts)
    assert "shop-worker-1 is ready" in done.printed


async def test_what_people_read_before(project: Project) -> None:
    project.run("api", 1, healthcheck=health("true"))
    project.run("api", 2)
    needs = {"com.docker.compose.depends_on": "api:service_healthy:true"}
    project.run("worker", labels=needs)
    watch = {"image": "containrrr/watchtower"}
    project.engine.image("containrrr/watchtower", "latest")
    project.run("watch", **watch)
    said = await project.describe("docker.restart", services=["api"])
    info = project.engine.client.info()
    assert said.identity.id == f"{info['ID']} {info['Name']}"
    assert said.identity.says.endswith("compose project shop")
    assert said.title == "restart api"
    (change,) = said.changes
    assert (change.before, change.after) == ("2", "one restarts after the other")
    assert any("recreates containers with the newest" in line for line in said.fights)
    assert any("worker depends on api (healthy)" in line for line in said.fights)
    assert said.undo.irreversible and said.seconds == 2 * (10 + 120)
    assert not said.unmet


async def test_watchtower_that_leaves_them_alone_is_no_matter(
    project: Project,
) -> None:
    project.run("api", labels={"com.centurylinklabs.watchtower.enable": "false"})
    project.engine.image("containrrr/watchtower", "latest")
    project.run("watch", image="containrrr/watchtower")
    said = await project.describe("docker.restart", services=["api"])
    assert not said.fights


async def test_what_it_depends_on_has_to_be_there(project: Project) -> None:
    labels = {"com.docker.compose.depends_on": "db:service_started:false"}
    project.run("api", labels=labels)
    db = project.run("db")
    project.engine.client.stop(db)
    said = await project.describe("docker.restart", services=["api"], **QUICK)
    assert said.unmet == ("api needs db to be started, and it is not so",)
    done = project.begin("docker.restart", {"services": ["api"], **QUICK}, said).wait()
    assert done.ended.code == 3 and "api needs db" in done.ended.says
    both = await project.describe("docker.restart", services=["db", "api"])
    assert not both.unmet


async def test_those_that_are_not_ready_come_first(project: Project) -> None:
    project.run("api", 1, healthcheck=health("true"))
    stopped = project.run("api", 2, healthcheck=health("true"))
    project.engine.client.stop(stopped)
    said = await project.describe("docker.restart", services=["api"])
    assert [thing.name for thing in said.things] == ["shop-api-2", "shop-api-1"]


async def test_unhealthy_afterwards_stops_it_there(project: Project) -> None:
    check = health("true")
    check["test"] = ["CMD-SHELL", "[ ! -e /broken ]"]
    command = ["sh", "-c", WELL_ONCE]
    first, second = (
        project.run("api", number, command=command, healthcheck=check)
        for number in (1, 2)
    )
    before = project.started(second)
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 1
    assert "shop-api-1 is running, unhealthy" in done.ended.says
    assert "Now: shop-api-1 is running, unhealthy; shop-api-2 is running, healthy" in (
        done.ended.says
    )
    assert "docker logs" in done.ended.says
    assert project.running(first) and project.started(second) == before


async def test_a_container_that_ends_is_not_ready(project: Project) -> None:
    (project.data / "ok").touch()
    command = ["sh", "-c", "cat /data/ok && sleep 1000"]
    project.run("api", command=command)
    (project.data / "ok").unlink()
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 1
    assert "shop-api-1 ended with exit code 1" in done.ended.says


async def test_one_that_the_engine_keeps_restarting_is_restarted(
    project: Project,
) -> None:
    always = {"restart_policy": {"Name": "always"}}
    command = ["sh", "-c", "cat /data/ok && sleep 1000"]
    id = project.engine.run(
        "shop",
        "api",
        command=command,
        host={**always, "binds": [f"{project.data}:/data"]},
        stop_signal="SIGKILL",
    )
    wait_until(lambda: project.inspect(id)["RestartCount"] > 0, "it is looping")
    agreed = await project.describe("docker.restart", services=["api"], **QUICK)
    assert agreed.things[0].version == "restarting again and again"
    (project.data / "ok").touch()
    parameters = {"services": ["api"], **QUICK}
    done = project.begin("docker.restart", parameters, agreed).wait()
    assert done.ended.code == 0, done.ended.says


async def test_recreated_under_the_same_name_meanwhile(project: Project) -> None:
    old = project.run("api")
    agreed = await project.describe("docker.restart", services=["api"], **QUICK)
    project.engine.client.remove_container(old, force=True)
    new = project.run("api")
    before = project.started(new)
    parameters = {"services": ["api"], **QUICK}
    done = project.begin("docker.restart", parameters, agreed).wait()
    assert done.ended.code == 3 and "has changed since it was shown" in done.ended.says
    assert project.started(new) == before


async def test_restarted_by_somebody_else_meanwhile(project: Project) -> None:
    id = project.run("api")
    agreed = await project.describe("docker.restart", services=["api"], **QUICK)
    project.engine.client.restart(id)
    before = project.started(id)
    parameters = {"services": ["api"], **QUICK}
    done = project.begin("docker.restart", parameters, agreed).wait()
    assert done.ended.code == 3 and project.started(id) == before


async def test_touched_by_somebody_else_between_two_of_them(
    project: Project, proxy: EngineProxy
) -> None:
    project.run("api", 1)
    second = project.run("api", 2)
    theirs = []

    def somebody_else(asked: str) -> None:
        project.engine.client.restart(second)
        theirs.append(project.started(second))

    proxy.after = somebody_else
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 1 and [project.started(second)] == theirs
    assert "shop-api-2 was started at" in done.ended.says
    assert "left alone" in done.ended.says


async def test_another_engine_answers_at_the_same_place(
    project: Project, proxy: EngineProxy
) -> None:
    project.run("api")
    agreed = await project.describe("docker.restart", services=["api"], **QUICK)
    own = project.engine.client.info()["ID"].encode()
    proxy.rewrite = lambda path, body: body.replace(own, b"AAAA:BBBB")
    parameters = {"services": ["api"], **QUICK}
    done = project.begin("docker.restart", parameters, agreed).wait()
    assert done.ended.code == 3 and "this is Docker Engine AAAA:BBBB" in done.ended.says
    assert proxy.changes == []


async def test_a_profile_that_has_changed(project: Project) -> None:
    id = project.run("api")
    agreed = await project.describe("docker.restart", services=["api"], **QUICK)
    before = project.started(id)
    performance = project.begin(
        "docker.restart", {"services": ["api"]}, agreed, profile_digest="0" * 64
    )
    assert performance.wait().ended.code == 3 and project.started(id) == before


@pytest.mark.parametrize(
    ("services", "words"),
    [
        (["apo"], "there is no container of apo"),
        ([], 'name the services, such as services = ["api", "worker"]'),
    ],
)
async def test_services_that_are_not_there(
    project: Project, services: list[str], words: str
) -> None:
    project.run("api")
    with pytest.raises(ProbeError, match=words.replace("[", r"\[")):
        await project.describe("docker.restart", services=services)


async def test_only_looking_is_allowed(project: Project, proxy: EngineProxy) -> None:
    id = project.run("api")
    before = project.started(id)
    proxy.refuses = 0
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 3, "nothing was changed"
    assert "answered 403: only looking is allowed" in done.ended.says
    assert project.started(id) == before


async def test_permission_is_lost_half_way(
    project: Project, proxy: EngineProxy
) -> None:
    project.run("api", 1)
    second = project.run("api", 2)
    before = project.started(second)
    proxy.refuses = 1
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 1 and "answered 403" in done.ended.says
    assert "Now: shop-api-1 is running; shop-api-2 is running" in done.ended.says
    assert project.started(second) == before


async def test_an_answer_that_is_lost(project: Project, proxy: EngineProxy) -> None:
    id = project.run("api")
    before = project.started(id)
    proxy.cuts = "/restart"
    done = await project.act_quickly("docker.restart", services=["api"])
    assert done.ended.code == 1 and project.started(id) != before
    assert "the Engine was lost" in done.ended.says


async def test_a_swarm_keeps_its_containers_itself(project: Project) -> None:
    project.run("api", labels={"com.docker.swarm.service.name": "shop_api"})
    said = await project.describe("docker.restart", services=["api"])
    assert "use docker service" in said.unmet[0]
