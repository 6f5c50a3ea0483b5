"""Every fault of a rehearsal, for real: `make torture`, some minutes.

One deployment for all of them: after each only what it had turned is asked again,
since the next one shows the rest, and the last test everything. Faults of containers
have another one, which an Engine of our own runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from runbooks.rehearsal import Deployment, start
from runbooks.rehearsal.claims import fresh_directory
from runbooks.rehearsal.faults import FAULTS
from runbooks.rehearsal.faults.turning import (
    Standing,
    rest,
    standing,
    turned,
    warm_up,
)
from tests.runbooks.probes.docker_engine import running_engine
from tests.runbooks.rehearsal.faulting import prove, table, wrong

pytestmark = pytest.mark.timeout(180)
CONTAINED = [name for name, fault in FAULTS.items() if fault.contained]
OTHERS = [name for name in FAULTS if name not in CONTAINED]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def healthy(deployment: Deployment) -> Standing:
    warm_up(deployment)
    return standing(deployment)


@pytest.fixture(scope="module")
def contained() -> Iterator[Deployment]:
    with running_engine() as docker:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", docker.url)
            started = start()
        with started as running:
            assert running.without == ()
            yield running


@pytest.fixture(scope="module")
def healthy_contained(contained: Deployment) -> Standing:
    warm_up(contained)
    return standing(contained)


@pytest.mark.parametrize("name", OTHERS)
def test_a_fault_turns_exactly_its_items(
    deployment: Deployment, healthy: Standing, name: str
) -> None:
    prove(deployment, healthy, name)


def test_after_all_of_them_everything_is_as_before(
    deployment: Deployment, healthy: Standing
) -> None:
    rest(deployment)
    assert standing(deployment, known=healthy) == healthy


@pytest.mark.parametrize("name", CONTAINED)
def test_a_fault_of_containers_turns_exactly_its_items(
    contained: Deployment, healthy_contained: Standing, name: str
) -> None:
    prove(contained, healthy_contained, name)


@pytest.mark.parametrize("healed_first", [0, 1])
def test_settings_change_while_the_worker_cannot_start(
    contained: Deployment, healthy_contained: Standing, healed_first: int
) -> None:
    """Whatever is healed first, the other is left, and then nothing."""
    faults = [FAULTS["container-crash-looping"], FAULTS["debug-logging"]]
    rest(contained)
    for fault in faults:
        fault.inject(contained)
    faults.pop(healed_first).heal(contained)
    (left,) = faults
    after = standing(contained, known=healthy_contained)
    turns = turned(healthy_contained, after)
    left.heal(contained)
    assert not wrong(turns, table()[left.name]), wrong(turns, table()[left.name])
    assert standing(contained, known=healthy_contained) == healthy_contained


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
