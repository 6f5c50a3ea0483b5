"""What several tests of probes start once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.rehearsal import Deployment
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.runbooks.probes.docker_projects import make_projects
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_looks import Look, looking
from tests.runbooks.probes.kubernetes_workloads import Cluster
from tests.runbooks.probes.practice import running_practice
from tests.runbooks.probes.site import Site, running_site


@pytest.fixture(scope="session")
def engine(
    docker: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> DockerEngine:
    """A Docker Engine with the projects good, bad and gpus."""
    make_projects(docker, tmp_path_factory.mktemp("data"))
    return docker


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


@pytest.fixture
def look(kubernetes: KubernetesAPI, cluster: Cluster, tmp_path: Path) -> Look:
    """Look at the cluster with one aspect, by its name and parameters."""
    return looking(kubernetes, cluster, tmp_path)
