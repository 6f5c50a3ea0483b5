"""An Engine that is lost in the middle of an action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.docker_project import Project
from tests.runbooks.actions.performed import Performance
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine, wait_until

SLOW = {"services": ["api"], "settle": "60s", "patience": "90s"}
"""A restart during which there is time to break something."""


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    """An Engine of these tests alone: they kill it."""
    with running_engine() as engine:
        yield engine


async def restarting(project: Project, first: str) -> Performance:
    """Return a restart whose first container has been restarted, and is waited for."""
    before = project.started(first)
    agreed = await project.describe("docker.restart", **SLOW)
    performance = project.begin("docker.restart", SLOW, agreed)
    wait_until(lambda: project.started(first) != before, "it is restarted")
    wait_until(lambda: performance.progress.deadline, "it is waited for")
    return performance


async def test_killed_and_started_again(project: Project) -> None:
    first, second = project.run("api", 1), project.run("api", 2)
    performance = await restarting(project, first)
    project.engine.kill()
    wait_until(lambda: "was lost" in performance.progress.says, "it is noticed")
    project.engine.start_again()
    done = performance.wait()
    assert done.ended.code == 1, done.ended
    assert "the Engine was lost" in done.ended.says
    # An Engine that comes back does not keep what ran without a restart policy.
    assert "Now: shop-api-1 ended with exit code" in done.ended.says
    assert "then restart again" in done.ended.says
    assert not project.running(second)


async def test_killed_for_good(project: Project) -> None:
    first = project.run("api")
    performance = await restarting(project, first)
    project.engine.kill()
    try:
        done = performance.wait()
        assert done.ended.code == 4
        assert "how shop-api-1 are nobody knows" in done.ended.says
        assert "systemctl status docker" in done.ended.says
        with pytest.raises(ProbeError, match="refused the connection"):
            await project.describe("docker.restart", **SLOW)
    finally:
        project.engine.start_again()


async def test_stopped_while_it_waits(project: Project) -> None:
    first = project.run("api")
    performance = await restarting(project, first)
    performance.process.terminate()
    done = performance.wait()
    assert done.ended.code == 4 and "what was sent stands" in done.ended.says
