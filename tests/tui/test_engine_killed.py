"""A Docker Engine that is killed in the middle of an action: what the screen and the
journal say of it, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.model import Row
from tests.runbooks.actions.docker_project import Project, health
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine
from tests.tui.guarded import assert_guarded
from tests.tui.real_walk import Walk, walking

pytestmark = pytest.mark.timeout(120)

BOOK = """\
# Drill

- [ ] Restarted
  ```toml step
  id = "restart"
  ```
  ```toml action
  use = "docker.restart"
  services = ["api"]
  settle = "60s"
  patience = "90s"
  ```
- [ ] Rolled back
  ```toml step
  id = "back"
  ```
  ```toml action
  use = "docker.recreate"
  services = ["api"]
  way = "copy"
  patience = "90s"
  ```
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    """An Engine of these tests alone: they kill it."""
    with running_engine() as engine:
        yield engine


@pytest.fixture
def project(engine: DockerEngine, tmp_path: Path) -> Iterator[Project]:
    project = Project(engine, tmp_path)
    yield project
    project.remove()


@pytest.fixture
def walk(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    return Walk(tmp_path, BOOK, project.target)


async def begun(walk: Walk, step: str, under_way: str) -> None:
    """Do the action of *step*, and wait until it says so."""
    assert walk.board is not None
    walk.board.steps.go_to(Row("step", step))
    await walk.press("r")
    await walk.agree("INC-311")
    await walk.shows(under_way)


def journal(walk: Walk) -> list[dict[str, Any]]:
    lines = (walk.run.directory / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def ended(walk: Walk) -> dict[str, Any]:
    (event,) = (e for e in journal(walk) if e["kind"] == "action_finished")
    data: dict[str, Any] = event["data"]
    return data


async def over(walk: Walk) -> None:
    def is_over() -> bool:
        return any(acted.ending for acted in walk.run.actions.values())

    await walk.until(is_over)


async def test_killed_and_back(
    walk: Walk, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("api", 1)
    project.run("api", 2)
    async with walking(walk, monkeypatch, (110, 34)):
        await begun(walk, "restart", "restarting shop-api-1")
        await walk.shows("is running")
        project.engine.kill()
        await walk.shows("it gets 10 s to be back")
        project.engine.start_again()
        await over(walk)
        # The last line says how it ended; the journal says the same, and more.
        await walk.shows("failed: restart api")
        data = ended(walk)
        assert data["ending"] == "failed"
        assert "Now: shop-api-1 ended with exit code" in data["says"]
        assert "then restart again" in data["says"]
        assert data["after"]["shop-api-1 state"] == "exited"
        await walk.press("u")
        await walk.shows("the Engine was lost")
        await walk.shows("then restart again")
        await walk.shows("shop-api-1 state: running → exited")
        await walk.press("escape")
        assert_guarded(journal(walk))


async def test_killed_for_good_nobody_knows(
    walk: Walk, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("api")
    async with walking(walk, monkeypatch, (110, 34)):
        await begun(walk, "restart", "restarting shop-api-1")
        await walk.shows("is running")
        project.engine.kill()
        try:
            await over(walk)
            data = ended(walk)
            assert data["ending"] == "in doubt" and data["after"] == {}
            assert "how shop-api-1 are nobody knows" in data["says"]
            assert "systemctl status docker" in data["says"]
            await walk.press("u")
            await walk.shows("nobody could look")
            await walk.shows("systemctl status docker")
            await walk.press("escape")
            # What cannot be looked at is not done, and that is said.
            await walk.press("r")
            await walk.shows("refused the connection")
            assert len(walk.run.actions) == 1
        finally:
            project.engine.start_again()


@pytest.mark.parametrize("comes_back", [True, False])
async def test_killed_while_the_old_container_is_aside(
    walk: Walk, project: Project, monkeypatch: pytest.MonkeyPatch, comes_back: bool
) -> None:
    project.engine.image("shop", "1.0", "ENV RELEASE=1")
    project.engine.image("shop", "1.1", "ENV RELEASE=2")
    checked = {**health("cat /data/ready"), "retries": 999}
    (project.data / "ready").touch()
    old = project.run("api", image="shop:1.1", healthcheck=checked)
    (project.data / "ready").unlink()
    aside = f"shop-api-1-before-{old[:12]}"
    async with walking(walk, monkeypatch, (110, 34)):
        await begun(walk, "back", "is a new container now")
        assert aside in project.names
        project.engine.kill()
        await walk.shows("it gets 10 s to be back")
        if comes_back:
            project.engine.start_again()
        await over(walk)
        if not comes_back:
            project.engine.start_again()
        data = ended(walk)
        assert "the Engine was lost" in data["says"]
        # What is said of the old container is so.
        name = project.inspect(old)["Name"].lstrip("/")
        if comes_back:
            assert data["ending"] == "failed" and name == "shop-api-1"
            assert "shop-api-1 is the old one again" in data["says"]
            words = "is the old one again"
        else:
            assert data["ending"] == "in doubt" and name == aside
            assert f"The old container is shop-api-1 or {aside}" in data["says"]
            words = f"docker start {old[:12]}"
        await walk.press("u")
        await walk.shows(words)
        await walk.press("escape")
