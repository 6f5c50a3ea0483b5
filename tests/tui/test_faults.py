"""Faults by key: only in a rehearsal, beside the screen, one sentence each."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import CommandError, RefusedError
from runbooks.rehearsal import Deployment, faults
from runbooks.rehearsal.faults import Fault, injected
from runbooks.rehearsal.faults.fault import CONTAINED
from runbooks.rehearsal.layout import lay_out
from tests.tui.walking import lines, until, walk
from tui.cli.faults import RANDOM, chosen
from tui.screens.faults import FaultsScreen

DONE = threading.Event()


def wait(deployment: Deployment, kept: Path) -> None:
    assert DONE.wait(20)


def fail(deployment: Deployment, kept: Path) -> None:
    raise CommandError("it is too strong")


def stumble(deployment: Deployment, kept: Path) -> None:
    raise ZeroDivisionError


def nothing(deployment: Deployment, kept: Path) -> None:
    pass


MADE_UP = (
    Fault("door-open", "The door is open.", "door", nothing, nothing),
    Fault("lock-slow", "The lock is slow.", "lock", wait, nothing),
    Fault("stairs-slippery", "The stairs are slippery.", "stairs", stumble, nothing),
    Fault("tide-low", "It is low.", "tide", nothing, nothing, needs=(CONTAINED,)),
    Fault("wall-broken", "The wall is broken.", "wall", fail, nothing),
)


class WithoutParts(Deployment):
    """A deployment whose parts need nobody to hold them."""

    def start_part(self, name: str) -> None:
        pass

    def stop_part(self, name: str) -> None:
        pass


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """One without parts, so that nobody has to see a fault before it is injected."""
    directory = tmp_path / "rehearsal"
    directory.mkdir()
    lay_out(directory)
    monkeypatch.setattr(faults, "FAULTS", {fault.name: fault for fault in MADE_UP})
    DONE.clear()
    keeper: Any = None
    return WithoutParts(directory, keeper)


async def test_a_real_deployment_has_no_such_key(tmp_path: Path) -> None:
    app, _ = walk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("X")
        assert not isinstance(app.screen, FaultsScreen)
        assert "rehearsal.faults" not in {
            active.binding.id for active in app.screen.active_bindings.values()
        }


async def test_a_fault_is_injected_and_healed(
    tmp_path: Path, deployment: Deployment
) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("X")
        assert "The wall is broken." in "\n".join(lines(app))
        await pilot.press("space")
        await until(pilot, lambda: "door is open. Look again" in lines(app)[-2])
        assert injected(deployment) == ("door-open",)
        await pilot.press("X")
        assert "injected  door-open" in "\n".join(lines(app))
        await pilot.press("space")
        await until(pilot, lambda: "Healed door-open" in lines(app)[-2])
        assert injected(deployment) == ()


async def test_it_is_in_the_palette(tmp_path: Path, deployment: Deployment) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("colon", *"faults")
        await pilot.pause(0.5)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, FaultsScreen))
        await pilot.press("escape")
        assert injected(deployment) == ()


async def test_the_screen_goes_on_and_takes_no_second_one(
    tmp_path: Path, deployment: Deployment
) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("X", "down", "space")
        assert "Injecting lock-slow" in lines(app)[-2]
        await pilot.press("X")
        assert "Not yet: still injecting lock-slow." in lines(app)[-2]
        DONE.set()
        await until(pilot, lambda: "lock is slow. Look again" in lines(app)[-2])


async def test_what_does_not_work_is_one_sentence(
    tmp_path: Path, deployment: Deployment
) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("X", "end", "space")
        said = "wall-broken could not be injected: it is too strong"
        await until(pilot, lambda: said in lines(app)[-2])
        assert injected(deployment) == ()


async def test_what_this_rehearsal_lacks_is_said_before_and_after(
    tmp_path: Path, deployment: Deployment
) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("X")
        shown = "\n".join(lines(app))
        assert "tide-low         Needs a Docker Engine, and none runs" in shown
        assert "door-open        The door is open." in shown
        await pilot.press("end", "up", "space")
        said = "tide-low needs a Docker Engine, and none runs the containers here."
        await until(pilot, lambda: said in lines(app)[-2])
        assert injected(deployment) == ()


def test_a_surprise_is_one_that_works_here(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = faults.FAULTS
    last = dict(sorted(every.items(), key=lambda item: item[0] == "tide-low"))
    monkeypatch.setattr(faults, "FAULTS", last)
    monkeypatch.setattr(random, "choice", lambda found: found[-1])
    (fault,) = chosen([RANDOM])
    assert fault.name == "wall-broken"
    with pytest.raises(RefusedError, match="tide-low needs a Docker Engine"):
        chosen([RANDOM, "tide-low"])


async def test_a_bug_is_one_sentence_and_others_can_be_tried(
    tmp_path: Path, deployment: Deployment
) -> None:
    app, _ = walk(tmp_path)
    app.deployment = deployment
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("X", "down", "down", "space")
        said = "A bug in the fault stairs-slippery"
        await until(pilot, lambda: said in lines(app)[-2])
        await pilot.press("X", "space")
        await until(pilot, lambda: "door is open. Look again" in lines(app)[-2])
