"""Twenty rehearsals by the command, five of them killed: nothing may be left.

Each opens on a terminal of its own and is left with ``q`` once the board is live, or
killed with SIGKILL at some moment: while it starts, or while the board is up. Twice
the keeper, which otherwise cleans up, is killed in the same moment; then the next
rehearsal has to. In the end no process, no port and no directory may be left.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from terminal import Terminal  # noqa: E402

from runbooks.rehearsal.layout import read  # noqa: E402
from tests.runbooks.rehearsal.living import listening, processes  # noqa: E402

ROUNDS = 20
KILLED = {3: 0.5, 7: 2.5, 10: None, 14: 4.0, 18: None}
"""Number of a rehearsal to the seconds after which it is killed; None: when the board
is live."""
KEEPER_TOO = (7, 18)
LIMIT = 60.0
"""Seconds for the board to come, and for everything to end."""


def rehearse(number: int, home: Path, place: Path) -> set[int]:
    """Run one rehearsal to its end; return the ports that it had."""
    os.environ["TMPDIR"] = str(place)
    argv = [sys.executable, "-P", "-m", "tui", "rehearse"]
    ports: set[int] = set()
    with Terminal(argv, home, columns=120, lines=40) as terminal:
        after = KILLED.get(number)
        if after is not None:
            time.sleep(after)
        else:
            terminal.until("nothing here is real", LIMIT)
            terminal.until("could not look", LIMIT)
        for plan in place.glob("*/layout.json"):
            ports |= set(read(plan.parent).ports.values())
        if number in KILLED:
            keepers = psutil.Process(terminal.pid).children()
            os.kill(terminal.pid, signal.SIGKILL)
            for keeper in keepers if number in KEEPER_TOO else ():
                keeper.kill()
            return ports
        terminal.press("q")
        terminal.until("nothing is left", LIMIT)
    return ports


def left(place: Path, ports: set[int]) -> str:
    """Return what is there of *place* and *ports*, in words, or ""."""
    found = [f"process {p.pid}: {' '.join(p.cmdline())}" for p in processes(place)]
    found += [f"port {port}" for port in sorted(listening(ports))]
    found += [f"directory {entry}" for entry in place.iterdir()]
    return "; ".join(found)


def main() -> int:
    base = Path(tempfile.mkdtemp(prefix="gonogo-torture-"))
    home, place = base / "home", base / "tmp"
    home.mkdir()
    place.mkdir()
    os.environ["PYTHONPATH"] = str(ROOT)
    ports: set[int] = set()
    for number in range(1, ROUNDS + 1):
        began = time.monotonic()
        ports |= rehearse(number, home, place)
        how = "killed" if number in KILLED else "left with q"
        how += ", its keeper too" if number in KEEPER_TOO else ""
        print(f"{number:3}  {how}, {time.monotonic() - began:.1f} s", flush=True)
    deadline = time.monotonic() + LIMIT
    while (said := left(place, ports)) and time.monotonic() < deadline:
        time.sleep(0.2)
    if said:
        print(f"left: {said}")
        return 1
    shutil.rmtree(base)
    print(f"{ROUNDS} rehearsals, {len(KILLED)} killed: no process, none of ", end="")
    print(f"{len(ports)} ports, no directory is left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
