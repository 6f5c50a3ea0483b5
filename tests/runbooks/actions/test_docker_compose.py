"""What Compose made is recreated by Compose, and its files are heeded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runbooks.changes import Description, unlike
from runbooks.errors import ProbeError
from tests.runbooks.actions.docker_project import QUICK, Project

pytestmark = pytest.mark.usefixtures("patient")
SECRET = "made-up-and-long-enough"
COMPOSE_FILE = """\
services:
  api:
    image: shop:1.1
    network_mode: none
    stop_signal: SIGKILL
    env_file: [api.env]
    environment:
      LEVEL: ${LEVEL}
    healthcheck: {test: ["CMD", "true"], interval: 100ms}
  db:
    image: app:1
    network_mode: none
    stop_signal: SIGKILL
"""
STAND_IN = """\
#!/bin/sh
test "$1" = compose || exit 1
case "$*" in
*version*) echo 2.26.1 ;;
*config*) cat "$0.config"; cat "$0.problems" >&2; exit "$(cat "$0.exit")" ;;
*up*)
    printf '%s\\n' "$@" >"$0.words"
    cat >"$0.given"
    env >"$0.environment"
    echo ' Container shop-api-1  Recreate'
    echo 'no space left' >&2
    exit 17
    ;;
esac
"""


class Composed:
    """A project that the compose command of this machine has brought up."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.old = project.engine.image("shop", "1.0", "ENV RELEASE=1")
        self.new = project.engine.image("shop", "1.1", "ENV RELEASE=2")
        self.files = project.directory / "shop"
        self.files.mkdir()
        (self.files / "docker-compose.yml").write_text(COMPOSE_FILE)
        (self.files / "api.env").write_text(f"TOKEN={SECRET}\n")
        self.env = self.files / ".env"
        self.env.write_text("LEVEL=debug\n")

    def up(self, *words: str) -> None:
        line = [*_command(), "up", "--detach", *words]
        subprocess.run(
            line,
            cwd=self.files,
            env={**os.environ, "DOCKER_HOST": self.project.engine.url},
            check=True,
            capture_output=True,
        )

    def containers(self, service: str) -> list[dict[str, Any]]:
        client = self.project.engine.client
        label = {"label": f"com.docker.compose.service={service}"}
        found = client.containers(all=True, filters=label)
        return [client.inspect_container(each["Id"]) for each in found]

    def images(self, service: str) -> set[str]:
        return {each["Image"] for each in self.containers(service)}


def _command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if not shutil.which("docker-compose"):
        missing = "docker-compose is needed to bring a project up"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return ["docker-compose"]


@pytest.fixture
def composed(project: Project) -> Composed:
    return Composed(project)


async def test_back_to_the_previous_image_and_forth(composed: Composed) -> None:
    composed.up("--scale=api=2")
    (db,) = composed.containers("db")
    names = {each["Name"] for each in composed.containers("api")}
    composed.env.write_text("LEVEL=info\n")
    parameters = {"services": ["api"], **QUICK}
    agreed, done = await composed.project.act("docker.recreate", **parameters)
    assert done.ended.code == 0, done.ended.says
    (call,) = agreed.calls
    words = call.text.split()
    for word in (
        "--project-name=shop",
        f"--project-directory={composed.files}",
        f"--file={composed.files}/docker-compose.yml",
        "--scale=api=2",
    ):
        assert word in words, call.text
    assert composed.images("api") == {composed.old}
    assert "LEVEL=info" in composed.containers("api")[0]["Config"]["Env"]
    assert {each["Name"] for each in composed.containers("api")} == names
    assert composed.containers("db")[0]["Id"] == db["Id"]
    assert SECRET not in str(agreed) + done.printed
    undo = agreed.undo
    back, undone = await composed.project.act(undo.use, **undo.parameters, **QUICK)
    assert undone.ended.code == 0, undone.ended.says
    assert composed.images("api") == {composed.new} and not back.loose_end
    assert len(composed.containers("api")) == 2
    said = await composed.project.describe("docker.restart", services=["api"])
    assert not _kept(said)


@pytest.mark.timeout(150)
async def test_taken_back_it_is_as_it_was(composed: Composed) -> None:
    composed.up()
    parameters = {"services": ["api"], **QUICK}
    agreed, done = await composed.project.act("docker.recreate", **parameters)
    undo = agreed.undo
    _, undone = await composed.project.act(undo.use, **undo.parameters, **QUICK)
    # Compose's own digest is another one: it names the image by its id now.
    assert unlike(done.ended.before, undone.ended.after) == ()
    assert done.ended.before["api containers"] == "1"
    (name,) = (each["Name"].lstrip("/") for each in composed.containers("api"))
    assert len(done.ended.before[f"{name} settings"]) == 12


async def test_changed_files_are_told(
    composed: Composed,
) -> None:
    composed.up()
    composed.env.write_text("LEVEL=info\n")
    said = await composed.project.describe("docker.restart", services=["db", "api"])
    told = _kept(said)
    assert "LEVEL" in told and "A restart does not bring" in told
    assert "info" not in told and "debug" not in told
    said = await composed.project.describe("docker.recreate", services=["api"])
    assert any("LEVEL" in change.after for change in said.changes)


def _kept(said: Description) -> str:
    return "\n".join(line for line in said.stays if "keeps the settings" in line)


async def test_files_that_are_gone_leave_the_other_way(composed: Composed) -> None:
    composed.up()
    shutil.rmtree(composed.files)
    said = await composed.project.describe("docker.recreate", services=["api"])
    assert said.pins["way"] == "copy"
    assert any("cannot be read here" in line for line in said.stays)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command with a compose that only notes what it is told."""
    script = tmp_path / "bin" / "docker"
    script.parent.mkdir()
    script.write_text(STAND_IN)
    script.chmod(0o755)
    environment = {"LEVEL": "in$$fo", "TOKEN": SECRET, "EMPTY": None}
    services = {"api": {"image": "shop:1.1", "environment": environment}}
    Path(f"{script}.config").write_text(json.dumps({"services": services}))
    Path(f"{script}.problems").write_text("")
    Path(f"{script}.exit").write_text("0")
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LEVEL", "of the operator's shell")
    return script


def _labels(composed: Composed) -> dict[str, str]:
    return {
        "com.docker.compose.version": "2.24.5",
        "com.docker.compose.project.working_dir": str(composed.files),
        "com.docker.compose.project.config_files": (
            f"{composed.files}/docker-compose.yml,/dev/stdin"
        ),
        "com.docker.compose.project.environment_file": str(composed.env),
    }


async def test_the_command_line_of_the_second_compose(
    composed: Composed, stand_in: Path
) -> None:
    id = composed.project.run(
        "api",
        image="shop:1.1",
        labels=_labels(composed),
        environment={"LEVEL": "in$fo", "TOKEN": "other-and-long", "GONE": "1"},
    )
    agreed, done = await composed.project.act(
        "docker.recreate", services=["api"], **QUICK
    )
    words = Path(f"{stand_in}.words").read_text().splitlines()
    assert words == [
        "compose",
        "--ansi=never",
        "--project-name=shop",
        f"--project-directory={composed.files}",
        f"--env-file={composed.env}",
        f"--file={composed.files}/docker-compose.yml",
        "--file=/dev/stdin",
        "up",
        "--detach",
        "--no-deps",
        "--no-build",
        "--pull=never",
        "--force-recreate",
        "--scale=api=1",
        "api",
    ]
    (call,) = agreed.calls
    shown = f"DOCKER_HOST={composed.project.engine.url} docker {' '.join(words)}"
    assert call.text == shown
    given = Path(f"{stand_in}.given").read_text()
    assert call.body == given
    assert json.loads(given)["services"]["api"]["image"] == composed.old
    # What the operator's shell has set must not get into the compose files.
    assert "LEVEL" not in Path(f"{stand_in}.environment").read_text()
    settings = next(c for c in agreed.changes if c.what == "settings of api")
    assert settings.after == "GONE, TOKEN as its files say now"
    assert done.ended.code == 3 and "exit code 17 (no space left)" in done.ended.says
    assert "Container shop-api-1  Recreate" in done.printed
    assert composed.project.running(id)


async def test_a_compose_of_another_kind_is_not_used(
    composed: Composed, stand_in: Path
) -> None:
    labels = {**_labels(composed), "com.docker.compose.version": "1.29.2"}
    composed.project.run("api", image="shop:1.1", labels=labels)
    said = await composed.project.describe("docker.recreate", services=["api"])
    assert said.pins["way"] == "copy"
    assert any("Compose 1.29.2 made shop-api-1" in line for line in said.stays)


@pytest.mark.parametrize(
    ("problems", "code", "words"),
    [
        (
            'level=warning msg="The \\"LEVEL\\" variable is not set. Defaulting to"',
            "0",
            "its files use LEVEL, which no file sets",
        ),
        ("env file api.env not found", "14", "api.env not found"),
    ],
)
async def test_files_that_would_make_something_else_are_not_used(
    composed: Composed, stand_in: Path, problems: str, code: str, words: str
) -> None:
    composed.project.run("api", image="shop:1.1", labels=_labels(composed))
    Path(f"{stand_in}.problems").write_text(problems)
    Path(f"{stand_in}.exit").write_text(code)
    said = await composed.project.describe("docker.recreate", services=["api"])
    assert said.pins["way"] == "copy"
    assert any(words in line for line in said.stays)
    asked = {"services": ["api"], "way": "compose"}
    if code == "0":
        said = await composed.project.describe("docker.recreate", **asked)
        assert any("beware: its files use LEVEL" in line for line in said.stays)
    else:
        with pytest.raises(ProbeError, match=words):
            await composed.project.describe("docker.recreate", **asked)


async def test_values_of_the_second_compose_are_compared_by_name(
    composed: Composed, stand_in: Path
) -> None:
    given = {"LEVEL": "in$fo", "TOKEN": SECRET}
    composed.project.run(
        "api", image="shop:1.1", labels=_labels(composed), environment=given
    )
    said = await composed.project.describe("docker.restart", services=["api"])
    assert not _kept(said)
