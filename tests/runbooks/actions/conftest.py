"""A Docker Engine for actions, and compose projects that they may change."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runbooks.actions.docker_project import Project
from tests.runbooks.actions.engine_proxy import EngineProxy, engine_proxy
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """A Docker Engine without containers; tests leave it so."""
    with running_engine() as engine:
        yield engine


@pytest.fixture
def project(engine: DockerEngine, tmp_path: Path) -> Iterator[Project]:
    """A compose project without containers yet."""
    project = Project(engine, tmp_path)
    yield project
    project.remove()


@pytest.fixture
def proxy(project: Project) -> Iterator[EngineProxy]:
    """What the project's profile leads to instead of the Engine itself."""
    # Short, because the path of a socket has room for 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="proxy-", dir="/tmp") as directory,
        engine_proxy(Path(directory), project.engine.socket) as proxy,
    ):
        project.lead_to(proxy.url)
        yield proxy
