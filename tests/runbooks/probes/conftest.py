"""What several tests of probes start once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbooks.rehearsal import Deployment
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine
from tests.runbooks.probes.docker_projects import make_projects
from tests.runbooks.probes.practice import running_practice
from tests.runbooks.probes.site import Site, running_site


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """A Docker Engine with the projects good, bad and gpus."""
    with running_engine() as engine:
        make_projects(engine, tmp_path_factory.mktemp("data"))
        yield engine


@pytest.fixture(scope="session")
def practice() -> Iterator[Deployment]:
    """A running deployment with real backups, for looking at only."""
    with running_practice() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server without answers yet."""
    with running_site() as site:
        yield site
