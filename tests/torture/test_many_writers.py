"""Two, five and ten processes decide at once, two hundred times each: none is lost.

The same is tried without a lock, which has to lose, or this would prove nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state import torture

COUNT = 200


@pytest.mark.parametrize("processes", [2, 5, 10])
@pytest.mark.timeout(600)
def test_none_of_many_writers_loses_a_decision(tmp_path: Path, processes: int) -> None:
    torture.writers(processes, COUNT, tmp_path)


@pytest.mark.parametrize("processes", [2, 5, 10])
@pytest.mark.timeout(600)
def test_without_a_lock_some_are_lost(tmp_path: Path, processes: int) -> None:
    with pytest.raises(AssertionError):
        torture.writers(processes, COUNT, tmp_path, "write_naively")
