"""Services go back to the previous image, and forth again."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.docker_project import QUICK, Project, health
from tests.runbooks.actions.engine_proxy import EngineProxy

COPY = {**QUICK, "way": "copy"}


class Releases:
    """Two releases of one image; the tag leads to the newer one."""

    def __init__(self, project: Project) -> None:
        image = project.engine.image
        self.old = image("shop", "1.0", "ENV RELEASE=1", "ENV ONLY_OLD=yes")
        self.new = image("shop", "1.1", "ENV RELEASE=2", "WORKDIR /bin")


@pytest.fixture
def releases(project: Project) -> Releases:
    return Releases(project)


def environment(project: Project, name: str) -> set[str]:
    return set(project.inspect(name)["Config"]["Env"])


async def test_back_and_forth_by_copies(
    project: Project, releases: Releases, proxy: EngineProxy
) -> None:
    settings = {
        "image": "shop:1.1",
        "command": None,
        "environment": {"LEVEL": "info", "TOKEN": "made-up-and-long"},
        "healthcheck": health("true"),
        "volumes": ["/cache"],
        "hostname": "api",
        "host": {"mem_limit": 64 * 2**20, "restart_policy": {"Name": "always"}},
        "labels": {"com.docker.compose.image": releases.new},
    }
    for number in (1, 2):
        project.run("api", number, **settings)
    was = project.inspect("api-1")
    other = project.run("worker", image="shop:1.1")
    agreed, done = await project.act("docker.recreate", services=["api"], **COPY)
    assert done.ended.code == 0, done.ended.says
    assert "made-up" not in str(agreed) + done.printed
    is_now = project.inspect("api-1")
    assert is_now["Image"] == project.inspect("api-2")["Image"] == releases.old
    assert is_now["Id"] != was["Id"]
    assert environment(project, "api-1") >= {
        "RELEASE=1",
        "ONLY_OLD=yes",
        "LEVEL=info",
        "TOKEN=made-up-and-long",
    }
    # What only the image said is the image's again; what was asked for is kept.
    assert was["Config"]["WorkingDir"] == "/bin" != is_now["Config"]["WorkingDir"]
    for kept in ("Hostname", "Healthcheck", "StopSignal"):
        assert is_now["Config"][kept] == was["Config"][kept], kept
    for kept in ("Memory", "RestartPolicy", "NetworkMode"):
        assert is_now["HostConfig"][kept] == was["HostConfig"][kept], kept
    mounted = {m["Destination"]: m["Source"] for m in was["Mounts"]}
    assert {m["Destination"]: m["Source"] for m in is_now["Mounts"]} == mounted
    assert is_now["Config"]["Labels"]["com.docker.compose.image"] == releases.old
    assert project.names == ["shop-api-1", "shop-api-2", "shop-worker-1"]
    assert project.inspect(other)["Image"] == releases.new
    assert _as_shown(agreed.calls, proxy.changes)
    assert "its compose file says shop:1.1" in agreed.loose_end
    undo = agreed.undo
    assert undo.parameters["image"] == releases.new
    back, undone = await project.act(undo.use, **undo.parameters, **COPY)
    assert undone.ended.code == 0 and not back.loose_end
    assert project.inspect("api-1")["Image"] == releases.new
    assert "ONLY_OLD=yes" not in environment(project, "api-1")
    assert undone.ended.after == done.ended.before


def _as_shown(calls: object, sent: list[str]) -> bool:
    """Whether what was sent is what was shown, but for ids nobody knew yet."""
    assert isinstance(calls, tuple)
    shown = [call.text.partition("{new}") for call in calls]
    return len(shown) == len(sent) and all(
        request.startswith(before) and request.endswith(after)
        for (before, _, after), request in zip(shown, sent, strict=True)
    )


async def test_networks_are_joined_as_before(
    project: Project, releases: Releases, proxy: EngineProxy
) -> None:
    client = project.engine.client
    for name in ("shop_front", "shop_back"):
        client.create_network(name, internal=True)
    try:
        endpoint = client.create_endpoint_config(aliases=["api"])
        front = client.create_networking_config({"shop_front": endpoint})
        id = project.engine.create(
            "shop",
            "api",
            image="shop:1.1",
            host={"network_mode": "shop_front"},
            networking_config=front,
            stop_signal="SIGKILL",
        )
        client.connect_container_to_network(id, "shop_back", aliases=["backend"])
        client.start(id)
        agreed, done = await project.act("docker.recreate", services=["api"], **COPY)
        assert done.ended.code == 0, done.ended.says
        assert _as_shown(agreed.calls, proxy.changes)
        now = project.inspect("api-1")
        joined = now["NetworkSettings"]["Networks"]
        assert {name: set(net["Aliases"]) for name, net in joined.items()} == {
            "shop_front": {"api", now["Id"][:12]},
            "shop_back": {"backend", now["Id"][:12]},
        }
    finally:
        project.remove()
        for name in ("shop_front", "shop_back"):
            client.remove_network(name)


async def test_one_that_does_not_come_up_is_put_back(
    project: Project, releases: Releases
) -> None:
    bad = project.engine.image("shop", "0.9", "ENV RELEASE=0", seconds=0)
    old = project.run("api", 1, image="shop:1.1", command=None)
    second = project.run("api", 2, image="shop:1.1", command=None)
    before = project.started(second)
    done = await project.act_quickly(
        "docker.recreate", services=["api"], image=bad, way="copy"
    )
    assert done.ended.code == 1
    assert "shop-api-1 ended with exit code 0" in done.ended.says
    assert "shop-api-1 is the old one again" in done.ended.says
    assert project.inspect("api-1")["Id"] == old and project.running(old)
    assert project.started(second) == before
    assert project.names == ["shop-api-1", "shop-api-2"]


async def test_refused_half_way_it_says_what_is_where(
    project: Project, releases: Releases, proxy: EngineProxy
) -> None:
    id = project.run("api", image="shop:1.1")
    proxy.refuses = 3  # made, stopped, renamed; then nothing more
    done = await project.act_quickly("docker.recreate", services=["api"], way="copy")
    assert done.ended.code == 1 and "Going back failed, too" in done.ended.says
    assert f"shop-api-1 or shop-api-1-before-{id[:12]}" in done.ended.says
    assert f"shop-api-1-before-{id[:12]}" in project.names


async def test_which_image_is_the_previous_one(
    project: Project, releases: Releases
) -> None:
    newer = project.engine.image("shop", "1.2", "ENV RELEASE=3")
    other = project.engine.image("elsewhere", "1", "ENV RELEASE=1")
    project.run("api", image="shop:1.1")
    said = await project.describe("docker.recreate", services=["api"], way="copy")
    (change,) = said.changes
    assert change.what == "image of api"
    assert f"{releases.new[7:19]} (shop:1.1, made " in change.before
    assert f"{releases.old[7:19]} (shop:1.0, made " in change.after
    (others,) = (line for line in said.stays if "other images" in line)
    assert newer[7:19] in others and other[7:19] not in others
    # Its own tag does not lead to the image any more: it is still known.
    moved = project.engine.image("shop", "1.0", "ENV RELEASE=1b")
    with pytest.raises(ProbeError, match="there is no older image"):
        await project.describe("docker.recreate", services=["api"], way="copy")
    named = {"image": releases.old, "way": "copy"}
    said = await project.describe("docker.recreate", services=["api"], **named)
    assert "no tag" in said.title and moved[7:19] not in said.title


async def test_an_image_built_for_the_service_needs_no_tag(project: Project) -> None:
    labels = "com.docker.compose.project=shop com.docker.compose.service=api"
    old = project.engine.image("shop-api", "latest", f"LABEL {labels}", "ENV A=1")
    project.engine.image("shop-api", "latest", f"LABEL {labels}", "ENV A=2")
    project.run("api", image="shop-api")
    said = await project.describe("docker.recreate", services=["api"], way="copy")
    assert said.pins["image"] == old
    assert f"{old[7:19]} (no tag" in said.title


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"image": "shop:9"}, "No such image: shop:9"),
        ({"image": "shop:1.1"}, "run .* already"),
        ({"way": "compose"}, "do not say from which files"),
        ({"way": "magic"}, "invalid enum value"),
    ],
)
async def test_what_cannot_be_done(
    project: Project, releases: Releases, more: dict[str, str], words: str
) -> None:
    project.run("api", image="shop:1.1")
    with pytest.raises(ProbeError, match=words):
        await project.describe("docker.recreate", services=["api"], **more)


async def test_containers_with_different_images(
    project: Project, releases: Releases
) -> None:
    project.run("api", 1, image="shop:1.1")
    project.run("api", 2, image="shop:1.0")
    with pytest.raises(ProbeError, match="name the one to go back to"):
        await project.describe("docker.recreate", services=["api"], way="copy")
    named = {"image": "shop:1.0", "way": "copy"}
    said = await project.describe("docker.recreate", services=["api"], **named)
    assert "different images before" in said.undo.irreversible


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"auto_remove": True}, "is removed as soon as it stops"),
        ({"network_mode": "bridge", "links": {"shop-db-1": "db"}}, "of the old kind"),
    ],
)
async def test_what_cannot_be_copied(
    project: Project, releases: Releases, host: dict[str, object], words: str
) -> None:
    project.run("db")
    project.engine.create("shop", "api", image="shop:1.1", host=host)
    said = await project.describe("docker.recreate", services=["api"], way="copy")
    assert any(words in line for line in said.unmet)


async def test_who_shares_something_with_it(
    project: Project, releases: Releases
) -> None:
    id = project.run("api", image="shop:1.1")
    project.run("sidecar", host={"network_mode": f"container:{id}"})
    said = await project.describe("docker.recreate", services=["api"], way="copy")
    assert "shop-sidecar-1 would lose what they share with shop-api-1" in said.unmet[0]


async def test_removed_meanwhile(project: Project, releases: Releases) -> None:
    id = project.run("api", image="shop:1.1")
    parameters = {"services": ["api"], **COPY}
    agreed = await project.describe("docker.recreate", **parameters)
    project.engine.client.remove_container(id, force=True)
    done = project.begin("docker.recreate", parameters, agreed).wait()
    assert done.ended.code == 3 and "no container of the compose" in done.ended.says
