"""Twenty rehearsals by the command, five of them killed: nothing may be left.

Each opens on a terminal of its own and is left with ``q`` once the board is live, or
killed with SIGKILL at some moment: while it starts, or while the board is up. Twice
the keeper, which otherwise cleans up, is killed in the same moment; then the next
rehearsal has to. In the end no process, no port and no directory may be left.
"""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from runbooks.rehearsal.layout import read
from tests.runbooks.rehearsal.living import await_end, listening, processes
from tests.tui.terminals import terminal

ROOT = Path(__file__).parents[2]
PROGRAM = "from tui.__main__ import main; raise SystemExit(main(['rehearse']))"
ROUNDS = 20
KILLED = {3: 0.5, 7: 2.5, 10: None, 14: 4.0, 18: None}
"""Number of a rehearsal to the seconds after which it is killed; None: when the board
is live."""
KEEPER_TOO = (7, 18)
LIMIT = 60.0
"""Seconds for the board to come."""


def rehearse(number: int, home: Path, place: Path) -> set[int]:
    """Run one rehearsal to its end; return the ports that it had."""
    settings = {"TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
    with terminal(PROGRAM, home, settings, size=(120, 40)) as shown:
        if (after := KILLED.get(number)) is not None:
            time.sleep(after)
        else:
            shown.until(b"nothing here is real", LIMIT)
            shown.until(b"could not look", LIMIT)
        plans = [plan for plan in place.glob("*/layout.json") if plan.stat().st_size]
        ports = {port for plan in plans for port in read(plan.parent).ports.values()}
        if number not in KILLED:
            shown.type(b"q")
            assert shown.ended(LIMIT) == 0
            return ports
        gonogo = psutil.Process(shown.process.pid)
        keepers = gonogo.children() if number in KEEPER_TOO else []
        for process in (gonogo, *keepers):
            process.kill()
        shown.ended()
        return ports


@pytest.mark.timeout(20 * LIMIT)
def test_rehearsals_that_are_killed_leave_nothing(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    place.mkdir()
    ports: set[int] = set()
    for number in range(1, ROUNDS + 1):
        began = time.monotonic()
        ports |= rehearse(number, home, place)
        how = "killed" if number in KILLED else "left with q"
        how += ", its keeper too" if number in KEEPER_TOO else ""
        print(f"{number:3}  {how}, {time.monotonic() - began:.1f} s", flush=True)
    await_end(processes(place))
    assert not listening(ports)
    assert list(place.iterdir()) == []
    print(f"{ROUNDS} rehearsals, {len(KILLED)} killed: no process, none of")
    print(f"{len(ports)} ports, no directory is left")
