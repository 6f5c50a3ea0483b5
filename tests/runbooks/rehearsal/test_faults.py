"""Some faults, and what all have in common; tests/torture proves every one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from runbooks.errors import CommandError, RefusedError
from runbooks.rehearsal import Deployment
from runbooks.rehearsal.faults import FAULTS, injected
from runbooks.rehearsal.faults.turning import Standing, standing, turned, warm_up
from tests.runbooks.rehearsal.faulting import PAGE, prove, table, wrong

FAST = ("backup-truncated", "wrong-cors-origin", "disk-full")


@pytest.fixture(scope="module")
def healthy(deployment: Deployment) -> Standing:
    warm_up(deployment)
    return standing(deployment)


@pytest.fixture(autouse=True)
def healed(deployment: Deployment) -> Iterator[None]:
    """Others go on with the same deployment, whatever fails here."""
    yield
    for name in injected(deployment):
        FAULTS[name].heal(deployment)


def test_every_fault_is_documented_as_it_says_itself() -> None:
    assert list(table()) == list(FAULTS)
    page = PAGE.read_text()
    for name, fault in FAULTS.items():
        assert f"## {name}\n\n{fault.says}\n" in page
    assert all(table().values()), "each turns something"


@pytest.mark.parametrize("name", FAST)
def test_a_fault_turns_exactly_its_items(
    deployment: Deployment, healthy: Standing, name: str
) -> None:
    prove(deployment, healthy, name)


def test_two_faults_at_two_places_are_healed_in_any_order(
    deployment: Deployment, healthy: Standing
) -> None:
    first, second = FAULTS["backup-stale"], FAULTS["alert-rules-missing"]
    first.inject(deployment)
    second.inject(deployment)
    assert injected(deployment) == (second.name, first.name)
    first.heal(deployment)
    asked = (*table()[first.name], *table()[second.name])
    again = standing(deployment, asked, healthy)
    assert not wrong(turned(healthy, again), table()[second.name])


def test_a_place_is_taken_once(deployment: Deployment) -> None:
    FAULTS["backup-truncated"].inject(deployment)
    with pytest.raises(RefusedError, match="injected already"):
        FAULTS["backup-truncated"].inject(deployment)
    with pytest.raises(RefusedError, match="Heal backup-truncated first"):
        FAULTS["backup-stale"].inject(deployment)
    with pytest.raises(RefusedError, match="not injected"):
        FAULTS["backup-stale"].heal(deployment)
    assert injected(deployment) == ("backup-truncated",)


def test_what_needs_a_missing_part_is_refused(deployment: Deployment) -> None:
    fault = replace(FAULTS["alert-rules-missing"], needs=("pushgateway",))
    with pytest.raises(RefusedError, match="needs pushgateway"):
        fault.inject(deployment)
    with pytest.raises(RefusedError, match="needs a Docker Engine, and none runs"):
        FAULTS["container-crash-looping"].inject(deployment)
    assert injected(deployment) == ()


def test_what_does_not_work_is_taken_back(deployment: Deployment) -> None:
    whole = FAULTS["backup-truncated"]

    def half(*given: object) -> None:
        whole.breaks(*given)  # type: ignore[arg-type]
        raise PermissionError("no more")

    ids = table()[whole.name]
    before = standing(deployment, ids)
    with pytest.raises(CommandError, match="could not be injected: no more"):
        replace(whole, breaks=half).inject(deployment)
    assert injected(deployment) == ()
    assert standing(deployment, ids) == before
