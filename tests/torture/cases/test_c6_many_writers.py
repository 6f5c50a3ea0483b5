"""C6: many processes decide at once, and none of their decisions is lost.

The same is tried without a lock, which has to lose, or this would prove nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state import torture
from tests.torture.results import result, size

PROCESSES = (2, 5, 10)
pytestmark = pytest.mark.timeout(600)


def test_none_of_many_writers_loses_a_decision(tmp_path: Path) -> None:
    each = size(200, 20)
    for processes in PROCESSES:
        torture.writers(processes, each, tmp_path / str(processes))
    result(
        "G6",
        "C6",
        f"{', '.join(map(str, PROCESSES))} processes decide {each} times each at once",
        "0 lost, 0 taken for hand edits",
        f"0 of {sum(PROCESSES) * each}",
        True,
    )


@pytest.mark.parametrize("processes", PROCESSES)
def test_without_a_lock_some_are_lost(tmp_path: Path, processes: int) -> None:
    with pytest.raises(AssertionError):
        torture.writers(processes, 200, tmp_path, "write_naively")
