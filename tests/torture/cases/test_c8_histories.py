"""C8: whatever happened in a run, its journal alone gives all of it again."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import seed as from_seed
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from state.run import Run
from tests.state.books import BEN
from tests.state.test_replaying import Walk
from tests.torture.results import result, seed, size

pytestmark = pytest.mark.timeout(3600)


class Rebuilt(Walk):
    """Walks of all kinds; now and then progress.toml is cut, or gone."""

    histories = 0
    rebuilt = 0

    def __init__(self) -> None:
        super().__init__()
        Rebuilt.histories += 1

    @rule(part=st.floats(0, 1, exclude_max=True), gone=st.booleans())
    def rebuild(self, part: float, gone: bool) -> None:
        self.run.close()
        path = self.run.directory / "progress.toml"
        whole = path.read_bytes()
        before = tomllib.loads(whole.decode())["step"]
        if gone:
            path.unlink()
        else:
            path.write_bytes(whole[: int(part * (len(whole) - 1))])
        self.run = Run.open(self.run.directory, self.book, BEN)
        self.run.save()
        again = tomllib.loads(path.read_text())["step"]
        # Of a step that is gone from the document and nobody touched nothing is known.
        known = self.book.step_by_id.keys() | self.run.progress.keys()
        assert {id: again[id] for id in before if id in known} == {
            id: table for id, table in before.items() if id in known
        }
        Rebuilt.rebuilt += 1


def test_the_journal_gives_everything_again() -> None:
    wanted = size(1000, 5)
    sized = settings(
        max_examples=wanted,
        stateful_step_count=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(from_seed(seed())(Rebuilt), settings=sized)
    result(
        "G5",
        "C8",
        "random histories: replayed after every event; progress.toml cut or gone",
        "all the same as the state",
        f"{Rebuilt.histories} of {Rebuilt.histories}, {Rebuilt.rebuilt} rebuilt",
        Rebuilt.histories >= wanted,
    )
