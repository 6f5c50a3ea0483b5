"""Every fault of a rehearsal, for real: `make torture`, some minutes.

One deployment for all of them: after each only what it had turned is asked again,
since the next one shows the rest, and the last test everything.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from runbooks.rehearsal import Deployment, start
from runbooks.rehearsal.claims import fresh_directory
from runbooks.rehearsal.faults import FAULTS
from runbooks.rehearsal.faults.turning import Standing, rest, standing, warm_up
from tests.runbooks.rehearsal.faulting import prove

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def healthy(deployment: Deployment) -> Standing:
    warm_up(deployment)
    return standing(deployment)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_turns_exactly_its_items(
    deployment: Deployment, healthy: Standing, name: str
) -> None:
    prove(deployment, healthy, name)


def test_after_all_of_them_everything_is_as_before(
    deployment: Deployment, healthy: Standing
) -> None:
    rest(deployment)
    assert standing(deployment, known=healthy) == healthy


def test_a_killed_rehearsal_leaves_nothing_of_its_faults() -> None:
    """Neither what they started, nor a disk, nor the directory."""
    with start(monitored=False) as broken:
        for name in ("queue-stuck", "disk-full"):
            FAULTS[name].inject(broken)
        children = psutil.Process().children()
        keeper = next(p for p in children if str(broken.directory) in p.cmdline())
        left = keeper.children(recursive=True)
        assert len(left) > len(broken.running)
        keeper.kill()
        _, alive = psutil.wait_procs([keeper, *left], timeout=20)
        assert alive == []
        other = fresh_directory()
        assert not broken.directory.exists()
        other.rmdir()
