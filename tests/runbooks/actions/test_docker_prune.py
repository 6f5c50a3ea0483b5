"""Pruning removes images without a tag that nobody uses, and nothing else."""

from __future__ import annotations

import pytest

from runbooks.actions import action_class
from runbooks.errors import ProbeError
from runbooks.tables import CommandClass
from tests.runbooks.actions.docker_project import Project
from tests.runbooks.actions.engine_proxy import EngineProxy


def images(project: Project) -> set[str]:
    return {each["Id"] for each in project.engine.client.images()}


async def test_only_what_nobody_uses(project: Project, proxy: EngineProxy) -> None:
    built = project.engine.image(
        "shop", "1", "LABEL com.docker.compose.service=api", "ENV A=1"
    )
    used = project.engine.image("shop", "1", "ENV A=2")
    project.run("api", image="shop:1")
    tagged = project.engine.image("shop", "1", "ENV A=3")
    agreed, done = await project.act("docker.prune")
    assert action_class("docker.prune").command_class is CommandClass.DESTRUCTIVE
    assert [thing.id for thing in agreed.things] == [built]
    assert proxy.changes == [call.text for call in agreed.calls]
    assert agreed.calls[0].text.endswith(f"/images/{built}")
    assert agreed.title.startswith("remove images without a tag: 1, ")
    assert "docker.recreate cannot go back to it" in agreed.fights[0]
    assert any("a container has it" in line for line in agreed.stays)
    assert agreed.undo.irreversible and agreed.point_of_no_return
    assert done.ended.code == 0, done.ended.says
    assert built not in images(project) and {used, tagged} <= images(project)


async def test_what_got_a_name_after_all_is_kept(
    project: Project, proxy: EngineProxy
) -> None:
    kept = project.engine.image("shop", "1", "ENV A=1")
    project.engine.image("shop", "1", "ENV A=2")
    agreed = await project.describe("docker.prune")
    project.engine.client.tag(kept, "shop", "good")
    done = project.begin("docker.prune", {}, agreed).wait()
    assert done.ended.code == 3 and kept in images(project)
    assert proxy.changes == []


async def test_what_gets_a_name_in_the_middle_is_kept(
    project: Project, proxy: EngineProxy
) -> None:
    for number in range(3):
        project.engine.image("shop", "1", f"ENV A={number}")
    agreed = await project.describe("docker.prune")
    first, second = (thing.id for thing in agreed.things)
    proxy.after = lambda asked: project.engine.client.tag(second, "shop", "good")
    done = project.begin("docker.prune", {}, agreed).wait()
    assert done.ended.code == 0 and "has a name by now" in done.printed
    assert first not in images(project) and second in images(project)


async def test_young_images_can_be_kept(project: Project) -> None:
    project.engine.image("shop", "1", "ENV A=1")
    project.engine.image("shop", "1", "ENV A=2")
    with pytest.raises(ProbeError, match="no image without a tag"):
        await project.describe("docker.prune", age="1d")


async def test_refused_half_way(project: Project, proxy: EngineProxy) -> None:
    for number in range(3):
        project.engine.image("shop", "1", f"ENV A={number}")
    proxy.refuses = 1
    _, done = await project.act("docker.prune")
    assert done.ended.code == 1 and "answered 403" in done.ended.says
    assert "1 of 2 images were removed before" in done.ended.says
