"""The shipped proxy of a Docker socket: enough for every probe, and nothing changes."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runbooks.actions.docker import ACTIONS
from runbooks.errors import ProbeError
from runbooks.probes import build
from runbooks.probes.docker import PROBES
from runbooks.probes.sources import Sources
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.actions.docker_project import NAME, QUICK, Project, health
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine, wait_until
from tests.runbooks.probes.nginx import nginx
from tests.runbooks.production_steps import SHIPPED

CONFIGURATION = Path(__file__).parents[3] / "docs/rights/docker.nginx.conf"
pytestmark = pytest.mark.usefixtures("patient")
SOME: Mapping[str, Mapping[str, Any]] = {
    "docker.environment": {"names": ["PATH"]},
    "docker.env_files": {"env_files": [str(CONFIGURATION)]},
    "docker.mounts": {"path": "/data"},
}
REQUESTS = (
    *("POST /containers/{id}/restart", "POST /v1.41/containers/{id}/exec"),
    *("DELETE /containers/{id}", "PUT /containers/{id}/archive?path=/"),
    *("POST /containers/create", "POST /images/prune", "POST /version", "POST /_ping"),
    *("GET /containers/{id}/archive?path=/etc", "GET /containers/{id}/export"),
    *("GET /containers/{id}/attach/ws?stdin=1&stream=1", "GET /events", "GET /"),
    *("GET /images/{id}/get", "GET /secrets", "GET /version/../events"),
    *("GET /containers/{id}/json/../export", "GET /containers/{id}%2Fexport"),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    with running_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def project(
    engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    project = Project(engine, tmp_path_factory.mktemp("project"))
    limits = {"mem_limit": 64 * 2**20, "cpu_period": 100_000, "cpu_quota": 50_000}
    for number in (1, 2):
        project.run("api", number, healthcheck=health("true"), host=limits)
    project.run("worker", host=limits)
    for release in (1, 2):  # the first one is left without a tag
        project.engine.image("app", "older", f"ENV RELEASE={release}")
    engine.client.stop(project.run("db"))
    yield project
    project.remove()


@pytest.fixture(scope="module")
def proxy(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket that nginx serves with the shipped configuration, and its log."""
    # Short, because the path of a socket has room for 107 characters.
    place = Path(tempfile.mkdtemp(prefix="gonogo-", dir="/tmp"))
    at = place / "docker.sock"
    text = CONFIGURATION.read_text()
    for written, here in (
        ("unix:/run/gonogo/docker.sock", f"unix:{at}"),
        ("unix:/var/run/docker.sock", f"unix:{project.engine.socket}"),
    ):
        assert written in text
        text = text.replace(written, here)
    text = text.replace("server {", f"server {{ access_log {place}/log;", 1)
    try:
        with nginx(tmp_path_factory.mktemp("nginx"), text, []):
            wait_until(at.exists, "nginx listens")
            yield at
    finally:
        shutil.rmtree(place)


class _Connection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


async def shipped(url: str) -> dict[str, Finding]:
    """Return what all shipped steps see of the project."""
    steps = []
    for step in SHIPPED.steps:
        own = tuple(each for each in step.probes if each.use.startswith("docker."))
        if own:
            options = replace(step.options, probe=None, probes=own)
            steps.append(replace(step, options=options))
    tables = {"docker": {"host": url, "project": NAME}}
    facts = {"platform": "compose", "gpu": "none"}
    runner = Runner(Target("compose", facts=facts, tables=tables))
    return {id: found async for id, found in runner.probe_all(steps)}


async def test_every_shipped_step_sees_the_same(project: Project, proxy: Path) -> None:
    direct, through = (
        await shipped(project.engine.url),
        await shipped(f"unix://{proxy}"),
    )
    assert len(through) >= 20
    assert {id: (each.result, each.stage) for id, each in through.items()} == {
        id: (each.result, each.stage) for id, each in direct.items()
    }
    assert "answered 403" not in repr(through)


async def test_every_probe_works_and_no_path_is_open_for_nothing(
    project: Project, proxy: Path
) -> None:
    (proxy.parent / "log").write_text("")
    for use, cls in PROBES.items():
        names = cls.__struct_fields__
        said = {"host": f"unix://{proxy}", "project": NAME, **SOME.get(use, {})}
        known = {name: value for name, value in said.items() if name in names}
        async with Sources() as sources:
            assert (await build(cls, known).look(sources)).readings, use
    log = (proxy.parent / "log").read_text()
    asked = re.findall(r'"(\w+) (?:/v[\d.]+)?/([^ ?]*)\S* HTTP', log)
    assert {method for method, _ in asked} == {"GET"}
    listed = re.search(r"\)\?/\((.*)\)\$ \{", CONFIGURATION.read_text())
    assert listed
    for path in re.split(r"\|(?![^(]*\))", listed[1]):
        begin, _, ends = path.partition("(")
        for end in ends.rstrip(")").split("|"):
            assert any(re.fullmatch(begin + end, each) for _, each in asked), path


@pytest.mark.parametrize("request_line", REQUESTS)
def test_nothing_else_gets_through(
    project: Project, proxy: Path, request_line: str
) -> None:
    id = str(project.inspect("api-1")["Id"])
    method, _, path = request_line.format(id=id).partition(" ")
    connection = _Connection(proxy)
    try:
        connection.request(method, path)
        assert connection.getresponse().status == 403
    finally:
        connection.close()


@pytest.mark.parametrize("use", ACTIONS)
async def test_no_action_may_be_done(project: Project, proxy: Path, use: str) -> None:
    def state() -> object:
        images = sorted(each["Id"] for each in project.engine.client.images())
        names = [name.removeprefix(f"{NAME}-") for name in project.names]
        found = {name: project.inspect(name)["State"] for name in names}
        return images, {name: each["StartedAt"] for name, each in found.items()}

    asked: dict[str, Any] = {"services": ["api"], **QUICK}
    if use == "docker.start":
        asked["services"] = ["db"]
    if use == "docker.prune":
        asked = {}
    if use == "docker.recreate":
        asked |= {"way": "copy", "image": "app:older"}
    before = state()
    project.lead_to(f"unix://{proxy}")
    try:
        _, done = await project.act(use, **asked)
        assert done.ended.code != 0 and "403" in done.ended.says, done
    except ProbeError as error:
        assert "403" in str(error), error
    finally:
        project.lead_to(project.engine.url)
    assert state() == before
