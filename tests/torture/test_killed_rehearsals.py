"""Rehearsals by the command, some of them killed: nothing may be left.

Each opens on a terminal of its own and is left with ``q`` once the board is live, or
killed with SIGKILL at some moment: while it starts, or while the board is up. At times
the keeper, which otherwise cleans up, is killed in the same moment; then the next
rehearsal has to. In the end no process, no port and no directory may be left, and
where an Engine runs containers, nothing on that either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from runbooks.rehearsal.claims import CONTAINERS
from runbooks.rehearsal.layout import read
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine, wait_until
from tests.runbooks.rehearsal.living import await_end, left, listening, processes
from tests.tui.terminals import Terminal, terminal

ROOT = Path(__file__).parents[2]
PROGRAM = "from tui.__main__ import main; raise SystemExit(main({words}))"
SHIMS_SOCKET = "exec/containerd/containerd.sock"
"""In an Engine's directory; every process that holds a container names it."""
LIMIT = 60.0
"""Seconds for the board to come."""

Moment = Callable[[Terminal], None]


def after(seconds: float) -> Moment:
    return lambda shown: time.sleep(seconds)


def live(shown: Terminal) -> None:
    shown.until(b"nothing here is real", LIMIT)
    shown.until(b"could not look", LIMIT)


@dataclass(frozen=True)
class Kill:
    """When a rehearsal is killed, and whether its keeper is, too."""

    when: Moment
    keeper_too: bool = False


KILLED = {
    3: Kill(after(0.5)),
    7: Kill(after(2.5), keeper_too=True),
    10: Kill(live),
    14: Kill(after(4.0)),
    18: Kill(live, keeper_too=True),
}
"""By number of the rehearsal."""
ROUNDS = 20


@dataclass
class Rehearsals:
    """One after the other, in the same home and place for throwaway directories."""

    home: Path
    place: Path
    engine: str
    ports: set[int] = field(default_factory=set)
    before: set[Path] = field(default_factory=set)

    @property
    def newest(self) -> Path | None:
        """The directory of the last one, once it has one."""
        return next(iter(set(self.place.iterdir()) - self.before), None)

    def run(self, kill: Kill | None = None, *words: str) -> None:
        """Run one to its end, or until it is killed."""
        settings = {
            "TMPDIR": str(self.place),
            "PYTHONPATH": str(ROOT),
            "DOCKER_HOST": self.engine,
        }
        program = PROGRAM.format(words=["rehearse", *words])
        began = time.monotonic()
        self.before = set(self.place.iterdir())
        with terminal(program, self.home, settings, size=(120, 40)) as shown:
            (kill.when if kill else live)(shown)
            plans = self.place.glob("*/layout.json")
            written = [plan.parent for plan in plans if plan.stat().st_size]
            self.ports |= {
                port for made in written for port in read(made).ports.values()
            }
            if kill:
                gonogo = psutil.Process(shown.process.pid)
                keepers = gonogo.children() if kill.keeper_too else []
                for process in (gonogo, *keepers):
                    process.kill()
                shown.ended()
            else:
                shown.type(b"q")
                assert shown.ended(LIMIT) == 0
        how = "killed" if kill else "left with q"
        how += ", its keeper too" if kill and kill.keeper_too else ""
        print(f"{how}, {time.monotonic() - began:.1f} s", flush=True)

    def assert_nothing_left(self) -> None:
        await_end(processes(self.place))
        assert not listening(self.ports)
        assert list(self.place.iterdir()) == []
        print(f"no process, none of {len(self.ports)} ports, no directory is left")


@pytest.fixture
def rehearsals(tmp_path: Path) -> Iterator[Rehearsals]:
    home, place = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    place.mkdir()
    yield Rehearsals(home, place, "unix:///dev/null")
    # Before an Engine ends, of which they may still remove something.
    keepers = named("runbooks.rehearsal.keeper")
    await_end([p for p in keepers if str(place) in " ".join(p.info["cmdline"])])


@pytest.fixture
def docker() -> Iterator[DockerEngine]:
    with running_engine() as engine:
        yield engine


def named(word: str) -> list[psutil.Process]:
    """Return the processes that have *word* in their command."""
    every = psutil.process_iter(["cmdline"])
    return [process for process in every if word in (process.info["cmdline"] or ())]


def held(docker: DockerEngine) -> Mapping[str, Any]:
    """Return the ids of everything that the Engine has."""
    client = docker.client
    return {
        "containers": [each["Id"] for each in client.containers(all=True)],
        "images": sorted(each["Id"] for each in client.images(all=True)),
        "networks": sorted(each["Id"] for each in client.networks()),
        "volumes": client.volumes()["Volumes"] or [],
        "shims": sorted(p.pid for p in named(f"{docker.directory}/{SHIMS_SOCKET}")),
    }


@pytest.mark.timeout(ROUNDS * LIMIT)
def test_rehearsals_that_are_killed_leave_nothing(rehearsals: Rehearsals) -> None:
    for number in range(1, ROUNDS + 1):
        print(f"{number:3}  ", end="")
        rehearsals.run(KILLED.get(number))
    rehearsals.assert_nothing_left()


@pytest.mark.timeout(20 * LIMIT)
def test_rehearsals_in_containers_that_are_killed_leave_nothing(
    docker: DockerEngine, rehearsals: Rehearsals
) -> None:
    before = held(docker)
    rehearsals.engine = docker.url
    crashing = ("--fault", "container-crash-looping")

    def begun() -> bool:
        newest = rehearsals.newest
        return newest is not None and (newest / CONTAINERS).exists()

    def has(containers: int, images: int) -> bool:
        found = left(docker, rehearsals.newest) if rehearsals.newest else (0, 0)
        return found >= (containers, images)

    def once(holds: Callable[[], bool]) -> Moment:
        return lambda shown: shown.until(holds, LIMIT)

    for kill, words in (
        (Kill(live), ()),
        (Kill(once(begun), keeper_too=True), ()),
        (Kill(once(lambda: has(0, 1)), keeper_too=True), ()),
        (Kill(once(lambda: has(0, 2))), ()),
        (Kill(once(lambda: has(1, 2)), keeper_too=True), ()),
        (Kill(once(lambda: has(3, 2))), ()),
        (Kill(live, keeper_too=True), ()),
        (Kill(live), crashing),
        (Kill(live, keeper_too=True), crashing),
    ):
        rehearsals.run(kill, *words)
        directory = rehearsals.newest
        if not kill.keeper_too:
            wait_until(lambda: not rehearsals.newest, "its keeper has removed all")
        elif kill.when is live:
            assert directory and left(docker, directory) == (3, 2)
    rehearsals.run()
    wait_until(lambda: held(docker) == before, "on the Engine is what was there")
    rehearsals.assert_nothing_left()
    print("on the Engine no container, image, network, volume or shim is left")
