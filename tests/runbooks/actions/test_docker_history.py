"""What services run and could go back to, on a real Engine, and which Engine it is."""

from __future__ import annotations

from datetime import UTC, datetime

from runbooks.changes import Revision
from runbooks.histories import histories
from runbooks.identity_of import ask, tables
from tests.runbooks.actions.docker_project import QUICK, Project


async def past(project: Project) -> list[Revision]:
    said = (await histories(project.target))["docker"]
    assert not isinstance(said, str), said
    return list(said)


async def test_each_image_with_time_and_way_back(project: Project) -> None:
    old = project.engine.image("shop", "1.0", "ENV RELEASE=1")
    new = project.engine.image("shop", "1.1", "ENV RELEASE=2")
    project.run("api", image="shop:1.1")
    project.run("worker", image="app:1")
    live, before, worker = await past(project)
    assert (live.workload, live.image, live.live) == ("service api", "shop:1.1", True)
    assert live.revision.startswith(f"{new.removeprefix('sha256:')[:12]}, made 20")
    age = datetime.now(UTC) - datetime.fromisoformat(live.at)
    assert 0 <= age.total_seconds() < 60
    assert (before.image, before.live, before.at) == ("shop:1.0", False, "")
    assert live.healthy is not None and 0 <= live.healthy < 60
    assert (before.healthy, before.ran) == (None, None)
    assert before.takes and before.watch
    assert new.removeprefix("sha256:")[:12] in before.point_of_no_return
    assert before.undo.parameters == {
        "services": ["api"],
        "project": "shop",
        "host": project.engine.url,
        "image": old,
    }
    assert (worker.workload, worker.live) == ("service worker", True)
    done = await project.act_quickly(
        before.undo.use, **{**before.undo.parameters, **QUICK, "way": "copy"}
    )
    assert done.ended.code == 0, done.ended.says
    assert [each.image for each in await past(project) if each.live] == [
        "shop:1.0",
        "app:1",
    ]


async def test_a_container_that_does_not_serve_is_named(project: Project) -> None:
    id = project.run("api")
    project.engine.client.stop(id, timeout=0)
    (live,) = await past(project)
    assert live.revision.endswith("not ready: shop-api-1")


async def test_the_engine_says_which_one_it_is(project: Project) -> None:
    assert tables(project.target) == ("docker",)
    found = await ask("docker", project.target)
    project.run("api")
    restart = await project.describe("docker.restart", services=["api"])
    assert found.id == restart.identity.id


async def test_where_nobody_can_tell(project: Project) -> None:
    said = (await histories(project.target))["docker"]
    assert isinstance(said, str)
    assert "has no container of the compose project shop" in said
